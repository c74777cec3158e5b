//! Tests that load whole apps (S1–S3, S31).

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::queue::MessageEncoding;

fn app(host: &Value, functions: &[(&str, Value)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("host.json"), host.to_string()).unwrap();
    for (name, bindings) in functions {
        std::fs::create_dir(root.path().join(name)).unwrap();
        let file = root.path().join(name).join("function.json");
        std::fs::write(file, json!({ "bindings": bindings }).to_string()).unwrap();
    }
    root
}

fn minimal_host() -> Value {
    json!({ "version": "2.0", "customHandler": { "description": { "defaultExecutablePath": "handler" } } })
}

fn queue_trigger() -> Value {
    json!([{ "type": "queueTrigger", "name": "message", "queueName": "items" }])
}

fn load(root: &TempDir, variables: &[(&str, &str)]) -> Result<AppConfig, ConfigError> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    AppConfig::load(root.path(), Inherited::Machine, &variables.collect())
}

fn refusal(root: &TempDir) -> String {
    load(root, &[]).unwrap_err().to_string()
}

#[test]
fn the_app_of_this_repository_has_the_settings_it_must_have() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Without the `local.settings.json` that a developer may have there.
    let host = HostJson::load(&root, &Environment::default()).unwrap();
    assert_eq!(host.function_timeout, Some(Duration::from_mins(10)));
    let queues = &host.queues;
    assert_eq!(
        (queues.batch_size, queues.new_batch_threshold, queues.max_dequeue_count),
        (4, 4, 10)
    );
    assert_eq!(queues.visibility_timeout, Duration::from_secs(30));
    assert_eq!(queues.max_polling_interval, Duration::from_secs(5));
    assert_eq!(queues.encoding, MessageEncoding::Base64);
    assert!(!host.forwards_requests);
    let functions = load_functions(&root, &Environment::default()).unwrap();
    let names: Vec<_> = functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "function-health",
            "function-migrate-users",
            "function-onboard-biller",
            "function-readiness",
            "function-recover-onboardings"
        ]
    );
}

#[test]
fn defaults_are_those_of_the_host_in_and_outside_development() {
    let root = app(&minimal_host(), &[]);
    let config = load(&root, &[]).unwrap();
    let queues = &config.host.queues;
    assert_eq!((queues.batch_size, queues.max_dequeue_count), (16, 5));
    assert_eq!(queues.new_batch_threshold % 8, 0);
    let consumption = load(&root, &[("WEBSITE_SKU", "Dynamic")]).unwrap();
    assert_eq!(consumption.host.queues.new_batch_threshold, 8);
    assert_eq!(queues.visibility_timeout, Duration::ZERO);
    assert_eq!(queues.max_polling_interval, Duration::from_secs(2));
    assert_eq!(config.host.function_timeout, Some(Duration::from_mins(30)));
    assert_eq!(config.host.route_prefix, "api");
    assert_eq!(config.host.handler.initialization_timeout, Duration::from_secs(30));
    assert!(config.host.handler.stderr_is_for_errors_only);
    let production = load(&root, &[("AZURE_FUNCTIONS_ENVIRONMENT", "Production")]).unwrap();
    assert_eq!(production.host.queues.max_polling_interval, Duration::from_mins(1));
}

#[test]
fn variables_overlay_single_keys_of_host_json() {
    let root = app(&minimal_host(), &[]);
    let prefix = "AzureFunctionsJobHost__";
    let overlays = [
        ("functionTimeout", "-1"),
        ("extensions__queues__batchSize", "3"),
        ("extensions__Queues__MESSAGEENCODING", "none"),
        ("extensions__http__routePrefix", ""),
        ("customHandler__description__defaultExecutablePath", "other"),
        ("customHandler__description__arguments", "[\"a\",\"b\"]"),
        ("customHandler__description__useStdErrorStreamForErrorsOnly", "false"),
        ("customHandler__initializationTimeout", "00:00:05"),
        ("customHandler__port", "8123"),
    ];
    let names: Vec<(String, &str)> = overlays
        .iter()
        .map(|(name, value)| (format!("{prefix}{name}"), *value))
        .collect();
    let variables: Vec<(&str, &str)> = names.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let bare_prefix = [("AzureFunctionsJobHost", "no key")];
    let host = load(&root, &[variables.as_slice(), &bare_prefix].concat())
        .unwrap()
        .host;
    assert_eq!(host.function_timeout, None);
    assert_eq!(host.queues.batch_size, 3);
    assert_eq!(host.queues.encoding, MessageEncoding::None);
    assert_eq!(host.route_prefix, "");
    assert_eq!(host.handler.executable, "other");
    assert_eq!(host.handler.arguments, ["a", "b"]);
    assert!(!host.handler.stderr_is_for_errors_only);
    assert_eq!(host.handler.initialization_timeout, Duration::from_secs(5));
    assert_eq!(host.handler.port, Some(8123));
}

