//! `local-stack serve`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::curl::{active, organization, run, toggle};
use crate::processes::{nothing_listens_on, processes_in};
use crate::running::{PROGRAM, Running};

/// A running `local-stack serve`, and the folder of its log.
struct Served {
    running: Running,
    _log: tempfile::TempDir,
}

impl Served {
    fn start() -> Self {
        Self::start_with(&[], &[])
    }

    fn start_from_a_shell_with(variables: &[(&str, &str)]) -> Self {
        Self::start_with(&[], variables)
    }

    fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let log = tempfile::tempdir().unwrap();
        let mut command = Command::new(PROGRAM);
        command
            .args(["serve", "--port", "0", "--simulator-port", "0", "--log"])
            .arg(log.path().join("serve.log"))
            .args(arguments)
            .envs(variables.iter().copied());
        Self {
            running: Running::start(&mut command),
            _log: log,
        }
    }
}

/// The README's curl lines, each with the status that its comment says.
fn readme_curl_lines() -> Vec<(String, String)> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("curl "));
    lines
        .map(|line| {
            line.rsplit_once(" # ")
                .unwrap_or_else(|| panic!("no status in: {line}"))
        })
        .map(|(line, status)| (line.to_owned(), status.to_owned()))
        .collect()
}

#[test]
fn the_readmes_curl_lines_are_printed_and_get_the_statuses_it_says() {
    let served = Served::start();
    let base_url = served.running.value("HTTP API: ");
    let lines = readme_curl_lines();
    assert!(lines.len() >= 6, "{lines:#?}");
    for (line, expected) in lines {
        let line = line.replace("http://127.0.0.1:7071", base_url);
        let printed = served.running.printed.contains(&format!("{line} # {expected}"));
        assert!(printed, "not printed by serve: {line}");
        let (status, answer) = run(&line);
        assert_eq!(status, expected, "{line}\n{answer}");
    }
}

#[test]
fn the_inventory_shows_the_organization_that_exists_from_the_start() {
    let served = Served::start();
    let pine_valley = organization(served.running.value("SecureAuth: "), "1006");
    assert_eq!(pine_valley["deactivated"], true);
}

#[test]
fn settings_in_the_callers_shell_do_not_reach_the_handler() {
    let served = Served::start_from_a_shell_with(&[
        ("SLICE_SECONDS", "not a duration"),
        ("SECUREAUTH_REGION", "us"),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Production"),
        ("AzureWebJobs.function-onboard-biller.Disabled", "true"),
        ("AzureFunctionsJobHost__extensions__http__routePrefix", "elsewhere"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
    ]);
    let (line, expected) = readme_curl_lines().swap_remove(0);
    let line = line.replace("http://127.0.0.1:7071", served.running.value("HTTP API: "));
    let (status, answer) = run(&line);
    assert_eq!(status, expected, "{line}\n{answer}");
}

#[test]
fn the_policy_of_the_callers_shell_reaches_the_handler() {
    let served = Served::start_from_a_shell_with(&[("LEAVERS", "sometimes")]);
    let (line, _) = readme_curl_lines().swap_remove(0);
    let line = line.replace("http://127.0.0.1:7071", served.running.value("HTTP API: "));
    let (status, answer) = run(&line);
    assert_eq!(status, "503", "{line}\n{answer}");
    assert!(answer.contains(r#""code":"configuration""#), "{answer}");
}

#[test]
fn a_stop_leaves_neither_processes_nor_files() {
    let mut served = Served::start();
    let database = PathBuf::from(served.running.value("Database: "));
    assert!(database.is_file());
    assert!(
        !processes_in(database.parent().unwrap()).is_empty(),
        "the handler runs there"
    );
    assert_eq!(served.running.ended_by("TERM"), Some(0));
    let folder = database.parent().unwrap();
    assert!(!folder.exists(), "{}", folder.display());
    assert_eq!(processes_in(folder), Vec::<PathBuf>::new());
}

/// Tests over Azurite; `make test` counts them by the name of the module.
mod azurite {
    use super::*;

    #[test]
    fn serve_onboards_a_biller_over_azurite_and_ends_it() {
        let mut served = Served::start_with(&["--storage", "azurite"], &[]);
        let served = &mut served.running;
        let queues = served.value("Queues: ").to_owned();
        let (status, _) = run(&format!("curl '{queues}/devstoreaccount1?comp=list'"));
        assert_eq!(status, "403", "Azurite refuses a request without a signature");
        let biller = served.biller("1001");
        assert_eq!(toggle(&biller), "202");
        assert_eq!(active(&biller)["onboarding"]["state"], "succeeded");
        assert_eq!(served.ended_by("TERM"), Some(0));
        nothing_listens_on(queues.trim_start_matches("http://"));
    }
}
