-- Schema version 1: the handler's own tables, all in schema ciam.
--
-- For:    SQL Server 2019 or later (compatibility level 130 or higher), Azure SQL.
-- Order:  the numbered scripts one after the other, then the three objects the DBA maps (sample_crm.sql is an example),
--         then permissions.sql.
-- Needs:  CREATE TABLE, and CONTROL on schema ciam; where the schema is not there yet, a member of db_owner, because it becomes dbo's,
--         as the CRM's tables are. The handler itself needs permissions.sql only.
-- Safe:   runs in one transaction under an application lock and does nothing when its version is recorded already.
--         It may be run by any tool in one piece (there is no GO), or by the handler's own command.
-- Hash:   a version is recorded with @scriptHash, and the handler works only with the hash it knows. Run by hand, the script
--         needs no change for that. @scriptHash is the SHA-256 of this file with LF line ends and without the line that
--         declares it: grep -v '^DECLARE @scriptHash ' 0001_onboarding.sql | tr -d '\r' | sha256sum. A database with another
--         edition of this version is refused, here and by the handler; it takes a new database.
--
-- Times are UTC and written by the database (SYSUTCDATETIME). Texts of states, kinds, steps and entries come from the string
-- enums of src/domain. They are snake_case, except the sources crm-toggle and biller-wizard; ciam.RecordCiamStatus gets the
-- CRM's own statuses (Active, Inactive, Not enabled). A version leaves rows with a text that it does not know to the newer
-- version that wrote them. NVARCHAR counts some characters twice, so columns for free text are twice as long as the text may
-- be. Several versions work on the same tables during a deployment: a later script adds objects, it does not rename any.

SET XACT_ABORT ON;
SET NOCOUNT ON;
SET ANSI_NULLS ON;
SET ANSI_PADDING ON;
SET ANSI_WARNINGS ON;
SET ARITHABORT ON;
SET CONCAT_NULL_YIELDS_NULL ON;
SET QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;

DECLARE @scriptHash NVARCHAR(64) = N'e91fe2f382cfe370fc5826134fd61ad8a9ae1eddc867d6e7da7a5d173c54d3f9';

BEGIN TRANSACTION;

DECLARE @lock INT;
EXEC @lock = sp_getapplock @Resource = N'ciam.SchemaVersion', @LockMode = N'Exclusive', @LockOwner = N'Transaction',
    @LockTimeout = 20000;
IF @lock < 0
BEGIN;
    THROW 51001, N'Another migration is running.', 1;
END;

IF SCHEMA_ID(N'ciam') IS NULL
    EXEC (N'CREATE SCHEMA ciam AUTHORIZATION dbo');

IF OBJECT_ID(N'ciam.SchemaVersion', N'U') IS NULL
    CREATE TABLE ciam.SchemaVersion (
        Version        BIGINT       NOT NULL CONSTRAINT PK_SchemaVersion PRIMARY KEY,
        AppliedAt      DATETIME2(6) NOT NULL,
        ScriptHash     NVARCHAR(64) NOT NULL,
        -- The newest version that a program has to know to work with the tables as this script leaves them.
        MinimumProgram BIGINT       NOT NULL
    );

-- Statements with ScriptHash are texts: a batch that names a column which a table does not have is not even compiled.
DECLARE @recorded NVARCHAR(64) = N'none';
IF COL_LENGTH(N'ciam.SchemaVersion', N'ScriptHash') IS NOT NULL
    EXEC sp_executesql N'SELECT @hash = v.ScriptHash FROM ciam.SchemaVersion AS v WHERE v.Version = 1',
        N'@hash NVARCHAR(64) OUTPUT', @hash = @recorded OUTPUT;
IF EXISTS (SELECT 1 FROM ciam.SchemaVersion WHERE Version = 1) AND @recorded <> @scriptHash
BEGIN;
    DECLARE @refusal NVARCHAR(400) = CONCAT(N'The schema version 1 of this database is an older one (script hash ',
        @recorded, N', expected ', @scriptHash, N'). Nothing was changed: create a new database.');
    THROW 51003, @refusal, 1;
END;