#[test]
fn a_host_json_that_cannot_be_used_is_refused_with_the_key() {
    for (change, expected) in [
        (json!({ "version": "1.0" }), "version"),
        (json!({ "customHandler": null }), "Missing worker Description."),
        (
            json!({ "customHandler": { "description": {} } }),
            "defaultExecutablePath",
        ),
        (json!({ "functionTimeout": "soon" }), "functionTimeout"),
        (
            json!({ "extensions": { "queues": { "batchSize": 33 } } }),
            "extensions.queues.batchSize",
        ),
        (
            json!({ "extensions": { "queues": { "maxDequeueCount": 0 } } }),
            "maxDequeueCount",
        ),
        (
            json!({ "extensions": { "queues": { "maxPollingInterval": "00:00:00.05" } } }),
            "maxPollingInterval",
        ),
        (
            json!({ "extensions": { "queues": { "messageEncoding": "rot13" } } }),
            "messageEncoding",
        ),
    ] {
        let mut host = minimal_host();
        host.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let text = refusal(&app(&host, &[]));
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn function_and_binding_names_follow_the_rules_of_the_host() {
    let text = refusal(&app(&minimal_host(), &[("1st", queue_trigger())]));
    assert!(text.contains("is not a function name"), "{text}");
    let bindings = json!([{ "type": "queueTrigger", "name": "my-message", "queueName": "items" }]);
    let text = refusal(&app(&minimal_host(), &[("work", bindings)]));
    assert!(text.contains("binding name"), "{text}");
}

#[test]
fn only_the_bindings_this_stand_in_knows_are_accepted() {
    for (bindings, expected) in [
        (json!([{ "type": "blobTrigger", "name": "blob" }]), "blobTrigger"),
        (json!([{ "type": "table", "name": "table" }]), "table"),
        (json!([{ "type": "http", "name": "res" }]), "no trigger"),
        (
            json!([{ "type": "queueTrigger", "name": "message", "queueName": "No" }]),
            "queue name",
        ),
        (
            json!([{ "type": "timerTrigger", "name": "timer", "schedule": "often" }]),
            "schedule",
        ),
        (
            json!([{ "type": "queueTrigger", "name": "message", "queueName": "items", "dataType": "binary" }]),
            "dataType",
        ),
        (
            json!([{ "type": "httpTrigger", "name": "req", "route": "{p:odd}" }]),
            "not a plain route parameter",
        ),
        (
            json!([{ "type": "httpTrigger", "name": "a" }, { "type": "httpTrigger", "name": "b" }]),
            "more than one trigger",
        ),
    ] {
        let text = refusal(&app(&minimal_host(), &[("work", bindings)]));
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_disabled_function_is_left_out() {
    let root = app(&minimal_host(), &[("work", queue_trigger())]);
    assert_eq!(load(&root, &[]).unwrap().functions.len(), 1);
    let config = load(&root, &[("AzureWebJobs.work.Disabled", "true")]).unwrap();
    assert!(config.functions.is_empty());
}

#[test]
fn queue_names_and_schedules_may_stand_in_settings() {
    let bindings = json!([{ "type": "queueTrigger", "name": "message", "queueName": "%ITEMS%" }]);
    let root = app(&minimal_host(), &[("work", bindings)]);
    let config = load(&root, &[("ITEMS", "from-a-setting")]).unwrap();
    let Trigger::Queue(trigger) = &config.functions[0].trigger else {
        panic!("not a queue trigger");
    };
    assert_eq!(trigger.queue, "from-a-setting");
}

#[test]
fn forwarding_is_refused_where_it_would_apply_and_reserved_routes_without_a_prefix() {
    let http = json!([{ "type": "httpTrigger", "name": "req", "route": "admin/x" }, { "type": "http", "name": "res" }]);
    let mut forwarding = minimal_host();
    forwarding["customHandler"]["enableForwardingHttpRequest"] = true.into();
    let text = refusal(&app(&forwarding, &[("call", http.clone())]));
    assert!(text.contains("forwarded"), "{text}");
    let mut without_prefix = minimal_host();
    without_prefix["extensions"] = json!({ "http": { "routePrefix": "" } });
    let text = refusal(&app(&without_prefix, &[("call", http)]));
    assert!(text.contains("reserved"), "{text}");
}
