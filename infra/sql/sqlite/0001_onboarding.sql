-- Schema version 1 for SQLite: the handler's own tables. The counterpart is infra/sql/sql_server/0001_onboarding.sql.
-- The handler applies every numbered script of this folder that is missing, in order, inside one write transaction.
-- Times are microseconds since 1970 (UTC), GUIDs are text of 36 lower-case characters, texts of states, kinds, steps and
-- entries come from the string enums of src/domain. They are snake_case, except the sources crm-toggle and biller-wizard; the
-- sample CRM's table gets the CRM's own statuses (Active, Inactive, Not enabled). CHECK constraints limit lengths, because
-- SQLite's types do not.

-- A biller's CIAM state. The biller's first run inserts the row. leavers_allowed: the command allow-leavers, used up by the next
-- run.
CREATE TABLE biller_ciam (
    biller_id        TEXT    NOT NULL PRIMARY KEY CHECK (length(biller_id) BETWEEN 1 AND 64),
    state            TEXT    NOT NULL CHECK (length(state) BETWEEN 1 AND 32),
    activation_date  INTEGER,
    organization_id  TEXT    CHECK (length(organization_id) <= 256),
    identity_pool_id TEXT    CHECK (length(identity_pool_id) <= 256),
    generation       INTEGER NOT NULL CHECK (generation >= 0),
    leavers_allowed  INTEGER CHECK (leavers_allowed >= 0),
    leavers_allowed_by TEXT  CHECK (length(leavers_allowed_by) <= 256),
    updated_at       INTEGER NOT NULL
) STRICT;

-- Runs. run_no is the order in which they were accepted. tally (JSON): the first GUIDs of each kind of change, and what the guard
-- of leavers counts. listing (JSON): how far the users of a found pool are recorded. first_cause, last_error (JSON): failures.
CREATE TABLE onboarding (
    run_no            INTEGER PRIMARY KEY,
    onboarding_id     TEXT    NOT NULL UNIQUE CHECK (length(onboarding_id) = 36),
    biller_id         TEXT    NOT NULL REFERENCES biller_ciam (biller_id),
    biller_name       TEXT,
    kind              TEXT    NOT NULL CHECK (length(kind) BETWEEN 1 AND 32),
    state             TEXT    NOT NULL CHECK (length(state) BETWEEN 1 AND 32),
    step              TEXT    CHECK (length(step) BETWEEN 1 AND 64),
    source            TEXT    NOT NULL CHECK (length(source) BETWEEN 1 AND 32),
    requested_by      TEXT    NOT NULL CHECK (length(requested_by) <= 256),
    traceparent       TEXT    CHECK (length(traceparent) <= 256),
    generation        INTEGER NOT NULL CHECK (generation >= 0),
    user_cursor       TEXT    CHECK (length(user_cursor) = 36),
    users_total       INTEGER NOT NULL DEFAULT 0 CHECK (users_total >= 0),
    imported          INTEGER NOT NULL DEFAULT 0 CHECK (imported >= 0),
    changed           INTEGER NOT NULL DEFAULT 0 CHECK (changed >= 0),
    deactivated       INTEGER NOT NULL DEFAULT 0 CHECK (deactivated >= 0),
    reactivated       INTEGER NOT NULL DEFAULT 0 CHECK (reactivated >= 0),
    linked            INTEGER NOT NULL DEFAULT 0 CHECK (linked >= 0),
    already_present   INTEGER NOT NULL DEFAULT 0 CHECK (already_present >= 0),
    skipped           INTEGER NOT NULL DEFAULT 0 CHECK (skipped >= 0),
    failed            INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
    issues_total      INTEGER NOT NULL DEFAULT 0 CHECK (issues_total >= 0),
    tally             TEXT    CHECK (json_valid(tally)),
    listing           TEXT    CHECK (json_valid(listing)),
    first_cause       TEXT    CHECK (json_valid(first_cause)),
    last_error        TEXT    CHECK (json_valid(last_error)),
    pauses_used       INTEGER NOT NULL DEFAULT 0 CHECK (pauses_used >= 0),
    take_overs        INTEGER NOT NULL DEFAULT 0 CHECK (take_overs >= 0),
    created_at        INTEGER NOT NULL,
    started_at        INTEGER,
    updated_at        INTEGER NOT NULL,
    finished_at       INTEGER,
    next_attempt_at   INTEGER,
    waiting_for       TEXT    CHECK (length(waiting_for) <= 64),
    reason            TEXT    CHECK (length(reason) <= 64),
    rolling_back_since INTEGER,
    version           INTEGER NOT NULL DEFAULT 0,
    lease_owner       TEXT    CHECK (length(lease_owner) = 36),
    lease_until       INTEGER,
    late_until        INTEGER,
    due_at            INTEGER,
    resends           INTEGER NOT NULL DEFAULT 0 CHECK (resends >= 0)
) STRICT;

