//! Plays the requests to another host, which a command starts in the app's folder. What is compared: what callers get, and the messages
//! about runs that ended. Not compared is what goes on between host and handler: the trigger takes the messages of `migrate-users`, so they
//! show in the run's end only, and a function that is fired by hand is answered with a status.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use functions_host::{QueueError, QueueService as _, StorageQueues, system_clock};
use local_stack::{FrontDoor, FunctionApp, RealHost};
use regex::Regex;
use serde_json::Value;

use super::files::{file_name, recorded};
use super::placeholders::Placeholders;
use super::{Behind, add_billers, options, play};
use crate::support::{DEADLINE, Outcome, until};

/// The command; `{port}` stands for the port on which the host has to listen.
const COMMAND: &str = "FUNCTIONS_HOST";
const STORAGE: &str = "AzureWebJobsStorage";
/// Nobody has a trigger on this queue.
const ENDED: &str = "onboarding-ended";

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(functions_host), ignore = "FUNCTIONS_HOST is not set")]
async fn another_host_gives_callers_the_recorded_answers() -> Outcome {
    let variable = |name: &str| std::env::var_os(name)?.into_string().ok();
    let command = variable(COMMAND).ok_or("the command is set and Unicode")?;
    let storage = variable(STORAGE).unwrap_or_else(|| "UseDevelopmentStorage=true".to_owned());
    replay(&command, &storage).await
}

/// Tests over Azurite; `make test` counts them by the name of the module.
mod azurite {
    use functions_host::Azurite;

    use super::*;

    /// The program of the stand-in has to be built before; `cargo test --workspace` does that.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_program_of_the_stand_in_gives_callers_the_recorded_answers() -> Outcome {
        let azurite = Azurite::start().await?;
        let program = Path::new(env!("CARGO_BIN_EXE_biller-onboarding")).with_file_name("functions-host");
        let command = format!("'{}' --lenient --port {{port}}", program.display());
        replay(&command, &azurite.connection_string()).await
    }
}

async fn replay(command: &str, storage: &str) -> Outcome {
    let folder = tempfile::tempdir()?;
    let app = FunctionApp::prepare(options(), folder.path(), storage).await?;
    add_billers(app.crm())?;
    let queues = StorageQueues::new(storage)?;
    // Those of an earlier test in the same account.
    messages(&queues).await?;
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let mut host = RealHost::command("sh");
    host.args(["-c", &format!("exec {}", command.replace("{port}", &port.to_string()))])
        .current_dir(app.app_root());
    let mut host = RealHost::start(host)?;
    let door = FrontDoor::new(format!("http://127.0.0.1:{port}"))?;
    tokio::select! {
        () = answers(&door) => {}
        ended = host.ended() => return Err(format!("the command ended: {}", ended?).into()),
    }

    let (files, mut number) = (recorded()?, 0);
    let mut placeholders = Placeholders::default();
    // Ids are numbered over whole files, and here a part of them shows.
    let numbers = Regex::new("<id [0-9]+>")?;
    let mut plain = |text: &str| numbers.replace_all(&placeholders.put_into(text), "<id>").into_owned();
    let behind = Behind {
        simulator: app.simulator(),
        database: app.database(),
    };
    play(&behind, &door, async |request, answer| {
        let rest = || {
            let (runs, now) = (app.database().runs()?, system_clock()());
            let rests = |due: time::OffsetDateTime| due > now;
            Ok(runs
                .iter()
                .all(|run| run.has_ended() || run.next_attempt_at.is_some_and(rests)))
        };
        until("every run has ended or pauses", rest).await?;
        number += 1;
        let name = file_name(number, request.name);
        let recorded = files.get(&name).ok_or("is not recorded")?;
        let (_, expected) = recorded.split_once("--- to the caller\n").unwrap_or_default();
        assert_eq!(plain(&format!("{answer}\n")), plain(expected), "{name}");
        let expected: Vec<_> = recorded_messages(recorded).iter().map(|text| plain(text)).collect();
        let sent = messages_once(&queues, expected.len()).await?;
        let sent: Vec<_> = sent.iter().map(|text| plain(text)).collect();
        assert_eq!(sent, expected, "{name}: messages in {ENDED}");
        Ok(())
    })
    .await?;
    host.stop().await;
    assert_eq!(messages(&queues).await?, Vec::<String>::new());
    Ok(())
}

/// Waits until the host answers.
async fn answers(door: &FrontDoor) {
    let end = tokio::time::Instant::now() + DEADLINE;
    while !door.status("1876").await.is_ok_and(|answer| answer.status == 200) {
        assert!(tokio::time::Instant::now() < end, "the host does not answer");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The messages of a recording that the handler's answers put on the queue.
fn recorded_messages(recording: &str) -> Vec<String> {
    let answers = recording.split("--- from ").skip(1);
    let answers = answers.filter_map(|answer| serde_json::from_str::<Value>(answer.lines().nth(2)?).ok());
    let texts = answers.flat_map(|answer| {
        answer["Outputs"]["onboardingEnded"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    });
    texts.filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}

/// Waits for so many messages. The host binds the outputs after the run shows its end.
async fn messages_once(queues: &StorageQueues, count: usize) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let end = tokio::time::Instant::now() + DEADLINE;
    let mut found = messages(queues).await?;
    while found.len() < count {
        assert!(
            tokio::time::Instant::now() < end,
            "{count} messages are expected: {found:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
        found.extend(messages(queues).await?);
    }
    Ok(found)
}

/// Takes the messages off the queue; none if nobody has created it.
async fn messages(queues: &StorageQueues) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut found = Vec::new();
    // Ends because every turn deletes messages.
    loop {
        let received = match queues.receive(ENDED, 32, DEADLINE).await {
            Err(QueueError::QueueNotFound(_)) => Vec::new(),
            received => received?,
        };
        if received.is_empty() {
            return Ok(found);
        }
        for message in received {
            queues.delete(ENDED, &message.id, &message.pop_receipt).await?;
            found.push(String::from_utf8(STANDARD.decode(&message.body)?)?);
        }
    }
}
