//! Starts stacks, and helpers that many tests need.

use std::time::Duration;

use local_stack::{BillerInventory, HttpAnswer, RunRecord, Stack, StackOptions, UserRow};
use secureauth_simulator::{CallRecord, FaultKind, FaultStatus, PoolUser};
use serde_json::{Value, json};

/// A test fails with whatever went wrong first.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Long enough for an unoptimized build on a busy machine. A test that passes does not wait for it.
pub(crate) const DEADLINE: Duration = Duration::from_mins(5);

/// The usual options: short times, free ports, one host.
pub(crate) fn options() -> StackOptions {
    StackOptions::new(env!("CARGO_BIN_EXE_biller-onboarding"))
}

/// A stack with one biller and this many users.
pub(crate) async fn stack_with(biller: &str, users: u32) -> Result<Stack, Box<dyn std::error::Error>> {
    start(options(), biller, users).await
}

/// A stack with these options, and one biller with this many users.
pub(crate) async fn start(
    options: StackOptions,
    biller: &str,
    users: u32,
) -> Result<Stack, Box<dyn std::error::Error>> {
    let stack = Stack::start(options).await?;
    add_biller(&stack, biller, users)?;
    Ok(stack)
}

/// Adds a biller with this many users.
pub(crate) fn add_biller(stack: &Stack, biller: &str, users: u32) -> Outcome {
    stack.crm().add_biller(biller, "Smith & Sons, Inc.")?;
    stack.crm().add_users(biller, &UserRow::samples(biller, users))?;
    Ok(())
}

