//! The end of a handler process while it works on a run (docs/decisions.md#ending-on-a-signal). The stack's host is another
//! instance of the function app: it goes on with what the ending process gives back.

use std::time::{Duration, Instant};

use functions_host::FunctionsHost;
use local_stack::{Stack, StackOptions};
use secureauth_simulator::{Fault, FaultKind};

use crate::own_host::{OwnHost, called};
use crate::support::{DEADLINE, IMPORT, Outcome, calls_of, live, options, start};

const USERS: u32 = 250;
/// What an instance gets that is taken away.
const NOTICE: Duration = Duration::from_secs(20);

/// Only a lease that is given back lets another worker go on before the test fails. No call is given up because it takes long.
fn long_lease() -> StackOptions {
    options()
        .patient()
        .set("LEASE", "1h")
        .set("SECUREAUTH_IMPORT_DEADLINE", "30s")
}

/// A stack whose first import takes this long.
async fn with_slow_import(options: StackOptions, ms: u64) -> Result<Stack, Box<dyn std::error::Error>> {
    let stack = start(options, "1876", USERS).await?;
    let slow = FaultKind::Delay {
        ms,
        after_effect: false,
    };
    stack.simulator().faults().add(Fault::on(IMPORT, slow).nth(1));
    Ok(stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_given_back_within_the_notice_of_a_sigterm_and_the_other_instance_goes_on() -> Outcome {
    let stack = with_slow_import(long_lease(), 1_500).await?;
    let mut own = OwnHost::start(&stack).await?;
    let message = own.enable("1876").await?;
    let told = async {
        called(&stack, IMPORT).await?;
        own.signal("TERM").await
    };
    let (answered, told) = tokio::join!(own.migrate(&message), told);
    told?;
    let began = Instant::now();
    assert_eq!(answered?.0, 200, "the invocation is answered before the end");
    let status = tokio::time::timeout(DEADLINE, own.child.wait()).await??;
    assert_eq!(status.code(), Some(143));
    assert!(began.elapsed() < NOTICE, "{:?}", began.elapsed());

    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", USERS.into()));
    assert_eq!(stack.in_secureauth("1876"), live(USERS.into()));
    assert_eq!(calls_of(&stack, IMPORT).len(), 3, "no chunk was sent twice");
    assert_eq!(stack.error_lines(), Vec::<String>::new(), "nobody waited for the lease");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_hangs_does_not_keep_the_process_after_a_sigterm() -> Outcome {
    let stack = with_slow_import(long_lease(), 60_000).await?;
    let mut own = OwnHost::start(&stack).await?;
    let message = own.enable("1876").await?;
    let told = async {
        called(&stack, IMPORT).await?;
        let began = Instant::now();
        own.signal("TERM").await?;
        Ok::<_, Box<dyn std::error::Error>>(began)
    };
    let (_, began) = tokio::join!(own.migrate(&message), told);
    let began = began?;
    let status = tokio::time::timeout(DEADLINE, own.child.wait()).await??;
    assert_eq!(status.code(), Some(143));
    assert!(began.elapsed() < NOTICE, "{:?}", began.elapsed());
    let run = stack.database().latest_run("1876")?.ok_or("there is a run")?;
    assert_eq!(
        (run.state.as_str(), run.reason.as_deref()),
        ("waiting", None),
        "given back"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_whose_host_was_killed_ends_and_the_other_instance_goes_on_with_its_run() -> Outcome {
    let stack = with_slow_import(long_lease(), 3_000).await?;
    let mut own = OwnHost::start_below_a_shell(&stack).await?;
    let message = own.enable("1876").await?;
    let killed = async {
        called(&stack, IMPORT).await?;
        own.signal("KILL").await
    };
    let migrate = own.migrate(&message);
    tokio::select! {
        _ = migrate => return Err("answered too early".into()),
        killed = killed => killed?,
    }
    // Nobody reads what the handler writes any more.
    drop((own.child.stdout.take(), own.child.stderr.take()));
    own.listens(false).await?;
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!((run.state.as_str(), run.imported), ("succeeded", USERS.into()));
    assert_eq!(stack.in_secureauth("1876"), live(USERS.into()));
    assert_eq!(stack.error_lines(), Vec::<String>::new(), "nobody waited for the lease");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_without_work_ends_at_once_with_the_signals_code() -> Outcome {
    let stack = start(options(), "1876", 1).await?;
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut own = OwnHost::start(&stack).await?;
        let began = Instant::now();
        own.signal(signal).await?;
        let status = tokio::time::timeout(DEADLINE, own.child.wait()).await??;
        assert_eq!(status.code(), Some(code), "{signal}");
        assert!(began.elapsed() < NOTICE / 2, "{:?}", began.elapsed());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_taken_away_without_notice_mid_run_loses_nothing() -> Outcome {
    let two = options().hosts(2).set("LEASE", "6s").set("HEARTBEAT", "1s");
    let stack = with_slow_import(two, 1_500).await?;
    let answer = stack.front_door().toggle("1876", true).await?;
    called(&stack, IMPORT).await?;
    let id = answer.text_at("/onboardingId");
    let works = |host: &&FunctionsHost| {
        let lines = host.console_lines();
        let mut of_run = lines.iter().filter(|line| line.text.contains(id));
        of_run.any(|line| line.text.contains("pool"))
    };
    let taken_away = stack.hosts().iter().find(works).ok_or("a host works on the run")?;
    taken_away.stop().await;
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!((run.state.as_str(), run.onboarding_id.as_str()), ("succeeded", id));
    assert_eq!(stack.in_secureauth("1876"), live(USERS.into()));
    Ok(())
}
