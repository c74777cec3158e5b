//! What is behind the functions panics or hangs: one invocation fails, within its deadline, and the next one is served.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use biller_onboarding::functions::{HttpLimits, NotReady, Services, ServicesSource, router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::envelopes::{of_get, of_message, of_timer};
use crate::fuzzing::functions;
use crate::support::Outcome;

const HEALTH: &str = "function-health";

/// Panics the first time, and then has no settings.
#[derive(Default)]
struct Panicking(AtomicBool);

#[async_trait]
impl ServicesSource for Panicking {
    async fn services(&self) -> Result<Arc<Services>, NotReady> {
        assert!(self.0.swap(true, Ordering::Relaxed), "the first time");
        Err(NotReady::Configuration)
    }
}

/// Never answers.
struct Hanging;

#[async_trait]
impl ServicesSource for Hanging {
    async fn services(&self) -> Result<Arc<Services>, NotReady> {
        std::future::pending().await
    }
}

async fn serve(source: impl ServicesSource + 'static, deadline: Duration) -> Result<String, std::io::Error> {
    let limits = HttpLimits {
        deadline,
        ..HttpLimits::default()
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let app = router(Arc::new(source), limits, TaskTracker::new());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

/// Status of the handler's answer, and the `res` in it.
async fn invoke(url: &str, function: &str) -> Result<(u16, Value), reqwest::Error> {
    let message = json!({ "v": 1, "onboardingId": "00000000-0000-4000-8000-000000000000" });
    let envelope = match function {
        "function-migrate-users" => of_message(&message.to_string()),
        "function-recover-onboardings" => of_timer(),
        _ => of_get("billers/1876/ciam", &json!({ "billerId": "1876" })),
    };
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{url}/{function}");
    let answer = client.post(url).json(&envelope).send().await?;
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    Ok((status, body["Outputs"]["res"].clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_one_failed_invocation() -> Outcome {
    // Health has nothing behind it.
    for function in functions().iter().filter(|function| *function != HEALTH) {
        let url = serve(Panicking::default(), Duration::from_secs(20)).await?;
        assert_eq!(invoke(&url, function).await?.0, 500, "{function}");
        let (status, answer) = invoke(&url, "function-onboard-biller").await?;
        assert_eq!((status, &answer["statusCode"]), (200, &json!(503)), "after {function}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_answers_within_its_deadline_whatever_hangs_behind_it() -> Outcome {
    let url = serve(Hanging, Duration::from_millis(300)).await?;
    for function in functions() {
        let began = Instant::now();
        let (status, answer) = invoke(&url, &function).await?;
        assert!(began.elapsed() < Duration::from_secs(10), "{function}");
        match function.as_str() {
            HEALTH => assert_eq!((status, &answer["statusCode"]), (200, &json!(200))),
            "function-readiness" => assert_eq!((status, &answer["statusCode"]), (200, &json!(503))),
            "function-onboard-biller" => {
                assert_eq!((status, &answer["statusCode"]), (200, &json!(503)));
                assert!(
                    answer["body"]
                        .as_str()
                        .is_some_and(|body| body.contains("\"deadline\""))
                );
            }
            _ => assert_eq!(
                status, 500,
                "{function}: the host delivers again, the timer fires again"
            ),
        }
    }
    Ok(())
}
