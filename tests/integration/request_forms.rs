//! Requests in other forms than JSON with a length: the host drops a body that comes in chunks
//! (docs/reference/functions-host.md#http-trigger).

use local_stack::{HttpAnswer, Stack};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Method, RequestBuilder};

use crate::support::{Outcome, assert_understood, stack_with, toggle};

/// A POST for biller 1876.
async fn post(stack: &Stack, fill: impl FnOnce(RequestBuilder) -> RequestBuilder) -> reqwest::Result<HttpAnswer> {
    stack.front_door().send(Method::POST, "1876", fill).await
}

/// A body without a known length, which is sent in chunks.
pub(crate) fn chunked(text: String) -> Body {
    Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(text)]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_chunks_is_refused_with_length_required_and_the_same_body_with_a_length_is_accepted() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let body = toggle(true, "e-1").to_string();
    let refused = post(&stack, |request| {
        let json = request.header(CONTENT_TYPE, "application/json; charset=utf-8");
        json.body(chunked(body.clone()))
    })
    .await?;
    assert_eq!((refused.status, refused.text_at("/code")), (411, "length_required"));
    assert!(
        refused.text_at("/detail").contains("Content-Length"),
        "{}",
        refused.text
    );
    assert!(stack.database().runs()?.is_empty());
    assert_eq!(stack.front_door().post_text("1876", body).await?.status, 202);
    assert_understood(&stack);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_body_is_refused_by_its_length() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let none = post(&stack, |request| request).await?;
    assert_eq!((none.status, none.text_at("/code")), (411, "length_required"));
    let empty = post(&stack, |request| request.header(CONTENT_LENGTH, "0")).await?;
    assert_eq!((empty.status, empty.text_at("/member")), (400, "body"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_type_other_than_json_is_refused_and_a_request_without_one_is_judged_by_its_body() -> Outcome {
    let stack = stack_with("1876", 1).await?;
    let body = toggle(true, "e-1").to_string();
    for other in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
    ] {
        let refused = post(&stack, |request| request.header(CONTENT_TYPE, other).body(body.clone())).await?;
        assert_eq!(
            (refused.status, refused.text_at("/code")),
            (415, "unsupported_media_type"),
            "{other}"
        );
    }
    assert!(stack.database().runs()?.is_empty());
    for json in ["application/json; charset=utf-8", "application/vnd.invoice-cloud+json"] {
        let accepted = post(&stack, |request| request.header(CONTENT_TYPE, json).body(body.clone())).await?;
        assert!([200, 202].contains(&accepted.status), "{json}: {}", accepted.text);
    }
    let unnamed = post(&stack, |request| request.body(body)).await?;
    assert!([200, 202].contains(&unnamed.status), "{}", unnamed.text);
    let unreadable = post(&stack, |request| request.body("ciamEnabled=true")).await?;
    assert_eq!((unreadable.status, unreadable.text_at("/member")), (400, "body"));
    assert_understood(&stack);
    Ok(())
}
