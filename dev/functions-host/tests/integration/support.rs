//! An app folder with functions around the echo handler, and helpers to call them.

use std::path::PathBuf;
use std::time::Duration;

use functions_host::{Executable, FunctionsHost, HostOptions, Inherited, Invocation, StartError, TimeConstants};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Long enough for any machine. A test that passes does not wait for it.
pub(crate) const DEADLINE: Duration = Duration::from_mins(2);
/// Queue of the trigger of `work`.
pub(crate) const QUEUE: &str = "work-items";

/// An app folder, and the options of hosts for it. Any number of hosts can be started.
pub(crate) struct App {
    pub(crate) root: TempDir,
    pub(crate) options: HostOptions,
}

impl App {
    /// An app with the functions `call` (HTTP, with `res` and queue outputs) and `work` (queue). Polling and restarts take
    /// milliseconds.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut options = HostOptions::new(root.path());
        options.executable = Some(Executable {
            path: echo_handler(),
            arguments: vec!["serve".to_owned()],
        });
        options.time = TimeConstants::fast();
        options.inherited = Inherited::Machine;
        options.seed = Some(1);
        let app = Self { root, options };
        app.write(
            "host.json",
            &json!({
                "version": "2.0",
                "extensions": { "queues": { "batchSize": 4, "newBatchThreshold": 4, "maxDequeueCount": 5 } },
                "customHandler": { "description": { "defaultExecutablePath": "not-there" } }
            }),
        );
        app.function(
            "call",
            &json!([
                { "type": "httpTrigger", "direction": "in", "name": "req", "methods": ["get", "post"],
                  "route": "items/{id}" },
                { "type": "http", "direction": "out", "name": "res" },
                { "type": "queue", "direction": "out", "name": "items", "queueName": "items" },
                { "type": "queue", "direction": "out", "name": "others", "queueName": "others" }
            ]),
        );
        app.function(
            "work",
            &json!([
                { "type": "queueTrigger", "direction": "in", "name": "message", "queueName": QUEUE },
                { "type": "queue", "direction": "out", "name": "seen", "queueName": "seen" }
            ]),
        );
        app
    }

    pub(crate) fn write(&self, file: &str, content: &Value) {
        let path = self.root.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.to_string()).unwrap();
    }

    pub(crate) fn function(&self, name: &str, bindings: &Value) {
        self.write(&format!("{name}/function.json"), &json!({ "bindings": bindings }));
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.options.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut HostOptions)) -> Self {
        change(&mut self.options);
        self
    }

    pub(crate) async fn start(&self) -> FunctionsHost {
        self.try_start().await.unwrap()
    }

    pub(crate) async fn try_start(&self) -> Result<FunctionsHost, StartError> {
        FunctionsHost::start(self.options.clone()).await
    }

    /// A path inside the app folder for a file the handler waits for.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

/// Path of the echo handler. Cargo builds examples before tests, next to the folder of the test executable.
fn echo_handler() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    profile.join("examples/echo_handler")
}

/// Calls `call`; the handler answers with the request that it got.
pub(crate) async fn call(host: &FunctionsHost) -> reqwest::Response {
    let url = host.base_url() + "/api/items/7";
    client().get(url).send().await.unwrap()
}

/// Calls `call` with an instruction for the handler.
pub(crate) async fn tell(host: &FunctionsHost, instruction: Value) -> reqwest::Response {
    let body = json!({ "do": instruction });
    let url = format!("{}/api/items/7", host.base_url());
    client().post(url).body(body.to_string()).send().await.unwrap()
}

/// Calls `call` and has the handler answer with an output object for `res`.
pub(crate) async fn respond(host: &FunctionsHost, response: Value) -> reqwest::Response {
    tell(host, json!({ "envelope": { "Outputs": { "res": response } } })).await
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The request that the echo handler got, from its answer.
pub(crate) async fn seen(response: reqwest::Response) -> Value {
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, wait)
        .await
        .unwrap_or_else(|_| panic!("waited in vain: {what}"));
}

/// The finished invocations of one function.
pub(crate) fn invocations_of(host: &FunctionsHost, function: &str) -> Vec<Invocation> {
    let mut invocations = host.invocations();
    invocations.retain(|invocation| invocation.function == function);
    invocations
}

/// The reason of the only or last failure.
pub(crate) fn last_failure(host: &FunctionsHost) -> String {
    let invocations = host.invocations();
    let failure = invocations
        .iter()
        .rev()
        .find_map(|invocation| invocation.failure.clone());
    failure.unwrap_or_default()
}

/// Whether a process of this id runs. A zombie does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')')
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}
