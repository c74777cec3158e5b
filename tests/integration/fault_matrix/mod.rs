//! The invariant (docs/ARCHITECTURE.md#invariant) under every fault, through the real protocols: each course × each
//! SecureAuth operation that it calls × each kind of fault × the call that the fault meets; the process killed at each
//! call, after each commit, and again and again at the same call; reads answered about something else; settings deployed
//! meanwhile; messages doubled and timers fired; the world changed by others while a call is held (`meanwhile/`). In one course
//! (`turnover.rs`) people join, leave, return and change in every way at once; a table by GUID (`table.rs`) compares them. The files
//! `sabotage*.rs` test what judges the cases.
//!
//! The name of a case that fails says what is needed to repeat it; the simulator's seed is 0 in every stack. By default
//! every fifth case of the matrix runs, and every late effect of a write, every lasting 404 and every kill at a call; of a turnover
//! every 23rd case, the first late effect of each write, every lasting 404 and every fourth kill. Of the other kinds the share
//! runs that each file names. `FAULT_MATRIX=full` runs all cases. Timing (another task, a busy machine) may change how a case
//! ends, but never whether the invariant holds.

mod commits;
mod deployed;
mod dying;
mod elsewhere;
mod invariant;
mod kill;
mod kind;
mod lane;
mod matrix;
mod meanwhile;
mod nearer;
mod noise;
mod report;
mod rolling_back;
mod sabotage;
mod sabotage_of_people;
mod scenario;
mod snapshot;
mod stuck;
mod succeeded;
mod table;
mod tries;
mod turnover;
mod wrong_subject;

use futures_util::future::join_all;

pub(crate) use lane::in_lanes;
use meanwhile::Live;
pub(crate) use meanwhile::is_held;
use scenario::{Course, Scenario};

/// The simulator's name of the token endpoint.
const TOKEN: &str = "token";

/// `FAULT_MATRIX=full` runs every case: minutes instead of seconds.
fn everything() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the one switch of the test binary")]
    let wanted = std::env::var("FAULT_MATRIX");
    wanted.is_ok_and(|wanted| wanted == "full")
}

/// All items with `FAULT_MATRIX=full`, else every `k`-th one.
fn share<T>(items: Vec<T>, k: usize) -> Vec<T> {
    let k = if everything() { 1 } else { k };
    items.into_iter().step_by(k).collect()
}

fn forward(scenario: Scenario) -> Course {
    Course {
        scenario,
        rolled_back: false,
    }
}

fn rolled_back(scenario: Scenario) -> Course {
    Course {
        scenario,
        rolled_back: true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_biller_is_enabled_or_nothing_is_left_whatever_call_fails() {
    matrix::run(forward(Scenario::NewBiller)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_deactivated_organization_is_used_or_left_as_it_was_whatever_call_fails() {
    matrix::run(forward(Scenario::DeactivatedOrganization)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_somebody_else_are_never_touched_whatever_call_fails() {
    matrix::run(forward(Scenario::ForeignPool)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_is_done_or_rolled_back_whatever_call_fails() {
    matrix::run(forward(Scenario::Sync)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_join_leave_return_and_change_at_once_are_as_the_crm_says_whatever_call_fails() {
    matrix::run(forward(Scenario::Turnover)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_biller_is_disabled_or_stays_as_it_is_whatever_call_fails() {
    matrix::run(forward(Scenario::Disable)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_biller_that_fails_is_rolled_back_whatever_call_of_the_rollback_fails() {
    matrix::run(rolled_back(Scenario::NewBiller)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_organization_is_left_as_it_was_whatever_call_of_the_rollback_fails() {
    matrix::run(rolled_back(Scenario::DeactivatedOrganization)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_our_users_leave_a_pool_of_somebody_else_whatever_call_of_the_rollback_fails() {
    matrix::run(rolled_back(Scenario::ForeignPool)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_is_rolled_back_whatever_call_of_the_rollback_fails() {
    matrix::run(rolled_back(Scenario::Sync)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_join_leave_return_and_change_at_once_are_nearer_to_the_crm_whatever_call_of_the_rollback_fails() {
    matrix::run(rolled_back(Scenario::Turnover)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_disabling_is_rolled_back_whatever_call_of_the_rollback_fails() {
    matrix::run(rolled_back(Scenario::Disable)).await;
}

/// The scenarios of every test about all courses.
const SCENARIOS: [Scenario; 6] = [
    Scenario::NewBiller,
    Scenario::DeactivatedOrganization,
    Scenario::ForeignPool,
    Scenario::Sync,
    Scenario::Turnover,
    Scenario::Disable,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_at_any_call_is_replaced_and_the_run_ends_well() {
    join_all(SCENARIOS.map(|scenario| kill::run(forward(scenario)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_at_any_call_of_a_rollback_is_replaced_and_everything_is_rolled_back() {
    join_all(SCENARIOS.map(|scenario| kill::run(rolled_back(scenario)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_answered_about_something_else_harms_neither_biller() {
    let courses = SCENARIOS.map(|scenario| [forward(scenario), rolled_back(scenario)]);
    join_all(courses.into_iter().flatten().map(wrong_subject::run)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_kills_every_worker_at_the_same_call_ends_and_other_billers_succeed() {
    join_all(SCENARIOS.map(|scenario| dying::run(forward(scenario)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_kills_every_worker_at_the_same_call_is_stuck_and_other_billers_succeed() {
    join_all(SCENARIOS.map(|scenario| dying::run(rolled_back(scenario)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_after_any_commit_is_replaced_and_the_run_ends_well() {
    join_all(SCENARIOS.map(|scenario| commits::run(forward(scenario), false))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_after_any_commit_of_a_rollback_is_replaced_and_everything_is_rolled_back() {
    join_all(SCENARIOS.map(|scenario| commits::run(rolled_back(scenario), false))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_gets_stuck_is_reported_and_listed_whatever_commit_its_process_is_killed_after() {
    let scenarios = [
        Scenario::NewBiller,
        Scenario::DeactivatedOrganization,
        Scenario::ForeignPool,
        Scenario::Sync,
        Scenario::Turnover,
    ];
    join_all(scenarios.map(|scenario| commits::run(rolled_back(scenario), true))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_deployed_after_a_lost_answer_change_nothing_of_a_run_under_way() {
    deployed::run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_that_changes_at_any_call_is_met_as_it_was_or_as_it_is_and_caught_up_with() {
    join_all(SCENARIOS.map(|scenario| meanwhile::at_any_call(forward(scenario)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_that_changes_at_any_call_of_a_run_that_fails_loses_nothing_but_what_the_run_created() {
    join_all(SCENARIOS.map(|scenario| meanwhile::at_any_call(rolled_back(scenario)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_enroll_keep_their_credentials_whatever_answers_are_lost_and_whatever_effects_are_late() {
    let courses = [
        Live::FromItsCreation,
        Live::Before(forward(Scenario::ForeignPool)),
        Live::Before(forward(Scenario::Sync)),
        Live::Before(forward(Scenario::Turnover)),
        Live::Before(rolled_back(Scenario::Sync)),
    ];
    join_all(courses.map(meanwhile::while_answers_are_lost)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doubled_messages_and_timers_change_nothing() {
    for scenario in SCENARIOS {
        noise::run(forward(scenario)).await;
        noise::run(rolled_back(scenario)).await;
    }
}