-- One open or stuck run per biller.
CREATE UNIQUE INDEX ux_onboarding_open ON onboarding (biller_id)
    WHERE state <> 'succeeded' AND state <> 'failed' AND state <> 'cancelled';
CREATE INDEX ix_onboarding_biller ON onboarding (biller_id, run_no);
CREATE INDEX ix_onboarding_due ON onboarding (due_at) WHERE due_at IS NOT NULL;

-- The toggle events that were accepted. They are never deleted, so that a late repetition does not start a second run; the
-- command purge blanks requested_by, here and in the runs.
CREATE TABLE onboarding_event (
    biller_id     TEXT    NOT NULL CHECK (length(biller_id) BETWEEN 1 AND 64),
    event_id      TEXT    NOT NULL CHECK (length(event_id) BETWEEN 1 AND 128),
    fingerprint   TEXT    NOT NULL CHECK (length(fingerprint) BETWEEN 1 AND 64),
    source        TEXT    NOT NULL CHECK (length(source) BETWEEN 1 AND 32),
    requested_by  TEXT    NOT NULL CHECK (length(requested_by) <= 256),
    onboarding_id TEXT    REFERENCES onboarding (onboarding_id),
    received_at   INTEGER NOT NULL,
    PRIMARY KEY (biller_id, event_id)
) STRICT, WITHOUT ROWID;

