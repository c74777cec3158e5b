//! A handler process without the stand-in host: the test calls it as the host does, and sees how the process ends.

use std::process::Stdio;

use functions_host::machine_variables;
use local_stack::Stack;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::envelopes::{of_message, of_post};
use crate::support::{DEADLINE, toggle, until};

const HANDLER: &str = env!("CARGO_BIN_EXE_biller-onboarding");

/// A handler with the database and the SecureAuth of a stack.
pub(crate) struct OwnHost {
    /// What the test started: the handler, or a shell that started it.
    pub(crate) child: Child,
    base_url: String,
    client: reqwest::Client,
}

impl OwnHost {
    /// Starts the handler itself.
    pub(crate) async fn start(stack: &Stack) -> Result<Self, Box<dyn std::error::Error>> {
        let mut handler = Command::new(HANDLER);
        handler.arg("serve");
        Self::of(handler, stack).await
    }

    /// Starts a shell that starts the handler, and waits for it.
    pub(crate) async fn start_below_a_shell(stack: &Stack) -> Result<Self, Box<dyn std::error::Error>> {
        let mut shell = Command::new("sh");
        shell.args(["-c", "\"$0\" serve & wait", HANDLER]);
        Self::of(shell, stack).await
    }

    async fn of(mut command: Command, stack: &Stack) -> Result<Self, Box<dyn std::error::Error>> {
        // The port is free again when the listener is dropped, and given to nobody else so soon.
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let child = command
            .env_clear()
            .envs(machine_variables())
            .envs(stack.handler().settings())
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let own = Self {
            child,
            base_url: format!("http://127.0.0.1:{port}"),
            client: reqwest::Client::builder().no_proxy().build()?,
        };
        own.listens(true).await?;
        Ok(own)
    }

    /// Waits until something listens on the handler's port, or nothing does.
    pub(crate) async fn listens(&self, wanted: bool) -> Result<(), Box<dyn std::error::Error>> {
        let end = tokio::time::Instant::now() + DEADLINE;
        while self.client.get(&self.base_url).send().await.is_ok() != wanted {
            assert!(tokio::time::Instant::now() < end, "listens: {}", !wanted);
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Invokes a function with this envelope. Returns status and body of the answer.
    async fn invoke(&self, function: &str, envelope: Value) -> Result<(u16, Value), reqwest::Error> {
        let url = format!("{}/{function}", self.base_url);
        let answer = self.client.post(url).json(&envelope).send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.unwrap_or_default()))
    }

    /// Toggles a biller to Yes. Returns the message that the host would put on the queue.
    pub(crate) async fn enable(&self, biller: &str) -> Result<String, Box<dyn std::error::Error>> {
        let envelope = of_post(biller, &toggle(true, "e-1").to_string());
        let (status, answer) = self.invoke("function-onboard-biller", envelope).await?;
        assert_eq!((status, &answer["Outputs"]["res"]["statusCode"]), (200, &json!(202)));
        let message = answer["Outputs"]["migrateUsers"][0].as_str();
        Ok(message.ok_or("there is a message")?.to_owned())
    }

    /// Works on the run that the message names.
    pub(crate) async fn migrate(&self, message: &str) -> Result<(u16, Value), reqwest::Error> {
        self.invoke("function-migrate-users", of_message(message)).await
    }

    /// Sends a signal to what the test started.
    pub(crate) async fn signal(&self, name: &str) -> Result<(), Box<dyn std::error::Error>> {
        let pid = self.child.id().ok_or("the process runs")?.to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status().await?;
        assert!(status.success());
        Ok(())
    }
}

/// Waits until a call of this operation is in flight or was answered.
pub(crate) async fn called(stack: &Stack, operation: &str) -> Result<(), Box<dyn std::error::Error>> {
    until(operation, || Ok(!crate::support::calls_of(stack, operation).is_empty())).await
}
