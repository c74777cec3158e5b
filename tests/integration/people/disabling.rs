//! No ends sessions, and never fails because they cannot be ended.

use secureauth_simulator::Fault;

use super::found_pools::by_hand;
use super::{BILLER, assert_synced, everybody_signs_in, guid_of, issues, sample};
use crate::support::{
    Outcome, calls_of, disable, enable, entries, options, refusal, stack_with, start, status, users_in_secureauth,
};

fn sessions(stack: &local_stack::Stack) -> usize {
    let users = users_in_secureauth(stack, BILLER);
    users.iter().map(|user| user.sessions).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_ends_the_sessions_of_all_users() -> Outcome {
    let stack = start(options().patient(), BILLER, 230).await?;
    enable(&stack, BILLER).await?;
    assert!(everybody_signs_in(&stack) > 200);
    let run = disable(&stack, BILLER).await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("disable", "succeeded"));
    assert_eq!(sessions(&stack), 0);
    assert_eq!(issues(&stack)?, []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_ends_the_sessions_of_everybody_in_a_pool_that_was_there_before() -> Outcome {
    let stack = start(options().patient(), BILLER, 120).await?;
    // Numbers 877 and 878 are not in the CRM.
    by_hand(&stack, &[1, 2, 877, 878])?;
    enable(&stack, BILLER).await?;
    assert!(everybody_signs_in(&stack) > 100);
    let run = disable(&stack, BILLER).await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("disable", "succeeded"));
    assert_eq!((sessions(&stack), issues(&stack)?), (0, Vec::new()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_revocation_is_an_issue_and_the_biller_is_inactive() -> Outcome {
    let stack = stack_with(BILLER, 3).await?;
    enable(&stack, BILLER).await?;
    everybody_signs_in(&stack);
    stack
        .simulator()
        .faults()
        .add(Fault::on("revoke_tokens", refusal(422, false)));
    let run = disable(&stack, BILLER).await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("disable", "succeeded"));
    assert_eq!(stack.database().biller(BILLER)?.expect("is there").state, "inactive");
    let expected = (String::new(), "user".to_owned(), "not_revoked".to_owned());
    assert_eq!((sessions(&stack), issues(&stack)?), (3, vec![expected]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_revocation_is_one_issue_and_the_sessions_of_all_others_end() -> Outcome {
    let stack = start(options().patient(), BILLER, 330).await?;
    enable(&stack, BILLER).await?;
    let before = everybody_signs_in(&stack);
    assert!(before > 250);
    // A call for a hundred users, and three of the calls for each of them that follow.
    let four = Fault::on("revoke_tokens", refusal(422, false)).nth(1).every(1).times(4);
    stack.simulator().faults().add(four);
    let run = disable(&stack, BILLER).await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("disable", "succeeded"));
    assert_eq!(calls_of(&stack, "revoke_tokens").len(), 4 + 3);
    let left = sessions(&stack);
    assert!((80..=100).contains(&left), "{left} of the first hundred users");
    let expected = (String::new(), "user".to_owned(), "not_revoked".to_owned());
    assert_eq!(issues(&stack)?, [expected]);
    let view = status(&stack, BILLER).await?;
    assert_eq!(view.number_at("/onboarding/issuesTotal"), 1);
    assert_eq!(entries(&stack, &run, "sessions_revoked")?[0]["in_part"], true);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_whose_sessions_secureauth_does_not_end_keeps_nobody_elses() -> Outcome {
    let stack = stack_with(BILLER, 8).await?;
    enable(&stack, BILLER).await?;
    assert_eq!(everybody_signs_in(&stack), 8);
    let faults = stack.simulator().faults();
    faults.add(Fault::on("revoke_tokens", refusal(422, false)).nth(1));
    faults.add(Fault::on("revoke_tokens", refusal(422, false)).nth(3));
    let run = disable(&stack, BILLER).await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("disable", "succeeded"));
    assert_eq!((sessions(&stack), issues(&stack)?.len()), (1, 1));
    let view = status(&stack, BILLER).await?;
    assert_eq!(
        (view.text_at("/status"), &view.json["completedWithIssues"]),
        ("inactive", &true.into())
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_whose_revocations_always_fail_reports_it_and_everybody_is_brought_in_line() -> Outcome {
    for status in [403, 503] {
        let stack = start(options().set("RUN_PAUSES", "20ms, 20ms"), BILLER, 6).await?;
        enable(&stack, BILLER).await?;
        everybody_signs_in(&stack);
        stack.crm().set_user_status(BILLER, &guid_of(&sample(2)), "inactive")?;
        stack.crm().add_users(BILLER, &[sample(41)])?;
        let fails = Fault::on("revoke_tokens", refusal(status, false));
        stack.simulator().faults().add(fails);
        let run = enable(&stack, BILLER).await?;
        assert_synced(&run);
        assert_eq!((run.imported, run.deactivated), (1, 1), "{status}");
        let expected = (String::new(), "user".to_owned(), "not_revoked".to_owned());
        assert_eq!(issues(&stack)?, [expected]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_scope_a_no_asks_for_nobody_and_reports_it_once() -> Outcome {
    let mut options = options().patient();
    for client in &mut options.simulator.clients {
        client.scopes.retain(|scope| scope != "revoke_tokens");
    }
    let stack = start(options, BILLER, 230).await?;
    enable(&stack, BILLER).await?;
    let run = disable(&stack, BILLER).await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("disable", "succeeded"));
    assert!(calls_of(&stack, "revoke_tokens").is_empty());
    let expected = (String::new(), "user".to_owned(), "not_revoked".to_owned());
    assert_eq!(issues(&stack)?, [expected]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_without_an_answer_is_given_up_after_the_pauses_of_a_run() -> Outcome {
    let stack = start(options().set("RUN_PAUSES", "1ms,1ms"), BILLER, 3).await?;
    enable(&stack, BILLER).await?;
    stack
        .simulator()
        .faults()
        .add(Fault::on("revoke_tokens", refusal(503, false)));
    let run = disable(&stack, BILLER).await?;
    assert_eq!((run.kind.as_str(), run.state.as_str()), ("disable", "succeeded"));
    let expected = (String::new(), "user".to_owned(), "not_revoked".to_owned());
    assert_eq!(issues(&stack)?, [expected]);
    Ok(())
}
