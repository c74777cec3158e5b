//! Provokes the answers that depend on the request and on the biller.

use local_stack::UserRow;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use secureauth_simulator::Fault;
use serde_json::json;

use super::Answers;
use crate::request_forms::chunked;
use crate::rolling_back::waiting_in_its_rollback;
use crate::support::{disable, enable, ended, options, refusal, stack_with, start, toggle};

/// A biller that is enabled, synced with data errors, and disabled.
pub(super) async fn of_a_course() -> Answers {
    let stack = stack_with("1876", 3).await?;
    let door = stack.front_door();
    let mut all = vec![("get", door.status("1876").await?)];
    all.push(("post", door.wizard("1876", false).await?));
    let accepted = door.post("1876", &toggle(true, "e-1")).await?;
    ended(&stack, "1876", &accepted).await?;
    all.push(("post", accepted));
    all.push(("get", door.status("1876").await?));
    all.push(("post", door.post("1876", &toggle(true, "e-1")).await?));
    all.push(("post", door.post("1876", &toggle(false, "e-1")).await?));
    let mut bad = UserRow::sample("1876", 1);
    bad.email = Some("no address".into());
    stack.crm().replace_user("1876", &bad)?;
    let mut renamed = UserRow::sample("1876", 2);
    renamed.last_name = Some("Renamed".into());
    stack.crm().replace_user("1876", &renamed)?;
    enable(&stack, "1876").await?;
    let synced = door.status("1876").await?;
    assert_eq!(synced.json["completedWithIssues"], true);
    all.push(("get", synced));
    disable(&stack, "1876").await?;
    all.push(("get", door.status("1876").await?));
    Ok(all)
}

/// Runs that are queued, rolling back, stuck, and failed.
pub(super) async fn of_runs_that_go_wrong() -> Answers {
    let mut all = Vec::new();
    let frozen = options().set("AzureWebJobs.function-migrate-users.Disabled", "true");
    let stack = start(frozen, "1876", 1).await?;
    for enabled in [true, false] {
        all.push(("post", stack.front_door().toggle("1876", enabled).await?));
    }
    all.push(("get", stack.front_door().status("1876").await?));

    let (stack, _) = waiting_in_its_rollback().await?;
    all.push(("post", stack.front_door().post("1876", &toggle(true, "e-1")).await?));
    all.push(("post", stack.front_door().toggle("1876", false).await?));
    all.push(("get", stack.front_door().status("1876").await?));

    let stack = start(options().set("ROLLBACK_TIME_LIMIT", "1s"), "1876", 2).await?;
    stack.crm().refuse_ciam_status(true)?;
    enable(&stack, "1876").await?;
    all.push(("get", stack.front_door().status("1876").await?));
    all.push(("post", stack.front_door().toggle("1876", true).await?));

    let stack = stack_with("1876", 1).await?;
    let faults = stack.simulator().faults();
    faults.add(Fault::on("create_organization", refusal(422, false)));
    let failing = stack.front_door().wizard("1876", true).await?;
    ended(&stack, "1876", &failing).await?;
    all.push(("get", stack.front_door().status("1876").await?));
    Ok(all)
}

/// Requests that are refused before a run is looked at.
pub(super) async fn refused_by_their_form() -> Answers {
    let stack = stack_with("1876", 1).await?;
    stack.crm().add_biller("1877", None)?;
    stack.crm().add_biller("1878", "Smith & Sons, Inc.")?;
    stack.crm().rename_biller("1878", b"K\xc3")?;
    let door = stack.front_door();
    let mut all = Vec::new();
    for biller in ["18.76", "unknown"] {
        all.push(("get", door.status(biller).await?));
        all.push(("post", door.toggle(biller, true).await?));
    }
    all.push(("post", door.wizard("unknown", true).await?));
    for biller in ["1877", "1878"] {
        all.push(("post", door.toggle(biller, true).await?));
    }
    let mut unknown = toggle(true, "e-1");
    unknown["x".repeat(100)] = json!(1);
    all.push(("post", door.post("1876", &unknown).await?));
    all.push(("post", door.post_text("1876", "x".repeat(70_000)).await?));
    let text = toggle(true, "e-1").to_string();
    let in_chunks = door.send(Method::POST, "1876", |request| request.body(chunked(text.clone())));
    all.push(("post", in_chunks.await?));
    let as_text = door.send(Method::POST, "1876", |request| {
        request.header(CONTENT_TYPE, "text/plain").body(text)
    });
    all.push(("post", as_text.await?));
    Ok(all)
}
