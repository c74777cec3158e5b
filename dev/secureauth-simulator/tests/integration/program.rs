//! The simulator as a program.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_secureauth-simulator"))
}

#[test]
fn an_unknown_switch_ends_the_program_with_code_2() {
    for switch in ["no-such=1", "failing-import=maybe", "failing-import"] {
        let output = program().args(["--switch", switch]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[tokio::test]
async fn the_program_serves_with_the_settings_of_its_command_line() {
    let mut child = program()
        .args([
            "--listen",
            "127.0.0.1:0",
            "--tenant",
            "acme",
            "--switch",
            "token-ttl-seconds=7",
        ])
        .args(["--client-id", "me", "--client-secret", "mine", "--scopes", "identity"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout"))
        .read_line(&mut line)
        .expect("a line");
    let base_url = line
        .trim()
        .strip_prefix("listening on ")
        .expect("the address")
        .to_owned();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "me"),
        ("client_secret", "mine"),
    ];
    let answer = reqwest::Client::new()
        .post(format!("{base_url}/acme/system/oauth2/token"))
        .form(&form)
        .send()
        .await
        .expect("an answer");
    let body = answer.text().await.expect("a body");
    assert!(
        body.contains("\"expires_in\":7") && body.contains("\"scope\":\"identity\""),
        "{body}"
    );
    child.kill().expect("it ends");
    child.wait().expect("it ended");
}
