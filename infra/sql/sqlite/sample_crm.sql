-- The CRM's objects for `make run` and the tests (SQLite): what a DBA maps on SQL Server, with sample tables behind it.
-- Run it after the numbered scripts; running it again changes nothing. Not for production.
-- The tables have no constraints, so that tests can put in whatever a CRM may hold.

CREATE TABLE IF NOT EXISTS crm_biller (
    biller_id   TEXT,
    biller_name TEXT
);

CREATE INDEX IF NOT EXISTS ix_crm_biller ON crm_biller (biller_id);

CREATE TABLE IF NOT EXISTS crm_biller_user (
    biller_id  TEXT,
    user_guid  TEXT,
    user_name  TEXT,
    first_name TEXT,
    last_name  TEXT,
    email      TEXT,
    status     TEXT
);

-- Pages of users are read by (biller_id, GUID), so the index has the same expression as the view, and the columns that are read.
CREATE INDEX IF NOT EXISTS ix_crm_biller_user ON crm_biller_user (
    biller_id,
    CASE WHEN trim(user_guid) GLOB '????????-????-????-????-????????????'
              AND length(replace(trim(user_guid), '-', '')) = 32
              AND replace(trim(user_guid), '-', '') NOT GLOB '*[^0-9A-Fa-f]*'
         THEN lower(trim(user_guid)) END,
    user_name, first_name, last_name, email, status
);

-- Product > CIAM. activation_date: microseconds since 1970 (UTC).
CREATE TABLE IF NOT EXISTS crm_product_ciam (
    biller_id       TEXT NOT NULL PRIMARY KEY,
    ciam_status     TEXT,
    activation_date INTEGER,
    toggle_on       INTEGER,
    onboarding_id   TEXT
);

-- What the handler reads. On SQL Server these are ciam.Biller and ciam.BillerUser.
CREATE VIEW IF NOT EXISTS ciam_biller AS
SELECT biller_id, biller_name FROM crm_biller;

-- A key that is not a GUID becomes NULL, which the handler reports as a data error.
CREATE VIEW IF NOT EXISTS ciam_biller_user AS
SELECT biller_id,
       CASE WHEN trim(user_guid) GLOB '????????-????-????-????-????????????'
              AND length(replace(trim(user_guid), '-', '')) = 32
              AND replace(trim(user_guid), '-', '') NOT GLOB '*[^0-9A-Fa-f]*'
         THEN lower(trim(user_guid)) END AS user_guid,
       user_name, first_name, last_name, email, status
FROM crm_biller_user;
