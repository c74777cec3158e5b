//! The document's lists of values against the program's.

use biller_onboarding::domain::biller::CiamState;
use biller_onboarding::domain::issue::{Code, Field};
use biller_onboarding::domain::messages;
use biller_onboarding::domain::operation::Operation;
use biller_onboarding::domain::people::Status;
use biller_onboarding::domain::reason::Reason;
use biller_onboarding::domain::run::{Kind, RunState};
use biller_onboarding::domain::step::Step;
use biller_onboarding::domain::tally::{Effect, Tally};
use biller_onboarding::domain::toggle_event::Source;
use biller_onboarding::settings::FirstSignIn;
use serde_json::Value;
use strum::VariantNames;

use super::document::Document;

/// The texts of a list; null stands for an absent value.
fn texts(list: &Value) -> Vec<&str> {
    let values = list.as_array().expect("is a list");
    values.iter().filter_map(Value::as_str).collect()
}

#[test]
fn the_document_lists_the_values_of_the_program_in_their_order() {
    let document = Document::read();
    let schemas = document.schemas();
    let listed = |schema: &str, member: &str| texts(&schemas[schema]["properties"][member]["enum"]);
    assert_eq!(texts(&schemas["Kind"]["enum"]), Kind::VARIANTS);
    assert_eq!(texts(&schemas["PeopleStatus"]["enum"]), Status::VARIANTS);
    assert_eq!(texts(&schemas["Reason"]["enum"]), Reason::VARIANTS);
    assert_eq!(listed("ToggleEvent", "source"), Source::VARIANTS);
    assert_eq!(listed("Status", "ciamStatus"), CiamState::VARIANTS);
    assert_eq!(listed("FirstSignIn", "path"), FirstSignIn::PATHS);
    assert_eq!(listed("Run", "state"), RunState::VARIANTS);
    assert_eq!(listed("Run", "step"), Step::VARIANTS);
    assert_eq!(listed("Run", "retryFrom"), [messages::RETRY_FROM]);
    assert_eq!(listed("Issue", "field"), Field::VARIANTS);
    assert_eq!(listed("Issue", "code"), Code::VARIANTS);
    let commands = &schemas["Run"]["properties"]["commands"]["items"]["enum"];
    assert_eq!(texts(commands), Operation::VARIANTS);
    let users = schemas["Users"]["properties"].as_object().expect("is an object");
    assert_eq!(users.len(), Effect::VARIANTS.len());
    assert!(Effect::VARIANTS.iter().all(|effect| users.contains_key(*effect)));
    assert_eq!(schemas["Guids"]["maxItems"], Tally::NAMED);
}