-- A run's journal: observations, intents and outcomes; also the audit trail. Append only: nobody may change
-- an entry, and only the command purge deletes entries, of runs that ended before journal_purge.finished_before.
CREATE TABLE onboarding_journal (
    onboarding_id TEXT    NOT NULL REFERENCES onboarding (onboarding_id),
    seq           INTEGER NOT NULL CHECK (seq > 0),
    written_at    INTEGER NOT NULL,
    entry         TEXT    NOT NULL CHECK (length(entry) BETWEEN 1 AND 64),
    detail        TEXT    NOT NULL CHECK (json_valid(detail)),
    PRIMARY KEY (onboarding_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER onboarding_journal_no_update BEFORE UPDATE ON onboarding_journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append only');
END;

-- Holds a row only inside a transaction of the command purge.
CREATE TABLE journal_purge (
    finished_before INTEGER NOT NULL PRIMARY KEY
) STRICT;

CREATE TRIGGER onboarding_journal_no_delete BEFORE DELETE ON onboarding_journal
WHEN NOT EXISTS (
    SELECT 1 FROM onboarding AS r JOIN journal_purge AS p ON r.finished_at < p.finished_before
    WHERE r.onboarding_id = OLD.onboarding_id AND r.state IN ('succeeded', 'failed', 'cancelled'))
BEGIN
    SELECT RAISE(ABORT, 'the journal is append only');
END;

-- Data errors: which user, which field, which kind of error; never a value. held_by: who has the value already, by GUID or,
-- without an account, by the id in SecureAuth.
CREATE TABLE onboarding_issue (
    issue_no      INTEGER PRIMARY KEY,
    onboarding_id TEXT    NOT NULL REFERENCES onboarding (onboarding_id),
    user_guid     TEXT    CHECK (length(user_guid) = 36),
    field         TEXT    NOT NULL CHECK (length(field) BETWEEN 1 AND 32),
    code          TEXT    NOT NULL CHECK (length(code) BETWEEN 1 AND 32),
    held_by       TEXT    CHECK (length(held_by) BETWEEN 1 AND 256)
) STRICT;

CREATE UNIQUE INDEX ux_onboarding_issue ON onboarding_issue (onboarding_id, ifnull(user_guid, ''), field, code);

-- The pools that runs used. A pool with origin 'created' was created by a run of its biller. Of several rows with one pool id
-- the one with the highest pool_no counts. case_insensitive: it ignores case when it compares
-- identifiers. users_at_end: its number of users when a run had last verified them.
CREATE TABLE pool (
    pool_no      INTEGER PRIMARY KEY,
    biller_id    TEXT    NOT NULL REFERENCES biller_ciam (biller_id),
    pool_id      TEXT    NOT NULL CHECK (length(pool_id) BETWEEN 1 AND 256),
    generation   INTEGER NOT NULL CHECK (generation >= 0),
    origin       TEXT    NOT NULL CHECK (length(origin) BETWEEN 1 AND 32),
    case_insensitive INTEGER NOT NULL CHECK (case_insensitive IN (0, 1)),
    users_at_end INTEGER CHECK (users_at_end >= 0)
) STRICT;

CREATE INDEX ix_pool_biller ON pool (biller_id, pool_id, pool_no);

-- One row per account: what the handler knows of a user in a pool. open = 1: a call that touches the user was or will be sent
-- and its outcome is not recorded, so the user is read before the next call. user_id is NULL where it is the derived id.
-- The hashes cover what was last sent: user name, e-mail address, and the profile with the names.
-- Unlike on SQL Server hashes and open accounts have no index, because it would take half the time of an import. Who looks them up
-- reads the pool's rows, which is rare: after a data error, and when a pass has ended. An import writes no user_id.
CREATE TABLE account (
    pool_no      INTEGER NOT NULL REFERENCES pool (pool_no),
    user_guid    TEXT    NOT NULL CHECK (length(user_guid) = 36),
    user_id      TEXT    CHECK (length(user_id) BETWEEN 1 AND 256),
    origin       TEXT    NOT NULL CHECK (length(origin) BETWEEN 1 AND 32),
    open         INTEGER NOT NULL CHECK (open IN (0, 1)),
    created_by   TEXT    CHECK (length(created_by) = 36),
    name_hash    BLOB    CHECK (length(name_hash) = 16),
    address_hash BLOB    CHECK (length(address_hash) = 16),
    profile_hash BLOB    CHECK (length(profile_hash) = 16),
    status_sent  TEXT    CHECK (length(status_sent) BETWEEN 1 AND 32),
    PRIMARY KEY (pool_no, user_guid)
) STRICT, WITHOUT ROWID;

CREATE INDEX ix_account_user ON account (pool_no, user_id) WHERE user_id IS NOT NULL;

-- Users of a pool that a run found, as listed before the run imported anyone; deleted when the run ends,
-- unless an operator closes it. identifier_key is the
-- SHA-256 (hex) of an identifier, or empty.
CREATE TABLE pool_user_before (
    onboarding_id  TEXT NOT NULL REFERENCES onboarding (onboarding_id),
    user_id        TEXT NOT NULL CHECK (length(user_id) BETWEEN 1 AND 256),
    identifier_key TEXT NOT NULL CHECK (length(identifier_key) IN (0, 64)),
    PRIMARY KEY (onboarding_id, user_id, identifier_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX ix_pool_user_before_identifier ON pool_user_before (onboarding_id, identifier_key);

-- The processes that may work on runs: the tenant's budget of requests in flight is divided among these rows.
CREATE TABLE worker_slot (
    slot       INTEGER NOT NULL PRIMARY KEY CHECK (slot > 0),
    worker_id  TEXT    CHECK (length(worker_id) = 36),
    held_until INTEGER
) STRICT;
