//! The payload schema: every user is checked against it before the first write to SecureAuth
//! (docs/decisions.md#check-before-the-first-write).

use local_stack::{Stack, StackOptions, UserRow};
use secureauth_simulator::{Fault, Seed};
use serde_json::{Value, json};

use crate::logging::console_until;
use crate::planning::plan;
use crate::support::{
    IMPORT, Outcome, calls_of, enable, enable_until_it_waits, live, nothing, options, patient, refusal, resume, start,
    status,
};

/// A payload schema that accepts every first name but one.
const PICKY: &str = "picky_payload";

fn picky(options: StackOptions) -> StackOptions {
    options.set("SECUREAUTH_PAYLOAD_SCHEMA_ID", PICKY)
}

/// A stack with that schema, and one biller with this many users.
async fn stack_with(options: StackOptions, users: u32) -> Result<Stack, Box<dyn std::error::Error>> {
    let stack = start(options, "1876", users).await?;
    add_schema(&stack, PICKY, &picky_schema())?;
    Ok(stack)
}

fn picky_schema() -> Value {
    json!({"type": "object", "properties": {
        "first_name": {"type": "string", "not": {"const": UNWANTED}},
        "last_name": {"type": "string"}, "user_name": {"type": "string"}}})
}

/// A first name that the schemas refuse.
pub(crate) const UNWANTED: &str = "unwanted";

pub(crate) fn add_schema(stack: &Stack, id: &str, schema: &Value) -> Outcome {
    let schema = json!({"id": id, "name": id, "schema": schema});
    stack.simulator().seed(Seed {
        schemas: schema.as_object().cloned().into_iter().collect(),
        ..Seed::default()
    })?;
    Ok(())
}

/// The picky schema in a dialect that only SecureAuth knows, and one biller with this many users.
pub(crate) async fn stack_with_unknown_dialect(
    options: StackOptions,
    users: u32,
) -> Result<Stack, Box<dyn std::error::Error>> {
    let stack = start(
        options.set("SECUREAUTH_PAYLOAD_SCHEMA_ID", UNKNOWN_DIALECT),
        "1876",
        users,
    )
    .await?;
    add_unknown_dialect(&stack)?;
    Ok(stack)
}

/// Id of that schema.
pub(crate) const UNKNOWN_DIALECT: &str = "own_dialect";

/// Adds that schema to SecureAuth.
pub(crate) fn add_unknown_dialect(stack: &Stack) -> Outcome {
    let mut schema = picky_schema();
    schema["$schema"] = json!("https://secureauth.example/dialect");
    add_schema(stack, UNKNOWN_DIALECT, &schema)
}

/// Gives a user a first name that the schema refuses. Returns the user's GUID.
pub(crate) fn make_unfit(stack: &Stack, number: u32) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let user = UserRow {
        first_name: Some(UNWANTED.into()),
        ..UserRow::sample("1876", number)
    };
    assert_eq!(stack.crm().replace_user("1876", &user)?, 1);
    Ok(user.user_guid)
}

fn wrote(stack: &Stack) -> bool {
    let calls = stack.simulator().calls();
    calls
        .iter()
        .any(|call| call.method != "GET" && call.operation.as_deref() != Some("token"))
}

async fn issues(stack: &Stack) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(status(stack, "1876").await?.json["onboarding"]["issues"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whose_payload_does_not_fit_the_schema_fails_the_run_before_anything_is_written() -> Outcome {
    let stack = stack_with(picky(options()), 150).await?;
    let unfit = make_unfit(&stack, 77)?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("invalid_users"))
    );
    let expected = json!([{"userGuid": unfit, "field": "first_name", "code": "invalid"}]);
    assert_eq!(issues(&stack).await?, expected);
    assert!(!wrote(&stack), "nothing was written");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whose_payload_does_not_fit_the_schema_is_never_sent_where_skipping_is_wanted() -> Outcome {
    let stack = stack_with(picky(options().set("ON_INVALID_USER", "skip")), 150).await?;
    make_unfit(&stack, 77)?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported, run.skipped), ("succeeded", 149, 1));
    assert_eq!(stack.in_secureauth("1876"), live(149));
    assert_eq!(calls_of(&stack, IMPORT).len(), 2, "no chunk had to be halved");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_stops_fitting_the_schema_after_the_check_is_the_same_data_error() -> Outcome {
    let stack = stack_with(picky(patient()), 3).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("create_organization", refusal(503, false)));
    let run = enable_until_it_waits(&stack, "1876").await?;
    let unfit = make_unfit(&stack, 2)?;
    let run = resume(&stack, &run).await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("invalid_users"))
    );
    let expected = json!([{"userGuid": unfit, "field": "first_name", "code": "invalid"}]);
    assert_eq!(issues(&stack).await?, expected);
    assert_eq!(stack.in_secureauth("1876"), nothing());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_schema_that_does_not_exist_fails_the_run_before_anything_is_written() -> Outcome {
    let stack = start(options().set("SECUREAUTH_PAYLOAD_SCHEMA_ID", "absent"), "1876", 3).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("failed", Some("payload_schema_unusable"))
    );
    assert!(!wrote(&stack), "nothing was written");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn regular_expressions_of_the_schema_are_those_of_go() -> Outcome {
    let stack = start(options().set("SECUREAUTH_PAYLOAD_SCHEMA_ID", "go"), "1876", 30).await?;
    let schema = json!({"properties": {
        "first_name": {"pattern": "^[^[:digit:]]+$"},
        "last_name": {"pattern": r"^\Q[\E|^\PN+$"},
        "user_name": {"pattern": "^[[:alnum:]._@-]+$"}}});
    add_schema(&stack, "go", &schema)?;
    let told = plan(&stack, "1876").await?;
    told.expect("schema", "go exists; the users were checked against it");
    let unfit = UserRow {
        first_name: Some("R2".into()),
        ..UserRow::sample("1876", 7)
    };
    stack.crm().replace_user("1876", &unfit)?;
    assert_eq!(enable(&stack, "1876").await?.reason.as_deref(), Some("invalid_users"));
    let expected = json!([{"userGuid": unfit.user_guid, "field": "first_name", "code": "invalid"}]);
    assert_eq!(issues(&stack).await?, expected);
    stack.crm().replace_user("1876", &UserRow::sample("1876", 7))?;
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(30));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_secureauth_can_check_is_a_warning_and_the_users_are_sent() -> Outcome {
    let stack = stack_with_unknown_dialect(options(), 30).await?;
    let told = plan(&stack, "1876").await?;
    assert_eq!(told.code, Some(0), "{}", told.why);
    told.expect(
        "schema",
        "own_dialect exists; only SecureAuth can check the users against it, because of $schema or $ref",
    );
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    assert_eq!(stack.in_secureauth("1876"), live(30));
    let lines = console_until(&stack, &run, "the run succeeded").await?;
    let warnings = lines
        .iter()
        .filter(|line| line.contains("only SecureAuth can check users"));
    assert_eq!(warnings.count(), 1, "{lines:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payload_schema_is_fetched_once_in_a_run_of_one_time_slice() -> Outcome {
    let stack = start(options(), "1876", 3).await?;
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    assert_eq!(calls_of(&stack, "get_schema").len(), 1);
    Ok(())
}
