//! `docs/openapi.yaml` against the handler's real answers, the program's own values, and the README's tables.

mod answers;
mod document;
mod readme;
mod unavailable;
mod values;

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::support::{Outcome, status, toggle};
pub(crate) use document::Document;
use local_stack::HttpAnswer;

/// An answer, and the method of the operation whose answer it is.
type Answered = (&'static str, HttpAnswer);
type Answers = Result<Vec<Answered>, Box<dyn std::error::Error>>;

/// Every status of the document.
pub(crate) fn documented_statuses() -> BTreeSet<String> {
    Document::read().statuses()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_documented_and_every_documented_status_and_code_is_answered() -> Outcome {
    let mut all = answers::of_a_course().await?;
    all.extend(answers::of_runs_that_go_wrong().await?);
    all.extend(answers::refused_by_their_form().await?);
    all.extend(unavailable::of_settings_and_database().await?);
    all.extend(unavailable::of_the_host().await?);
    let document = Document::read();
    let differences: Vec<String> = all
        .iter()
        .flat_map(|(method, answer)| document.differences(method, answer))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let statuses: BTreeSet<String> = all.iter().map(|(_, answer)| answer.status.to_string()).collect();
    assert_eq!(document.statuses(), statuses);
    let codes = all.iter().filter_map(|(_, answer)| answer.json["code"].as_str());
    assert_eq!(document.codes(), codes.map(str::to_owned).collect());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_a_value_a_header_and_a_status_that_are_not_documented_are_found() -> Outcome {
    let stack = crate::support::stack_with("1876", 1).await?;
    let (document, good) = (Document::read(), status(&stack, "1876").await?);
    assert_eq!(document.differences("get", &good), Vec::<String>::new());
    let changed: [fn(&mut HttpAnswer); 6] = [
        |answer| answer.json["colour"] = json!("blue"),
        |answer| answer.json["status"] = json!("blue"),
        |answer| answer.json["activationDate"] = json!("yesterday"),
        |answer| answer.status = 299,
        |answer| {
            answer.headers.insert("x-colour", "blue".parse().expect("is a value"));
        },
        |answer| answer.headers = HeaderMap::new(),
    ];
    for (number, change) in changed.into_iter().enumerate() {
        let mut answer = good.clone();
        change(&mut answer);
        assert!(!document.differences("get", &answer).is_empty(), "{number}");
    }
    let mut refused = stack.front_door().post("1877", &toggle(true, "e-1")).await?;
    assert_eq!(document.differences("post", &refused), Vec::<String>::new());
    refused.json["colour"] = Value::Null;
    assert!(!document.differences("post", &refused).is_empty());
    Ok(())
}
