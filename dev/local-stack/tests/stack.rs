//! The stack as tests use it. The handler's binary has to be built before; `cargo test --workspace` does that.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use local_stack::{Stack, StackOptions, UserRow};
use secureauth_simulator::{Fault, FaultKind, FaultStatus};

/// Long enough for any machine. A test that passes does not wait for it.
const DEADLINE: Duration = Duration::from_mins(5);

fn options() -> StackOptions {
    StackOptions::new(Path::new(env!("CARGO_BIN_EXE_local-stack")).with_file_name("biller-onboarding"))
}

fn add_biller(stack: &Stack, id: &str, users: u32) -> Result<(), Box<dyn Error>> {
    stack.crm().add_biller(id, "City of Springfield")?;
    stack.crm().add_users(id, &UserRow::samples(id, users))?;
    Ok(())
}

#[tokio::test]
async fn what_was_recorded_can_be_read_back() -> Result<(), Box<dyn Error>> {
    let stack = Stack::start(options()).await?;
    add_biller(&stack, "1876", 3)?;
    assert_eq!(stack.front_door().wizard("1876", true).await?.status, 202);
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!(
        (run.state.as_str(), run.imported, run.source.as_str()),
        ("succeeded", 3, "biller-wizard")
    );

    let biller = stack.database().biller("1876")?.ok_or("the biller has a record")?;
    assert_eq!(
        (biller.state.as_str(), biller.organization_id.as_deref()),
        ("active", Some("1876"))
    );
    let journal = stack.database().journal(&run.onboarding_id)?;
    assert_eq!(journal.first().map(|entry| entry.entry.as_str()), Some("settings_kept"));
    assert!(
        journal.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq),
        "{journal:#?}"
    );
    let accounts = stack.database().accounts("1876")?;
    assert!(
        accounts
            .values()
            .all(|account| !account.open && account.origin == "imported")
    );
    assert_eq!(stack.database().users_onboarded("1876")?, 3);
    let product = stack.crm().product_ciam("1876")?.ok_or("the CRM was told")?;
    assert_eq!((product.toggle_on, product.onboarding_id), (true, run.onboarding_id));
    assert_eq!(product.activation_date, biller.activation_date);
    assert_eq!(stack.in_secureauth("1876").users, 3);
    assert!(stack.handler().run(&["status", "1876"]).await?.contains("active"));
    assert_eq!(stack.violations(), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn two_hosts_share_one_queue_and_one_database() -> Result<(), Box<dyn Error>> {
    let mut stack = Stack::start(options().hosts(2)).await?;
    assert_ne!(stack.hosts()[0].handler_pid(), stack.hosts()[1].handler_pid());
    for number in 0..6 {
        let id = number.to_string();
        add_biller(&stack, &id, 5)?;
        let answer = stack.front_door_of(number % 2).toggle(&id, true).await?;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    stack.drain(DEADLINE).await?;
    stack.remove_host(1).await;
    add_biller(&stack, "7", 5)?;
    stack.front_door().toggle("7", true).await?;
    stack.drain(DEADLINE).await?;
    let runs = stack.database().runs()?;
    assert_eq!(runs.len(), 7);
    assert!(runs.iter().all(|run| run.state == "succeeded"), "{runs:#?}");
    assert_eq!(stack.violations(), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn a_run_that_pauses_is_settled_and_not_drained() -> Result<(), Box<dyn Error>> {
    let stack = Stack::start(options().set("RUN_PAUSES", "10m")).await?;
    add_biller(&stack, "1876", 1)?;
    let unavailable = FaultKind::Status(FaultStatus {
        status: 503,
        ..FaultStatus::default()
    });
    stack
        .simulator()
        .faults()
        .add(Fault::on("create_organization", unavailable));
    stack.front_door().toggle("1876", true).await?;
    stack.settle(Duration::from_mins(1), DEADLINE).await?;
    let undrained = stack
        .drain(Duration::from_millis(50))
        .await
        .expect_err("the run has not ended");
    assert!(
        undrained.to_string().contains("biller 1876: enable run is waiting"),
        "{undrained}"
    );
    Ok(())
}

#[tokio::test]
async fn a_wait_that_fails_says_which_state_it_found() -> Result<(), Box<dyn Error>> {
    let stack = Stack::start(options()).await?;
    let waited = stack.wait_for_end("1876", Duration::from_millis(20)).await;
    assert!(
        waited
            .expect_err("nothing was asked for")
            .to_string()
            .contains("biller 1876 has no run")
    );
    Ok(())
}

#[tokio::test]
async fn a_crm_that_refuses_can_be_made_to_accept_again() -> Result<(), Box<dyn Error>> {
    let stack = Stack::start(options().set("ROLLBACK_PAUSES", "100ms")).await?;
    add_biller(&stack, "1876", 1)?;
    stack.crm().refuse_ciam_status(true)?;
    stack.front_door().toggle("1876", true).await?;
    stack
        .wait_for("1876", DEADLINE, |run| run.waiting_for.is_some())
        .await?;
    assert_eq!(stack.crm().product_ciam("1876")?, None);
    stack.crm().refuse_ciam_status(false)?;
    let run = stack.wait_for_end("1876", DEADLINE).await?;
    assert_eq!(run.state, "succeeded");
    Ok(())
}
