//! The invariant of design.md §1 under every fault, through the real protocols: each course × each SecureAuth operation it
//! calls × each kind of fault × the call it meets; the process killed at each call; messages doubled and timers fired.
//!
//! A case that fails is named with all that is needed to repeat it. The simulator's seed is 0 in every set.

mod invariant;
mod kind;
mod lane;
mod matrix;
mod scenario;
mod snapshot;

use scenario::{Course, Scenario};

fn forward(scenario: Scenario) -> Course {
    Course {
        scenario,
        taken_back: false,
    }
}

fn taken_back(scenario: Scenario) -> Course {
    Course {
        scenario,
        taken_back: true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_biller_is_enabled_or_nothing_is_left_whatever_call_fails() {
    matrix::run(forward(Scenario::NewBiller)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_stood_deactivated_is_used_or_left_as_it_was_whatever_call_fails() {
    matrix::run(forward(Scenario::DeactivatedOrganization)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_somebody_else_are_never_touched_whatever_call_fails() {
    matrix::run(forward(Scenario::ForeignPool)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_is_done_or_taken_back_whatever_call_fails() {
    matrix::run(forward(Scenario::Sync)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_biller_is_disabled_or_stays_as_it_is_whatever_call_fails() {
    matrix::run(forward(Scenario::Disable)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_biller_that_fails_is_taken_back_whatever_call_of_the_taking_back_fails() {
    matrix::run(taken_back(Scenario::NewBiller)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_before_is_left_alone_whatever_call_of_the_taking_back_fails() {
    matrix::run(taken_back(Scenario::DeactivatedOrganization)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_our_users_leave_a_pool_of_somebody_else_whatever_call_of_the_taking_back_fails() {
    matrix::run(taken_back(Scenario::ForeignPool)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_is_taken_back_whatever_call_of_the_taking_back_fails() {
    matrix::run(taken_back(Scenario::Sync)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_disabling_is_taken_back_whatever_call_of_the_taking_back_fails() {
    matrix::run(taken_back(Scenario::Disable)).await;
}
