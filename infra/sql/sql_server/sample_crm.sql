-- The three objects that a DBA maps, with sample tables of a CRM behind them. The views and the indexes are the ones to copy; the
-- tables are for tests and demonstrations, not for production. sample_crm_other_keys.sql shows a CRM whose keys have other types.
--
-- Order:  after the numbered scripts (schema ciam has to be there). In one piece, by any tool, or by the command db sample-crm.
-- Safe:   may be run again: it creates what is missing and changes nothing that exists.
-- Needs:  a member of db_owner, because schema crm is dbo's, as schema ciam is.
--
-- The handler relies on these names, columns and types:
--   ciam.Biller(BillerId, BillerName)
--       BillerId NVARCHAR or VARCHAR, spelled exactly as the CRM sends it, without padding, letters, digits, _ and -, at most
--       64; BillerName CHAR, VARCHAR, NCHAR or NVARCHAR.
--   ciam.BillerUser(BillerId, UserGuid, UserName, FirstName, LastName, Email, Status)
--       BillerId as above. UserGuid UNIQUEIDENTIFIER, the others CHAR, VARCHAR, NCHAR or NVARCHAR; padding and the case of
--       Status do not matter. Status is one of active, inactive, new, deleted.
--       Users are read in pages by (BillerId, UserGuid). The view has to pass both columns on as an index holds them, without a
--       conversion: otherwise the server computes and sorts all rows of the biller again for every page.
--   ciam.RecordCiamStatus(@BillerId, @CiamStatus, @ActivationDate, @ToggleOn, @OnboardingId)
--       Sets the CRM's Product > CIAM columns. Called inside the transaction that ends a run: it must not begin, commit or
--       roll back one. To refuse, THROW: then nothing of the run's end is written and the handler tries again later.

SET XACT_ABORT ON;
SET NOCOUNT ON;
SET ANSI_NULLS ON;
SET ANSI_PADDING ON;
SET ANSI_WARNINGS ON;
SET ARITHABORT ON;
SET CONCAT_NULL_YIELDS_NULL ON;
SET QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;

BEGIN TRANSACTION;

-- With one owner for both schemas the handler's role needs no rights on the CRM's tables.
IF SCHEMA_ID(N'crm') IS NULL
    EXEC (N'CREATE SCHEMA crm AUTHORIZATION dbo');

-- The tables have no constraints, so that tests can put in whatever a CRM may hold.
IF OBJECT_ID(N'crm.Biller', N'U') IS NULL
BEGIN
    CREATE TABLE crm.Biller (
        BillerId   NVARCHAR(128) NULL,
        BillerName NVARCHAR(400) NULL
    );
    CREATE INDEX IX_Biller ON crm.Biller (BillerId);
END;

-- The index holds every column of the view, so a page is one seek that touches nothing else.
IF OBJECT_ID(N'crm.BillerUser', N'U') IS NULL
BEGIN
    CREATE TABLE crm.BillerUser (
        BillerId  NVARCHAR(128)    NULL,
        UserGuid  UNIQUEIDENTIFIER NULL,
        UserName  NVARCHAR(400)    NULL,
        FirstName NVARCHAR(400)    NULL,
        LastName  NVARCHAR(400)    NULL,
        Email     NVARCHAR(400)    NULL,
        Status    NVARCHAR(64)     NULL
    );
    CREATE INDEX IX_BillerUser ON crm.BillerUser (BillerId, UserGuid)
        INCLUDE (UserName, FirstName, LastName, Email, Status);
END;

-- Product > CIAM.
IF OBJECT_ID(N'crm.ProductCiam', N'U') IS NULL
    CREATE TABLE crm.ProductCiam (
        BillerId       NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_ProductCiam PRIMARY KEY,
        CiamStatus     NVARCHAR(32)     NULL,
        ActivationDate DATETIME2(6)     NULL,
        ToggleOn       BIT              NULL,
        OnboardingId   UNIQUEIDENTIFIER NULL
    );

IF OBJECT_ID(N'ciam.Biller', N'V') IS NULL
    EXEC (N'CREATE VIEW ciam.Biller AS
SELECT b.BillerId, b.BillerName
FROM crm.Biller AS b');

IF OBJECT_ID(N'ciam.BillerUser', N'V') IS NULL
    EXEC (N'CREATE VIEW ciam.BillerUser AS
SELECT u.BillerId, u.UserGuid, u.UserName, u.FirstName, u.LastName, u.Email, u.Status
FROM crm.BillerUser AS u');

IF OBJECT_ID(N'ciam.RecordCiamStatus', N'P') IS NULL
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
