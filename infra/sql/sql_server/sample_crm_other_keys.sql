-- A CRM whose keys have other types than the handler reads: a biller's number as INT, its code as CHAR, a user's key as text.
-- An example to read and to take from, not a script for a database that has the views already.
--
-- Order:  after the numbered scripts (schema ciam has to be there), instead of sample_crm.sql. In one piece, by any tool.
-- Needs:  a member of db_owner, because schema crm2 is dbo's, as schema ciam is.
--
-- The bad case is a view that converts the key:
--
--     CREATE VIEW ciam.BillerUser AS
--     SELECT CONVERT(VARCHAR(64), u.BillerNo) AS BillerId, TRY_CONVERT(UNIQUEIDENTIFIER, u.UserKey) AS UserGuid, …
--     FROM crm2.BillerUser AS u;
--
-- No index holds the converted values. For every page the server converts and sorts all users, so a page of a biller with 100,000
-- users takes seconds, and reading the biller takes hours. The remedy is a computed column that is stored (PERSISTED) and indexed:
-- the server converts a key once, when its row is written. Adding one to a large table writes every row: plan a maintenance window.

SET XACT_ABORT ON;
SET NOCOUNT ON;
-- An index on a computed column needs these settings, also in every session that later writes to the table.
SET ANSI_NULLS ON;
SET ANSI_PADDING ON;
SET ANSI_WARNINGS ON;
SET ARITHABORT ON;
SET CONCAT_NULL_YIELDS_NULL ON;
SET QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;

BEGIN TRANSACTION;

EXEC (N'CREATE SCHEMA crm2 AUTHORIZATION dbo');

-- BillerNo: an INT that the CRM sends as text. BillerCode: a CHAR, padded with blanks to its length. A CRM has one of the two; the
-- view takes the column that belongs to it.
CREATE TABLE crm2.Biller (
    BillerNo   INT           NOT NULL CONSTRAINT PK_Biller PRIMARY KEY,
    BillerCode CHAR(10)      NOT NULL,
    BillerName NVARCHAR(400) NULL
);
CREATE TABLE crm2.BillerUser (
    BillerNo   INT           NOT NULL,
    BillerCode CHAR(10)      NOT NULL,
    UserKey    VARCHAR(64)   NULL,
    UserName   NVARCHAR(400) NULL,
    FirstName  NVARCHAR(400) NULL,
    LastName   NVARCHAR(400) NULL,
    Email      NVARCHAR(400) NULL,
    Status     NVARCHAR(64)  NULL
);

-- The remedy, for tables that exist. A text that is no GUID becomes NULL, which the handler reports as a data error. The pattern
-- names every digit: CONVERT fails for a text that is no GUID, and then the CRM could not write the row. A binary collation, because
-- others take more than the digits 0 to 9 for [0-9].
ALTER TABLE crm2.Biller ADD BillerIdOfNo AS CONVERT(VARCHAR(64), BillerNo) PERSISTED;
ALTER TABLE crm2.Biller ADD BillerIdOfCode AS CONVERT(VARCHAR(64), RTRIM(BillerCode)) PERSISTED;
ALTER TABLE crm2.BillerUser ADD BillerIdOfNo AS CONVERT(VARCHAR(64), BillerNo) PERSISTED;
ALTER TABLE crm2.BillerUser ADD BillerIdOfCode AS CONVERT(VARCHAR(64), RTRIM(BillerCode)) PERSISTED;
ALTER TABLE crm2.BillerUser ADD UserGuid AS
    CASE WHEN LTRIM(RTRIM(UserKey)) COLLATE Latin1_General_100_BIN2
            LIKE REPLACE('xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx', 'x', '[0-9A-Fa-f]')
        THEN CONVERT(UNIQUEIDENTIFIER, LTRIM(RTRIM(UserKey))) END PERSISTED;

-- Users without any GUID get one of their own, which then stays theirs: ALTER TABLE … ADD UserGuid UNIQUEIDENTIFIER NOT NULL
-- CONSTRAINT DF_BillerUser_UserGuid DEFAULT NEWID();

-- Texts, because the columns are new in this batch. One index for the biller id that the view takes; the other is the same.
EXEC (N'CREATE INDEX IX_Biller_IdOfNo ON crm2.Biller (BillerIdOfNo) INCLUDE (BillerName)');
EXEC (N'CREATE INDEX IX_BillerUser_IdOfNo ON crm2.BillerUser (BillerIdOfNo, UserGuid)
    INCLUDE (UserName, FirstName, LastName, Email, Status)');

EXEC (N'CREATE VIEW ciam.Biller AS
SELECT b.BillerIdOfNo AS BillerId, b.BillerName
FROM crm2.Biller AS b');

EXEC (N'CREATE VIEW ciam.BillerUser AS
SELECT u.BillerIdOfNo AS BillerId, u.UserGuid, u.UserName, u.FirstName, u.LastName, u.Email, u.Status
FROM crm2.BillerUser AS u');

COMMIT TRANSACTION;
