-- The rights that the handler needs, as the role ciam_onboarding for its database user, and those of the command purge, as the role
-- ciam_retention for the database user that runs it.
--
-- Order:  after the numbered scripts and the three mapped objects. May be run again.
-- Needs:  CREATE ROLE and CONTROL on schema ciam.
-- Then:   ALTER ROLE ciam_onboarding ADD MEMBER [the handler's user];
--         ALTER ROLE ciam_retention ADD MEMBER [the user that runs purge];
--
-- The role reaches the CRM's tables only through the views and the procedure in schema ciam. That works without further grants
-- while schema ciam and the CRM's tables have the same owner; otherwise the views' and the procedure's owner needs the rights.
-- It may delete accounts and the users noted of a pool, nothing else. ciam_retention may
-- delete records of runs, and journals only of runs that have ended: a trigger sees to that. A test compares these grants with the
-- statements of the handler.

IF DATABASE_PRINCIPAL_ID(N'ciam_onboarding') IS NULL
    CREATE ROLE ciam_onboarding;

GRANT SELECT ON SCHEMA::ciam TO ciam_onboarding;
GRANT EXECUTE ON OBJECT::ciam.RecordCiamStatus TO ciam_onboarding;
GRANT INSERT, UPDATE ON OBJECT::ciam.BillerCiam TO ciam_onboarding;
GRANT INSERT, UPDATE ON OBJECT::ciam.Onboarding TO ciam_onboarding;
GRANT INSERT ON OBJECT::ciam.OnboardingEvent TO ciam_onboarding;
GRANT INSERT ON OBJECT::ciam.OnboardingJournal TO ciam_onboarding;
GRANT INSERT ON OBJECT::ciam.OnboardingIssue TO ciam_onboarding;
GRANT INSERT, UPDATE ON OBJECT::ciam.Pool TO ciam_onboarding;
GRANT INSERT, UPDATE, DELETE ON OBJECT::ciam.Account TO ciam_onboarding;
GRANT INSERT, DELETE ON OBJECT::ciam.PoolUserBefore TO ciam_onboarding;
GRANT INSERT, UPDATE ON OBJECT::ciam.WorkerSlot TO ciam_onboarding;

IF DATABASE_PRINCIPAL_ID(N'ciam_retention') IS NULL
    CREATE ROLE ciam_retention;

GRANT SELECT ON SCHEMA::ciam TO ciam_retention;
GRANT DELETE ON OBJECT::ciam.Account TO ciam_retention;
GRANT DELETE ON OBJECT::ciam.OnboardingIssue TO ciam_retention;
GRANT DELETE ON OBJECT::ciam.OnboardingJournal TO ciam_retention;
GRANT DELETE ON OBJECT::ciam.PoolUserBefore TO ciam_retention;
GRANT INSERT, DELETE ON OBJECT::ciam.JournalPurge TO ciam_retention;
GRANT UPDATE ON OBJECT::ciam.Onboarding (RequestedBy) TO ciam_retention;
GRANT UPDATE ON OBJECT::ciam.OnboardingEvent (RequestedBy) TO ciam_retention;
GRANT UPDATE ON OBJECT::ciam.Pool (UsersAtEnd) TO ciam_retention;