IF NOT EXISTS (SELECT 1 FROM ciam.SchemaVersion WHERE Version = 1)
BEGIN
    -- A biller's CIAM state. The biller's first run inserts the row. LeaversAllowed: the command allow-leavers, used up by the
    -- next run.
    CREATE TABLE ciam.BillerCiam (
        BillerId       NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT PK_BillerCiam PRIMARY KEY,
        State          NVARCHAR(32)  NOT NULL,
        ActivationDate DATETIME2(6)  NULL,
        OrganizationId NVARCHAR(256) NULL,
        IdentityPoolId NVARCHAR(256) NULL,
        Generation     BIGINT        NOT NULL CONSTRAINT CK_BillerCiam_Generation CHECK (Generation >= 0),
        LeaversAllowed BIGINT        NULL,
        LeaversAllowedBy NVARCHAR(512) NULL,
        UpdatedAt      DATETIME2(6)  NOT NULL
    );

    -- Runs. RunNo is the order in which they were accepted. Tally (JSON): the first GUIDs of each kind of change, and what the
    -- guard of leavers counts. Listing (JSON): how far the users of a found pool are recorded. FirstCause, LastError (JSON):
    -- failures. The table is stored by OnboardingId: who looks for one run never passes rows of others, which may be locked.
    CREATE TABLE ciam.Onboarding (
        RunNo           BIGINT IDENTITY(1, 1) NOT NULL,
        OnboardingId    UNIQUEIDENTIFIER      NOT NULL CONSTRAINT PK_Onboarding PRIMARY KEY,
        BillerId        NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL
            CONSTRAINT FK_Onboarding_BillerCiam REFERENCES ciam.BillerCiam (BillerId),
        BillerName      NVARCHAR(MAX) NULL,
        Kind            NVARCHAR(32)  NOT NULL,
        State           NVARCHAR(32)  NOT NULL,
        Step            NVARCHAR(64)  NULL,
        Source          NVARCHAR(32)  NOT NULL,
        RequestedBy     NVARCHAR(512) NOT NULL,
        Traceparent     NVARCHAR(256) NULL,
        Generation      BIGINT        NOT NULL,
        UserCursor      UNIQUEIDENTIFIER NULL,
        UsersTotal      BIGINT        NOT NULL CONSTRAINT DF_Onboarding_UsersTotal DEFAULT 0,
        Imported        BIGINT        NOT NULL CONSTRAINT DF_Onboarding_Imported DEFAULT 0,
        Changed         BIGINT        NOT NULL CONSTRAINT DF_Onboarding_Changed DEFAULT 0,
        Deactivated     BIGINT        NOT NULL CONSTRAINT DF_Onboarding_Deactivated DEFAULT 0,
        Reactivated     BIGINT        NOT NULL CONSTRAINT DF_Onboarding_Reactivated DEFAULT 0,
        Linked          BIGINT        NOT NULL CONSTRAINT DF_Onboarding_Linked DEFAULT 0,
        AlreadyPresent  BIGINT        NOT NULL CONSTRAINT DF_Onboarding_AlreadyPresent DEFAULT 0,
        Skipped         BIGINT        NOT NULL CONSTRAINT DF_Onboarding_Skipped DEFAULT 0,
        Failed          BIGINT        NOT NULL CONSTRAINT DF_Onboarding_Failed DEFAULT 0,
        IssuesTotal     BIGINT        NOT NULL CONSTRAINT DF_Onboarding_IssuesTotal DEFAULT 0,
        Tally           NVARCHAR(MAX) NULL,
        Listing         NVARCHAR(MAX) NULL,
        FirstCause      NVARCHAR(MAX) NULL,
        LastError       NVARCHAR(MAX) NULL,
        PausesUsed      BIGINT        NOT NULL CONSTRAINT DF_Onboarding_PausesUsed DEFAULT 0,
        TakeOvers       BIGINT        NOT NULL CONSTRAINT DF_Onboarding_TakeOvers DEFAULT 0,
        CreatedAt       DATETIME2(6)  NOT NULL,
        StartedAt       DATETIME2(6)  NULL,
        UpdatedAt       DATETIME2(6)  NOT NULL,
        FinishedAt      DATETIME2(6)  NULL,
        NextAttemptAt   DATETIME2(6)  NULL,
        WaitingFor      NVARCHAR(64)  NULL,
        Reason          NVARCHAR(64)  NULL,
        RollingBackSince DATETIME2(6) NULL,
        Version         BIGINT        NOT NULL CONSTRAINT DF_Onboarding_Version DEFAULT 0,
        LeaseOwner      UNIQUEIDENTIFIER NULL,
        LeaseUntil      DATETIME2(6)  NULL,
        LateUntil       DATETIME2(6)  NULL,
        DueAt           DATETIME2(6)  NULL,
        Resends         BIGINT        NOT NULL CONSTRAINT DF_Onboarding_Resends DEFAULT 0
    );
    CREATE UNIQUE INDEX UX_Onboarding_RunNo ON ciam.Onboarding (RunNo);
    CREATE INDEX IX_Onboarding_Biller ON ciam.Onboarding (BillerId, RunNo);
    CREATE INDEX IX_Onboarding_Due ON ciam.Onboarding (DueAt) WHERE DueAt IS NOT NULL;
    -- One open or stuck run per biller.
    CREATE UNIQUE INDEX UX_Onboarding_Open ON ciam.Onboarding (BillerId)
        WHERE State <> N'succeeded' AND State <> N'failed' AND State <> N'cancelled';

    -- The toggle events that were accepted. They are never deleted, so that a late repetition does not start a second run; the
    -- command purge blanks RequestedBy, here and in the runs.
    -- EventKey is the SHA-256 of the event id, because comparing text would ignore case or blanks at the end.
    CREATE TABLE ciam.OnboardingEvent (
        BillerId     NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
        EventKey     BINARY(32)       NOT NULL,
        EventId      NVARCHAR(256)    NOT NULL,
        Fingerprint  NVARCHAR(64)     NOT NULL,
        Source       NVARCHAR(32)     NOT NULL,
        RequestedBy  NVARCHAR(512)    NOT NULL,
        OnboardingId UNIQUEIDENTIFIER NULL
            CONSTRAINT FK_OnboardingEvent_Onboarding REFERENCES ciam.Onboarding (OnboardingId),
        ReceivedAt   DATETIME2(6)     NOT NULL,
        CONSTRAINT PK_OnboardingEvent PRIMARY KEY (BillerId, EventKey)
    );

    -- A run's journal: observations, intents and outcomes; also the audit trail. Append only: nobody may
    -- change an entry, and only the command purge deletes entries, of runs that ended before ciam.JournalPurge.FinishedBefore.
    CREATE TABLE ciam.OnboardingJournal (
        OnboardingId UNIQUEIDENTIFIER NOT NULL
            CONSTRAINT FK_OnboardingJournal_Onboarding REFERENCES ciam.Onboarding (OnboardingId),
        Seq          BIGINT        NOT NULL CONSTRAINT CK_OnboardingJournal_Seq CHECK (Seq > 0),
        WrittenAt    DATETIME2(6)  NOT NULL,
        Entry        NVARCHAR(64)  NOT NULL,
        Detail       NVARCHAR(MAX) NOT NULL,
        CONSTRAINT PK_OnboardingJournal PRIMARY KEY (OnboardingId, Seq)
    );
    -- Holds a row only inside a transaction of the command purge. Only the role ciam_retention may insert here and delete entries.
    CREATE TABLE ciam.JournalPurge (
        FinishedBefore DATETIME2(6) NOT NULL CONSTRAINT PK_JournalPurge PRIMARY KEY
    );
    EXEC (N'CREATE TRIGGER ciam.OnboardingJournal_AppendOnly ON ciam.OnboardingJournal AFTER UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    IF NOT EXISTS (SELECT 1 FROM deleted)
        RETURN;
    IF NOT EXISTS (SELECT 1 FROM inserted) AND NOT EXISTS (
        SELECT 1 FROM deleted AS d
        WHERE NOT EXISTS (
            SELECT 1 FROM ciam.Onboarding AS r
            JOIN ciam.JournalPurge AS p ON r.FinishedAt < p.FinishedBefore
            WHERE r.OnboardingId = d.OnboardingId AND r.State IN (N''succeeded'', N''failed'', N''cancelled'')))
        RETURN;
    THROW 51002, N''The journal is append only.'', 1;
END');

    -- Data errors: which user, which field, which kind of error; never a value. HeldBy: who has the value already, by GUID or,
    -- without an account, by the id in SecureAuth.
    CREATE TABLE ciam.OnboardingIssue (
        IssueNo      BIGINT IDENTITY(1, 1) NOT NULL,
        OnboardingId UNIQUEIDENTIFIER NOT NULL
            CONSTRAINT FK_OnboardingIssue_Onboarding REFERENCES ciam.Onboarding (OnboardingId),
        UserGuid     UNIQUEIDENTIFIER NULL,
        Field        NVARCHAR(32)     NOT NULL,
        Code         NVARCHAR(32)     NOT NULL,
        HeldBy       NVARCHAR(256)    NULL,
        CONSTRAINT PK_OnboardingIssue PRIMARY KEY (OnboardingId, IssueNo)
    );
    CREATE UNIQUE INDEX UX_OnboardingIssue ON ciam.OnboardingIssue (OnboardingId, UserGuid, Field, Code);

    -- The pools that runs used. A pool with origin 'created' was created by a run of its biller. Of several rows with one pool
    -- id the one with the highest PoolNo counts. CaseInsensitive: it ignores case when it
    -- compares identifiers. UsersAtEnd: its number of users when a run had last verified them.
    CREATE TABLE ciam.Pool (
        PoolNo     BIGINT IDENTITY(1, 1) NOT NULL CONSTRAINT PK_Pool PRIMARY KEY,
        BillerId   NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL
            CONSTRAINT FK_Pool_BillerCiam REFERENCES ciam.BillerCiam (BillerId),
        PoolId     NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
        Generation BIGINT        NOT NULL,
        Origin     NVARCHAR(32)  NOT NULL,
        CaseInsensitive BIT      NOT NULL,
        UsersAtEnd BIGINT        NULL
    );
    CREATE INDEX IX_Pool_Biller ON ciam.Pool (BillerId, PoolId, PoolNo);

    -- One row per account: what the handler knows of a user in a pool. [Open] = 1: a call that touches the user was or will be
    -- sent and its outcome is not recorded, so the user is read before the next call. UserId is NULL where it is the derived id.
    -- The hashes cover what was last sent: user name, e-mail address, and the profile with the names.
    CREATE TABLE ciam.Account (
        PoolNo      BIGINT           NOT NULL CONSTRAINT FK_Account_Pool REFERENCES ciam.Pool (PoolNo),
        UserGuid    UNIQUEIDENTIFIER NOT NULL,
        UserId      NVARCHAR(256)    COLLATE Latin1_General_100_BIN2 NULL,
        Origin      NVARCHAR(32)     NOT NULL,
        [Open]      BIT              NOT NULL,
        CreatedBy   UNIQUEIDENTIFIER NULL,
        NameHash    BINARY(16)       NULL,
        AddressHash BINARY(16)       NULL,
        ProfileHash BINARY(16)       NULL,
        StatusSent  NVARCHAR(32)     NULL,
        CONSTRAINT PK_Account PRIMARY KEY (PoolNo, UserGuid)
    );
    CREATE INDEX IX_Account_Name ON ciam.Account (PoolNo, NameHash);
    CREATE INDEX IX_Account_Open ON ciam.Account (PoolNo, UserGuid) WHERE [Open] = 1;
    CREATE INDEX IX_Account_User ON ciam.Account (PoolNo, UserId) WHERE UserId IS NOT NULL;

    -- Users of a pool that a run found, as listed before the run imported anyone; deleted when the run ends, unless an
    -- operator closes it. IdentifierKey is
    -- the SHA-256 (hex) of an identifier, or empty.
    CREATE TABLE ciam.PoolUserBefore (
        OnboardingId  UNIQUEIDENTIFIER NOT NULL
            CONSTRAINT FK_PoolUserBefore_Onboarding REFERENCES ciam.Onboarding (OnboardingId),
        UserId        NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
        IdentifierKey NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
        CONSTRAINT PK_PoolUserBefore PRIMARY KEY (OnboardingId, UserId, IdentifierKey)
    );
    CREATE INDEX IX_PoolUserBefore_Identifier ON ciam.PoolUserBefore (OnboardingId, IdentifierKey);

    -- The processes that may work on runs: the tenant's budget of requests in flight is divided among these rows.
    CREATE TABLE ciam.WorkerSlot (
        Slot      BIGINT           NOT NULL CONSTRAINT PK_WorkerSlot PRIMARY KEY,
        WorkerId  UNIQUEIDENTIFIER NULL,
        HeldUntil DATETIME2(6)     NULL
    );

    EXEC sp_executesql
        N'INSERT INTO ciam.SchemaVersion (Version, AppliedAt, ScriptHash, MinimumProgram) VALUES (1, SYSUTCDATETIME(), @hash, 1)',
        N'@hash NVARCHAR(64)', @hash = @scriptHash;
END;

COMMIT TRANSACTION;
