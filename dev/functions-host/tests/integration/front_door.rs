//! Routes, keys, limits and the admin API (S10–S14).

use functions_host::Keys;
use serde_json::{Value, json};

use crate::support::{App, DEADLINE, QUEUE, client, invocations_of, last_failure, seen, tell, until};

#[tokio::test]
async fn a_route_is_matched_below_the_prefix() {
    let app = App::new();
    let host = app.start().await;
    for (path, params) in [
        ("/api/items/7", json!({ "id": "7" })),
        ("/API/Items/a%20b", json!({ "id": "a b" })),
        ("/api/items/a%2Fb", json!({ "id": "a%2Fb" })),
    ] {
        let response = client().get(host.base_url() + path).send().await.unwrap();
        assert_eq!(
            seen(response).await["envelope"]["Data"]["req"]["Params"],
            params,
            "{path}"
        );
    }
    for path in [
        "/items/7",
        "/api/items",
        "/api/items/7/8",
        "/api/work",
        "/admin/nothing",
    ] {
        let response = client().get(host.base_url() + path).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn the_root_is_a_page_or_nothing() {
    let app = App::new();
    let page = client().get(app.start().await.base_url()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let app = App::new().set("AzureWebJobsDisableHomepage", "true");
    let nothing = client().get(app.start().await.base_url()).send().await.unwrap();
    assert_eq!(nothing.status(), 204);
}

#[tokio::test]
async fn a_wrong_method_is_404_not_405() {
    let app = App::new();
    let host = app.start().await;
    let response = client().put(host.base_url() + "/api/items/7").send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert!(host.invocations().is_empty());
}

#[tokio::test]
async fn without_a_route_the_function_name_is_the_path_and_every_method_is_taken() {
    let app = App::new();
    app.function(
        "plain",
        &json!([{ "type": "httpTrigger", "name": "req" }, { "type": "http", "name": "res" }]),
    );
    let host = app.start().await;
    let response = client().delete(host.base_url() + "/api/plain").send().await.unwrap();
    assert_eq!(seen(response).await["envelope"]["Data"]["req"]["Method"], "DELETE");
}

#[tokio::test]
async fn keys_are_asked_for_only_when_they_are_configured() {
    let keys = Keys {
        function: "function-key".to_owned(),
        master: "master-key".to_owned(),
    };
    let app = App::new().with(|options| options.keys = Some(keys));
    app.function(
        "open",
        &json!([{ "type": "httpTrigger", "name": "req", "authLevel": "anonymous" }, { "type": "http", "name": "res" }]),
    );
    let host = app.start().await;
    let url = host.base_url() + "/api/items/7";
    let without = client().get(&url).send().await.unwrap();
    assert_eq!(without.status(), 401);
    assert_eq!(without.text().await.unwrap(), "");
    let wrong = client().get(format!("{url}?code=wrong")).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    for request in [
        client().get(format!("{url}?code=function-key")),
        client().get(&url).header("x-functions-key", "function-key"),
        client().get(&url).header("x-functions-key", "master-key"),
        client().get(host.base_url() + "/api/open"),
    ] {
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let ping = host.base_url() + "/admin/host/ping";
    for request in [client().get(&ping), client().post(&ping)] {
        assert_eq!(request.send().await.unwrap().status(), 200, "the ping is for everybody");
    }
    let status = host.base_url() + "/admin/host/status";
    assert_eq!(
        client()
            .get(format!("{status}?code=function-key"))
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    assert_eq!(
        client()
            .get(format!("{status}?code=master-key"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_bare_500_and_the_handler_does_not_see_it() {
    let app = App::new().set("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "100");
    let host = app.start().await;
    let url = host.base_url() + "/api/items/7";
    let too_large = client().post(&url).body("a".repeat(101)).send().await.unwrap();
    assert_eq!(too_large.status(), 500);
    assert_eq!(too_large.text().await.unwrap(), "");
    assert!(host.invocations().is_empty());
    let largest = client().post(&url).body("a".repeat(100)).send().await.unwrap();
    assert_eq!(largest.status(), 200);
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_end_the_invocation() {
    let app = App::new();
    let host = app.start().await;
    let file = app.file("go-on");
    {
        let instruction = json!({
            "print": "in work", "wait_for": file, "envelope": { "Outputs": { "items": ["late"] } }
        });
        let in_work = async || host.console_lines().iter().any(|line| line.text == "in work");
        tokio::select! {
            _ = tell(&host, instruction) => panic!("answered too early"),
            () = until("the call is in work", in_work) => {}
        }
    }
    std::fs::write(&file, "").unwrap();
    until("the invocation ends", async || !host.invocations().is_empty()).await;
    assert!(host.invocations()[0].succeeded());
    assert_eq!(host.queue("items").peek()[0].text, "late");
}

#[tokio::test]
async fn a_queue_function_is_fired_with_the_input_as_its_message() {
    let app = App::new();
    let host = app.start().await;
    let url = host.base_url() + "/admin/functions/work";
    let fired = client()
        .post(url)
        .json(&json!({ "input": "by hand" }))
        .send()
        .await
        .unwrap();
    assert_eq!(fired.status(), 202);
    until("the function has run", async || host.queue("seen").len() == 1).await;
    let seen: Value = serde_json::from_str(&host.queue("seen").peek()[0].text).unwrap();
    assert_eq!(seen["envelope"]["Data"]["message"], "\"by hand\"");
    assert_eq!(host.queue(QUEUE).len(), 0);
}

#[tokio::test]
async fn firing_needs_a_known_function_and_a_readable_input() {
    let app = App::new();
    let host = app.start().await;
    let fire = async |name: &str, body: &'static str| {
        let url = format!("{}/admin/functions/{name}", host.base_url());
        client().post(url).body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(fire("unknown", "{}").await, 404);
    assert_eq!(fire("work", "not json").await, 400);
    assert_eq!(fire("work", r#"{"input":7}"#).await, 400);
    assert_eq!(fire("call", "{}").await, 202);
    until("the refusal is recorded", async || {
        invocations_of(&host, "call").len() == 1
    })
    .await;
    assert!(last_failure(&host).contains("by its route"));
}

#[tokio::test]
async fn the_admin_routes_tell_the_state_and_the_functions() {
    let app = App::new();
    let host = app.start().await;
    host.wait_until_ready(DEADLINE).await.unwrap();
    let get = async |path: &str| client().get(host.base_url() + path).send().await.unwrap();
    assert_eq!(get("/admin/host/ping").await.status(), 200);
    let status: Value = get("/admin/host/status").await.json().await.unwrap();
    assert_eq!((&status["state"], &status["errors"]), (&json!("Running"), &json!([])));
    let functions: Value = get("/admin/functions").await.json().await.unwrap();
    assert_eq!(
        (&functions[0]["name"], &functions[1]["name"]),
        (&json!("call"), &json!("work"))
    );
    assert_eq!(functions[0]["trigger"], "httpTrigger");
    assert_eq!(get("/admin/functions/work/status").await.status(), 200);
    assert_eq!(get("/admin/functions/unknown/status").await.status(), 404);
}
