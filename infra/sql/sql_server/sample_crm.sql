-- An example of the three objects that a DBA maps, with sample tables of a CRM behind them. For tests, not for production.
--
-- Order:  after the numbered scripts (schema ciam has to be there). In one piece, by any tool; once per database.
-- Needs:  CREATE SCHEMA, CREATE TABLE, CREATE VIEW, CREATE PROCEDURE.
--
-- The handler relies on these names, columns and types:
--   ciam.Biller(BillerId, BillerName)
--       BillerId NVARCHAR or VARCHAR, spelled exactly as the CRM sends it (no padding: RTRIM a CHAR column), letters,
--       digits, _ and -, at most 64; BillerName CHAR, VARCHAR, NCHAR or NVARCHAR.
--   ciam.BillerUser(BillerId, UserGuid, UserName, FirstName, LastName, Email, Status)
--       UserGuid UNIQUEIDENTIFIER, the others CHAR, VARCHAR, NCHAR or NVARCHAR; padding and the case of Status do not
--       matter. Status is one of active, inactive, new, deleted.
--       Pages are read by (BillerId, UserGuid), so the two columns behind the view should have an index.
--   ciam.RecordCiamStatus(@BillerId, @CiamStatus, @ActivationDate, @ToggleOn, @OnboardingId)
--       Sets the CRM's Product > CIAM columns. Called inside the transaction that ends a run: it must not begin, commit or
--       roll back one. To refuse, THROW: then nothing of the run's end is written and the handler tries again later.

SET XACT_ABORT ON;
SET NOCOUNT ON;
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;

BEGIN TRANSACTION;

EXEC (N'CREATE SCHEMA crm');

-- The tables have no constraints, so that tests can put in whatever a CRM may hold.
CREATE TABLE crm.Biller (
    BillerId   NVARCHAR(128) NULL,
    BillerName NVARCHAR(400) NULL
);
CREATE INDEX IX_Biller ON crm.Biller (BillerId);

CREATE TABLE crm.BillerUser (
    BillerId  NVARCHAR(128) NULL,
    UserGuid  NVARCHAR(64)  NULL,
    UserName  NVARCHAR(400) NULL,
    FirstName NVARCHAR(400) NULL,
    LastName  NVARCHAR(400) NULL,
    Email     NVARCHAR(400) NULL,
    Status    NVARCHAR(64)  NULL
);
CREATE INDEX IX_BillerUser ON crm.BillerUser (BillerId, UserGuid);

-- Product > CIAM.
CREATE TABLE crm.ProductCiam (
    BillerId       NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_ProductCiam PRIMARY KEY,
    CiamStatus     NVARCHAR(32)     NULL,
    ActivationDate DATETIME2(6)     NULL,
    ToggleOn       BIT              NULL,
    OnboardingId   UNIQUEIDENTIFIER NULL
);

EXEC (N'CREATE VIEW ciam.Biller AS
SELECT b.BillerId, b.BillerName
FROM crm.Biller AS b');

-- This CRM keeps its keys as text; what is not a GUID becomes NULL, which the handler reports as a data error.
EXEC (N'CREATE VIEW ciam.BillerUser AS
SELECT u.BillerId,
       CASE WHEN LTRIM(RTRIM(u.UserGuid)) LIKE N''________-____-____-____-____________''
            THEN TRY_CONVERT(UNIQUEIDENTIFIER, LTRIM(RTRIM(u.UserGuid))) END AS UserGuid,
       u.UserName, u.FirstName, u.LastName, u.Email, u.Status
FROM crm.BillerUser AS u');

EXEC (N'CREATE PROCEDURE ciam.RecordCiamStatus
    @BillerId       NVARCHAR(64),
    @CiamStatus     NVARCHAR(32),
    @ActivationDate DATETIME2(6),
    @ToggleOn       BIT,
    @OnboardingId   UNIQUEIDENTIFIER
AS
BEGIN
    SET NOCOUNT ON;
    UPDATE crm.ProductCiam
    SET CiamStatus = @CiamStatus, ActivationDate = @ActivationDate, ToggleOn = @ToggleOn, OnboardingId = @OnboardingId
    WHERE BillerId = @BillerId;
    IF @@ROWCOUNT = 0
        INSERT INTO crm.ProductCiam (BillerId, CiamStatus, ActivationDate, ToggleOn, OnboardingId)
        VALUES (@BillerId, @CiamStatus, @ActivationDate, @ToggleOn, @OnboardingId);
END');

COMMIT TRANSACTION;
