//! What is logged, how much of it, and what never is (docs/LOGGING.md).

use functions_host::ConsoleStream;
use local_stack::{RunRecord, Stack, UserRow};
use secureauth_simulator::{Fault, FaultKind, FaultStatus};
use serde_json::{Value, json};

use crate::support::{DEADLINE, Outcome, enable, ended, options, start};

const SECRET: &str = "marked-client-secret-7f3a";

#[tokio::test(flavor = "multi_thread")]
async fn credentials_and_personal_data_are_never_logged_not_even_at_debug_level() -> Outcome {
    let mut marked = options()
        .set("LOG_LEVEL", "debug")
        .set("SECUREAUTH_CLIENT_SECRET", SECRET);
    if let Some(client) = marked.simulator.clients.first_mut() {
        client.secret = SECRET.to_owned();
    }
    let stack = start(marked, "1876", 0).await?;
    let user = UserRow {
        user_name: Some("marked-login".into()),
        first_name: Some("Markedfirst".into()),
        last_name: Some("Markedlast".into()),
        email: Some("marked@address.example".into()),
        ..UserRow::sample("1876", 1)
    };
    let mut bad = UserRow {
        user_name: Some("marked login two".into()),
        ..UserRow::sample("1876", 2)
    };
    bad.email = Some("marked-not-an-address".into());
    stack.crm().add_users("1876", std::slice::from_ref(&user))?;
    let body = json!({"source": "crm-toggle", "ciamEnabled": true, "requestedBy": "Marked Person"});
    let toggled = stack.front_door().post("1876", &body).await?;
    assert_eq!(ended(&stack, "1876", &toggled).await?.state, "succeeded");
    // Failures: a refused import, a server that is down, data errors, and a refusal of everything.
    let answers = [(500, 1), (422, 2)];
    for (status, nth) in answers {
        let fault = FaultStatus {
            status,
            ..FaultStatus::default()
        };
        stack
            .simulator()
            .faults()
            .add(Fault::on("import_identity_configuration", FaultKind::Status(fault)).nth(nth));
    }
    stack.crm().add_users(
        "1876",
        &[UserRow {
            user_name: Some("marked-login-3".into()),
            ..UserRow::sample("1876", 3)
        }],
    )?;
    enable(&stack, "1876").await?;
    stack.crm().add_users("1876", &[bad])?;
    assert_eq!(enable(&stack, "1876").await?.skipped, 1);
    let refused = FaultStatus {
        status: 422,
        ..FaultStatus::default()
    };
    stack
        .simulator()
        .faults()
        .add(Fault::on("get_organization", FaultKind::Status(refused)));
    let failed = enable(&stack, "1876").await?;
    assert_eq!(failed.state, "failed");
    let shown = stack.front_door().status("1876").await?;

    let mut everything = console_until(&stack, &failed, "the run failed").await?;
    assert!(everything.len() > 50, "debug lines were captured");
    everything.extend(stack.host().user_logs().into_iter().map(|log| format!("{log:?}")));
    everything.extend([toggled.text, shown.text]);
    everything.push(stack.handler().run(&["status", "1876"]).await?);
    for line in everything {
        assert!(!line.to_lowercase().contains("marked"), "{line}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_slice_logs_at_most_ten_lines_whatever_the_number_of_users_each_with_its_ids() -> Outcome {
    let stack = start(options().patient().set("USERS_PER_PAGE", "50"), "1876", 600).await?;
    let run = enable(&stack, "1876").await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", 600));
    let lines = console_until(&stack, &run, "the run succeeded").await?;
    let lines: Vec<Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let time_slice: Vec<&Value> = lines
        .iter()
        .filter(|line| line["function"] == "function-migrate-users")
        .collect();
    assert!((1..=10).contains(&time_slice.len()), "{time_slice:#?}");
    for line in time_slice {
        assert_eq!(line["onboarding_id"], run.onboarding_id.as_str(), "{line}");
        for id in ["invocation_id", "trace_id"] {
            assert!(line[id].as_str().is_some_and(|id| !id.is_empty()), "{id}: {line}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_request_of_the_crm_through_every_time_slice() -> Outcome {
    let options = options().set("RUN_PAUSES", "10ms").set("RETRY_ATTEMPTS", "1");
    let stack = start(options, "1876", 3).await?;
    let lost = FaultStatus {
        status: 503,
        ..FaultStatus::default()
    };
    let lost = Fault::on("create_pool", FaultKind::Status(lost)).nth(1);
    stack.simulator().faults().add(lost);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let toggled = stack
        .front_door()
        .send(reqwest::Method::POST, "1876", |request| {
            let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
            request.json(&json!({"source": "crm-toggle", "ciamEnabled": true, "requestedBy": "jane.doe"}))
        })
        .await?;
    let run = ended(&stack, "1876", &toggled).await?;
    assert_eq!(run.state, "succeeded");
    let lines = console_until(&stack, &run, "the run succeeded").await?;
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_run: Vec<Value> = lines
        .filter(|line| line["onboarding_id"] == run.onboarding_id.as_str())
        .collect();
    let invocations: std::collections::BTreeSet<&str> = of_run
        .iter()
        .filter_map(|line| line["invocation_id"].as_str())
        .collect();
    assert!(invocations.len() > 2, "a request and two time slices: {of_run:#?}");
    for line in &of_run {
        assert_eq!(line["trace_id"], trace, "{line}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_time_slice_says_how_many_calls_it_made_so_that_a_share_of_them_can_raise_an_alert() -> Outcome {
    let options = options().set("RUN_PAUSES", "10ms").set("RETRY_ATTEMPTS", "2");
    let stack = start(options, "1876", 250).await?;
    let down = FaultStatus {
        status: 503,
        ..FaultStatus::default()
    };
    let down = Fault::on("create_pool", FaultKind::Status(down)).times(2);
    stack.simulator().faults().add(down);
    let run = enable(&stack, "1876").await?;
    assert_eq!(run.state, "succeeded");
    let lines = console_until(&stack, &run, "\"outcome\":\"succeeded\"").await?;
    let counts: Vec<u64> = lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["message"] == "the time slice made its calls")
        .filter_map(|line| line["calls"].as_u64())
        .collect();
    let calls = stack.simulator().calls();
    let of_run = calls
        .iter()
        .filter(|call| call.correlation_id.as_deref() == Some(&run.onboarding_id));
    assert_eq!(counts.len(), 2, "{counts:?}");
    assert_eq!(counts.iter().sum::<u64>(), u64::try_from(of_run.count())?, "{counts:?}");
    Ok(())
}

/// A log line has its module, a report has none.
fn is_log_line(line: &str) -> bool {
    line.contains("biller_onboarding::") || line.contains("ic_secureauth_api::")
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_logs_to_stdout_and_a_subcommand_to_stderr_because_its_stdout_is_the_report() -> Outcome {
    let stack = start(options().set("LOG_LEVEL", "debug"), "1876", 2).await?;
    let run = enable(&stack, "1876").await?;
    console_until(&stack, &run, "the run succeeded").await?;
    let console = stack.host().console_lines();
    let served = console.iter().filter(|line| is_log_line(&line.text));
    assert!(served.clone().count() > 10 && served.clone().all(|line| line.stream == ConsoleStream::Stdout));
    for (arguments, first) in [
        (&["plan", "1876"][..], "biller        1876"),
        (&["status", "1876"], "biller        1876"),
        (&["db", "check"], "schema version 1"),
    ] {
        let output = stack.handler().output(arguments).await?;
        let (told, logged) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        assert_eq!(told.lines().next(), Some(first), "{arguments:?}");
        assert!(!is_log_line(&told), "{arguments:?}: {told}");
        assert!(logged.lines().all(is_log_line), "{arguments:?}: {logged}");
        assert_eq!(logged.contains("\"message\":\"ready\""), arguments[0] == "plan");
    }
    Ok(())
}

/// The lines of the console, as soon as the end of this run is among them.
pub(crate) async fn console_until(
    stack: &Stack,
    run: &RunRecord,
    end: &str,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let is_end = |text: &str| text.contains(&run.onboarding_id) && text.contains(end);
    let lines = stack
        .host()
        .wait_for_console(DEADLINE, |lines| lines.iter().any(|line| is_end(&line.text)))
        .await?;
    Ok(lines.into_iter().map(|line| line.text).collect())
}