/// Waits until something holds that no run of a biller shows.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> Result<bool, Box<dyn std::error::Error>>) -> Outcome {
    let end = tokio::time::Instant::now() + DEADLINE;
    while !holds()? {
        assert!(tokio::time::Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Toggles to Yes and waits for the end of the run.
pub(crate) async fn enable(stack: &Stack, biller: &str) -> Result<RunRecord, Box<dyn std::error::Error>> {
    let answer = stack.front_door().toggle(biller, true).await?;
    assert_eq!(answer.status, 202, "{}", answer.text);
    ended(stack, biller, &answer).await
}

/// Toggles to No and waits for the end of the run.
pub(crate) async fn disable(stack: &Stack, biller: &str) -> Result<RunRecord, Box<dyn std::error::Error>> {
    let answer = stack.front_door().toggle(biller, false).await?;
    assert_eq!(answer.status, 202, "{}", answer.text);
    ended(stack, biller, &answer).await
}

/// Everybody whom the CRM has is in a counter. People without a row, with a `deleted` one or with a data error are in a second one, or
/// are not in the total.
pub(crate) fn assert_counters_add_up(run: &RunRecord) {
    if run.state != "succeeded" || run.kind == "disable" {
        return;
    }
    let settled = run.imported + run.changed + run.reactivated + run.linked + run.already_present;
    let all = settled + run.deactivated + run.skipped + run.failed;
    assert!(settled <= run.users_total && run.users_total <= all, "{run:?}");
}

/// Waits until the run that the answer names has ended or is stuck.
pub(crate) async fn ended(
    stack: &Stack,
    biller: &str,
    answer: &HttpAnswer,
) -> Result<RunRecord, Box<dyn std::error::Error>> {
    let id = answer.text_at("/onboardingId").to_owned();
    let run = stack
        .wait_for(biller, DEADLINE, |run| run.onboarding_id == id && run.has_ended())
        .await?;
    assert_counters_add_up(&run);
    Ok(run)
}

/// What an enabled biller has in SecureAuth.
pub(crate) fn live(users: u64) -> BillerInventory {
    BillerInventory {
        deactivated: Some(false),
        pools: 1,
        pools_with_idp: 1,
        users,
    }
}

/// What SecureAuth holds of a biller without an organization.
pub(crate) fn nothing() -> BillerInventory {
    BillerInventory::default()
}

/// A complete body of the CRM's toggle.
pub(crate) fn toggle(enabled: bool, event_id: &str) -> Value {
    json!({
        "source": "crm-toggle",
        "ciamEnabled": enabled,
        "requestedBy": "jane.doe",
        "eventId": event_id,
    })
}

/// The answer of GET, which has to be a 200.
pub(crate) async fn status(stack: &Stack, biller: &str) -> Result<HttpAnswer, Box<dyn std::error::Error>> {
    let answer = stack.front_door().status(biller).await?;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Ok(answer)
}

/// Asserts that no answer of the handler broke the host's rules.
pub(crate) fn assert_understood(stack: &Stack) {
    assert_eq!(stack.violations(), Vec::<String>::new());
}

/// Every user of the biller's pools, by id.
pub(crate) fn users_in_secureauth(stack: &Stack, biller: &str) -> Vec<PoolUser> {
    let inventory = stack.simulator().inventory();
    let organization = inventory
        .organizations
        .iter()
        .find(|organization| organization.id == biller);
    let pools = organization
        .map(|organization| organization.pools.clone())
        .unwrap_or_default();
    pools
        .iter()
        .filter(|pool| !pool.deleted)
        .filter_map(|pool| stack.simulator().pool_users(&pool.id, None, usize::MAX))
        .flatten()
        .collect()
}

/// Somebody else who changes SecureAuth through its API.
pub(crate) struct SomebodyElse {
    http: reqwest::Client,
    base: String,
    tenant: String,
    token: String,
}

impl SomebodyElse {
    /// Gets a token.
    pub(crate) async fn in_secureauth_of(stack: &Stack) -> Result<Self, reqwest::Error> {
        let (base, tenant) = (stack.simulator().base_url(), stack.simulator().tenant().to_owned());
        let settings = stack.handler().settings();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", settings["SECUREAUTH_CLIENT_ID"].as_str()),
            ("client_secret", settings["SECUREAUTH_CLIENT_SECRET"].as_str()),
        ];
        let http = reqwest::Client::builder().no_proxy().build()?;
        let token = http
            .post(format!("{base}/{tenant}/system/oauth2/token"))
            .form(&form)
            .send()
            .await?;
        let token: Value = token.error_for_status()?.json().await?;
        Ok(Self {
            http,
            base,
            tenant,
            token: token["access_token"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// Calls the Identity API (`system/pools/…`).
    pub(crate) async fn identity(&self, method: reqwest::Method, path: &str, body: &Value) -> Outcome {
        self.send(method, &format!("identity/{}/{path}", self.tenant), body)
            .await
    }

    /// Calls the System API (`organizations/…`).
    pub(crate) async fn system(&self, method: reqwest::Method, path: &str, body: &Value) -> Outcome {
        self.send(method, &format!("system/{}/{path}", self.tenant), body).await
    }

    /// An organization with every member, as the API answers it.
    pub(crate) async fn organization(&self, id: &str) -> Result<Value, reqwest::Error> {
        let request = self.request(
            reqwest::Method::GET,
            &format!("system/{}/organizations/{id}", self.tenant),
        );
        request.send().await?.error_for_status()?.json().await
    }

    /// A pool with every setting, as the API answers it.
    pub(crate) async fn pool(&self, id: &str) -> Result<Value, reqwest::Error> {
        let path = format!("identity/{}/system/pools/{id}", self.tenant);
        let request = self.request(reqwest::Method::GET, &path);
        request.send().await?.error_for_status()?.json().await
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> Outcome {
        let answer = self.request(method, path).json(body).send().await?;
        answer.error_for_status()?;
        Ok(())
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/{path}", self.base));
        request.bearer_auth(&self.token)
    }
}

/// Deletes an organization and its pools in SecureAuth, as somebody else.
pub(crate) async fn remove_organization(stack: &Stack, id: &str) -> Outcome {
    let somebody = SomebodyElse::in_secureauth_of(stack).await?;
    for pool in pools_of(stack, id) {
        let path = format!("system/pools/{pool}?with_idp=true");
        somebody.identity(reqwest::Method::DELETE, &path, &Value::Null).await?;
    }
    let path = format!("organizations/{id}");
    somebody.system(reqwest::Method::DELETE, &path, &Value::Null).await
}

/// The ids of an organization's pools.
pub(crate) fn pools_of(stack: &Stack, organization: &str) -> Vec<String> {
    let inventory = stack.simulator().inventory();
    let organizations = inventory.organizations.into_iter().filter(|it| it.id == organization);
    organizations
        .flat_map(|organization| organization.pools)
        .map(|pool| pool.id)
        .collect()
}

/// An answer that refuses a call, before or after its effect.
pub(crate) fn refusal(status: u16, after_effect: bool) -> FaultKind {
    FaultKind::Status(FaultStatus {
        status,
        after_effect,
        ..FaultStatus::default()
    })
}

/// Refuses a request as one of a burst.
pub(crate) fn burst() -> FaultKind {
    FaultKind::Status(FaultStatus {
        status: 403,
        error_code: Some("request_forbidden".to_owned()),
        ..FaultStatus::default()
    })
}

/// Options of a run that waits after its first failure until an operator resumes it.
pub(crate) fn patient() -> StackOptions {
    options().set("RUN_PAUSES", "1h, 1h")
}

/// Toggles to Yes and waits until the run pauses.
pub(crate) async fn enable_until_it_waits(
    stack: &Stack,
    biller: &str,
) -> Result<RunRecord, Box<dyn std::error::Error>> {
    let answer = stack.front_door().toggle(biller, true).await?;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let id = answer.text_at("/onboardingId").to_owned();
    let waits = |run: &RunRecord| run.onboarding_id == id && run.state == "waiting";
    Ok(stack.wait_for(biller, DEADLINE, waits).await?)
}

/// As [`enable_until_it_waits`], for runs that may get over the fault by themselves.
pub(crate) async fn enable_until_it_waits_or_ends(
    stack: &Stack,
    biller: &str,
) -> Result<RunRecord, Box<dyn std::error::Error>> {
    let answer = stack.front_door().toggle(biller, true).await?;
    let id = answer.text_at("/onboardingId").to_owned();
    let holds = |run: &RunRecord| run.onboarding_id == id && (run.state == "waiting" || run.has_ended());
    Ok(stack.wait_for(biller, DEADLINE, holds).await?)
}

/// The port that the handler logs when it starts to listen.
pub(crate) async fn handler_port(stack: &Stack) -> Result<u16, Box<dyn std::error::Error>> {
    let is_serving = |text: &str| text.contains("serving");
    let console = stack
        .host()
        .wait_for_console(DEADLINE, |lines| lines.iter().any(|line| is_serving(&line.text)));
    let lines = console.await?;
    let line = lines.iter().find(|line| is_serving(&line.text)).expect("is there");
    let after = line.text.split("port").nth(1).unwrap_or_default();
    let digits = after.trim_start_matches(|it: char| !it.is_ascii_digit());
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    Ok(digits[..end].parse()?)
}

/// Removes all faults and resumes the run, as an operator does. Waits for the end of the run.
pub(crate) async fn resume(stack: &Stack, run: &RunRecord) -> Result<RunRecord, Box<dyn std::error::Error>> {
    stack.simulator().faults().clear();
    stack
        .handler()
        .run(&["resume", &run.onboarding_id, "--by", "ops"])
        .await?;
    Ok(stack.wait_for_end(&run.biller_id, DEADLINE).await?)
}

/// Nobody else writes to the database while this is held.
pub(crate) fn lock_database(stack: &Stack) -> Result<rusqlite::Connection, rusqlite::Error> {
    let connection = rusqlite::Connection::open(stack.database().path())?;
    connection.busy_timeout(DEADLINE)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    Ok(connection)
}

/// Makes the handler's database refuse these journal entries; `None` accepts all again.
pub(crate) fn refuse_journal_entry(stack: &Stack, entry: Option<&str>) -> Outcome {
    let connection = rusqlite::Connection::open(stack.database().path())?;
    connection.busy_timeout(DEADLINE)?;
    let sql = match entry {
        Some(entry) => format!(
            "CREATE TRIGGER refused_entry BEFORE INSERT ON onboarding_journal WHEN NEW.entry = '{entry}'
             BEGIN SELECT RAISE(ABORT, 'refused'); END;"
        ),
        None => "DROP TRIGGER refused_entry;".to_owned(),
    };
    connection.execute_batch(&sql)?;
    Ok(())
}

/// The details of a run's journal entries of one kind.
pub(crate) fn entries(stack: &Stack, run: &RunRecord, entry: &str) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
    let journal = stack.database().journal(&run.onboarding_id)?.into_iter();
    Ok(journal.filter(|it| it.entry == entry).map(|it| it.detail).collect())
}

/// The simulator's name of the import.
pub(crate) const IMPORT: &str = "import_identity_configuration";

/// The calls of one operation so far.
pub(crate) fn calls_of(stack: &Stack, operation: &str) -> Vec<CallRecord> {
    let calls = stack.simulator().calls().into_iter();
    calls
        .filter(|call| call.operation.as_deref() == Some(operation))
        .collect()
}
