//! `local-stack start`, with a stand-in for Core Tools (`stand_in_func.sh`).

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::curl::{active, organization, run, status_once, toggle};
use crate::machine::Machine;
use crate::processes::{nothing_listens_on, nothing_runs_in, processes_in};
use crate::running::{PROGRAM, Running, kill};

/// The account that storage emulators have; nothing listens on the port.
const NOWHERE: &str =
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:1/a";

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs `start`, which has to end by itself with this exit code. Returns what it printed.
fn refused(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

/// The same, where `make serve` works instead.
fn refused_for_lack(command: &mut Command) -> String {
    let text = refused(command, 2);
    assert!(
        text.contains("`make serve` runs the same"),
        "what works instead is missing: {text}"
    );
    text
}

/// Runs the stand-in for `func` in an app folder with these files. It has to refuse; returns what it said.
fn func_in(files: &[(&str, &str)]) -> String {
    let machine = Machine::new();
    let app = machine.path("app");
    for (name, content) in files {
        let file = app.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    fs::create_dir_all(&app).unwrap();
    let mut func = machine.command(machine.path("bin/func"));
    func.env("FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT", "1")
        .env_remove("FUNCTIONS_WORKER_RUNTIME");
    let output = func.args(["start", "--port", "0"]).current_dir(app).output().unwrap();
    assert!(!output.status.success(), "{}", text(&output));
    text(&output)
}

const HOST_JSON: (&str, &str) = ("host.json", include_str!("../../../../host.json"));
const SETTINGS: &str = "{\n \"Values\": {\n  \"FUNCTIONS_WORKER_RUNTIME\": \"custom\",\n  \"AzureWebJobsStorage\": \"AccountName=a\"\n }\n}";

#[test]
fn the_stand_in_for_func_refuses_what_core_tools_refuse() {
    let settings = |text| ("local.settings.json", text);
    for (files, complaint) in [
        (&[][..], "Unable to find project root"),
        (&[settings(SETTINGS)], "Unable to find project root"),
        (&[HOST_JSON], "Worker runtime cannot be 'None'"),
        (
            &[HOST_JSON, settings("{\n  \"FUNCTIONS_WORKER_RUNTIME\": \"custom\"\n}")],
            "Missing value for AzureWebJobsStorage",
        ),
        (&[HOST_JSON, settings(SETTINGS)], "No job functions found"),
        (
            &[("host.json", "{}"), settings(SETTINGS), ("f/function.json", "{}")],
            "No custom handler section",
        ),
    ] {
        let said = func_in(files);
        assert!(said.contains(complaint), "{complaint}: {said}");
    }
}

#[test]
fn without_func_start_says_how_to_install_it_and_what_works_instead() {
    let machine = Machine::without_func();
    let mut command = machine.start_command();
    // A PATH without any other `func`.
    command.env("PATH", machine.path("bin"));
    let said = refused_for_lack(&mut command);
    assert!(
        said.contains("npm install --global azure-functions-core-tools@4"),
        "{said}"
    );
    assert!(!said.contains("Azurite"), "nothing else is missing: {said}");
    assert!(!machine.path("start/app").exists(), "nothing was made");
}

#[test]
fn another_version_of_func_and_one_that_is_half_installed_are_named() {
    for (script, complaint) in [
        ("echo 3.0.5", "has version 3.0.5"),
        ("echo no ICU >&2; exit 7", "no ICU"),
    ] {
        let machine = Machine::without_func();
        machine.script("bin/func", &format!("#!/bin/sh\n{script}\n"));
        let said = refused_for_lack(&mut machine.start_command());
        assert!(said.contains(complaint), "{said}");
    }
}

#[test]
fn a_port_in_use_is_named_with_the_way_to_another_one() {
    let machine = Machine::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut command = machine.command(PROGRAM);
    command
        .args(["start", "--port", &port, "--folder"])
        .arg(machine.path("start"));
    let said = refused(&mut command, 2);
    assert!(said.contains(&format!("port {port} cannot be used")), "{said}");
    assert!(said.contains("make start ARGS='--port"), "{said}");
    assert!(!said.contains("make serve"), "the way out is another port: {said}");
}

#[test]
fn a_storage_account_on_another_machine_is_refused_because_a_deployed_app_may_use_it() {
    let machine = Machine::new();
    let deployed = "AccountName=deployed;AccountKey=YQ==;QueueEndpoint=https://deployed.example";
    let said = refused(machine.start_command().env("AzureWebJobsStorage", deployed), 2);
    assert!(said.contains("is not on this machine"), "{said}");
    assert!(said.contains("env -u AzureWebJobsStorage make start"), "{said}");
}

#[test]
fn a_database_that_other_scripts_made_is_named_with_the_way_to_an_empty_one() {
    let machine = Machine::new();
    let start = |machine: &Machine| {
        let mut command = machine.start_command();
        command.env("AzureWebJobsStorage", NOWHERE);
        command
    };
    assert_eq!(Running::start(&mut start(&machine)).ended_by("INT"), Some(0));
    let database = rusqlite::Connection::open(machine.path("start/biller-onboarding.db")).unwrap();
    database
        .execute("UPDATE schema_version SET script_hash = printf('%064d', 0)", [])
        .unwrap();
    drop(database);
    let said = refused(&mut start(&machine), 2);
    assert!(said.contains("make start ARGS=--fresh"), "{said}");
    assert_eq!(Running::start(start(&machine).arg("--fresh")).ended_by("INT"), Some(0));
}

#[test]
fn a_handler_that_does_not_start_ends_it_and_nothing_is_left() {
    let machine = Machine::new();
    let handler = Path::new(PROGRAM).with_file_name("biller-onboarding");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" != serve ] || exit 1\nexec '{}' \"$@\"\n",
        handler.display()
    );
    let broken = machine.script("broken-handler", &script);
    let mut command = machine.start_command();
    let said = refused(
        command.arg("--handler").arg(broken).env("AzureWebJobsStorage", NOWHERE),
        1,
    );
    assert!(said.contains("the lines of host and handler above say why"), "{said}");
    assert!(
        !said.contains("make serve"),
        "the same handler would not start there: {said}"
    );
    nothing_runs_in(&machine.path("start"));
}

#[test]
fn a_func_that_is_killed_takes_nothing_of_the_stack_with_it_and_leaves_no_handler_behind() {
    let machine = Machine::new();
    let mut command = machine.start_command();
    let mut started = Running::start(command.env("AzureWebJobsStorage", NOWHERE).stderr(Stdio::piped()));
    let app = machine.path("start/app").canonicalize().unwrap();
    let is_host = |process: &PathBuf| {
        let program = fs::read_link(process.join("exe")).unwrap_or_default();
        program.ends_with("functions-host")
    };
    let host = processes_in(&app).into_iter().find(is_host).unwrap();
    let pid = host.file_name().unwrap().to_string_lossy().into_owned();
    kill("KILL", &pid);
    assert_eq!(started.child.wait().unwrap().code(), Some(1));
    let mut said = String::new();
    started.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("`func start` has ended"), "{said}");
    nothing_runs_in(&app);
}

#[test]
fn a_start_that_is_killed_leaves_no_process_behind() {
    let machine = Machine::new();
    let mut started = Running::start(machine.start_command().env("AzureWebJobsStorage", NOWHERE));
    assert!(!processes_in(&machine.path("start/app")).is_empty());
    assert_eq!(started.ended_by("KILL"), None);
    nothing_runs_in(&machine.path("start/app"));
}

/// A machine whose installer notes that it ran, and a command that uses it.
fn with_installer() -> (Machine, Command) {
    let machine = Machine::new();
    let ran = machine.path("installed");
    let installer = machine.script("installer", &format!("#!/bin/sh\necho \"$@\" >'{}'\n", ran.display()));
    let mut command = machine.start_command();
    command
        .arg("--installer")
        .arg(installer)
        .env("TOOLS", machine.path("tools"));
    (machine, command)
}

#[test]
fn azurite_is_installed_where_it_is_needed_and_one_that_is_missing_all_the_same_is_named() {
    let usual = [10_000, 10_001].map(|port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let (machine, mut command) = with_installer();
    if usual == [true, true] {
        // The emulator that runs here is used instead.
        drop(Running::start(&mut command));
        assert!(!machine.path("installed").exists());
        return;
    }
    let said = refused_for_lack(&mut command);
    assert!(said.contains("`make azurite` installs it"), "{said}");
    assert_eq!(fs::read_to_string(machine.path("installed")).unwrap(), "azurite\n");
}

#[test]
fn azurite_is_not_installed_where_the_shell_names_an_account() {
    let (machine, mut command) = with_installer();
    let mut started = Running::start(command.env("AzureWebJobsStorage", NOWHERE));
    assert_eq!(started.ended_by("INT"), Some(0));
    assert!(!machine.path("installed").exists());
}

/// The curl lines that were printed, each with the status that its comment says.
fn printed_curl_lines(started: &Running) -> Vec<(&str, &str)> {
    let lines = started.printed.iter().filter(|line| line.starts_with("curl -i"));
    lines.map(|line| line.rsplit_once(" # ").unwrap()).collect()
}

/// Tests over Azurite; `make test` counts them by the name of the module.
mod azurite {
    use std::os::unix::process::CommandExt as _;

    use super::*;

    #[test]
    fn the_curl_lines_lead_to_active_and_a_second_start_keeps_the_database() {
        let machine = Machine::new();
        let mut started = machine.start();
        let lines = printed_curl_lines(&started);
        assert!(lines.len() >= 6, "{lines:#?}");
        for (line, expected) in lines {
            let (status, answer) = run(line);
            assert_eq!(status, expected, "{line}\n{answer}");
        }
        let run_of = |status: &serde_json::Value| status["onboarding"]["onboardingId"].clone();
        let first = run_of(&active(&started.biller("1001")));
        assert_eq!(active(&started.biller("1002"))["onboarding"]["progress"]["imported"], 3);
        let app = machine.path("start/app").canonicalize().unwrap();
        assert!(!processes_in(&app).is_empty());
        let second_start = refused(machine.start_command().env("AzureWebJobsStorage", NOWHERE), 2);
        assert!(second_start.contains("another `make start` uses"), "{second_start}");
        assert!(
            second_start.contains("`make serve ARGS='--port 7072'`"),
            "{second_start}"
        );
        assert_eq!(started.ended_by("INT"), Some(0));
        assert_eq!(processes_in(&app), Vec::<PathBuf>::new());

        let mut started = machine.start();
        assert_eq!(run_of(&active(&started.biller("1001"))), first);
        // Its event is an old one now.
        let toggle_1 = printed_curl_lines(&started)[0].0;
        assert_eq!(run(toggle_1).0, "200", "{toggle_1}");
        // The simulator began empty; a toggle puts the biller there again.
        let biller = started.biller("1002");
        assert_eq!(toggle(&biller), "202");
        let has_ended =
            |status: &serde_json::Value| !status["onboarding"]["finishedAt"].is_null() || status["status"] == "stuck";
        let again = status_once(&biller, has_ended);
        assert_eq!(again["onboarding"]["state"], "succeeded", "{again:#}");
        let cedar_point = organization(started.value("SecureAuth: "), "1002");
        assert_eq!(cedar_point["pools"][0]["number_of_users"], 3, "{cedar_point:#}");
        assert_eq!(started.ended_by("INT"), Some(0));
    }

    /// `host:port` of each service of the account in the app's settings.
    fn services(machine: &Machine) -> Vec<String> {
        let settings = fs::read_to_string(machine.path("start/app/local.settings.json")).unwrap();
        let settings: serde_json::Value = serde_json::from_str(&settings).unwrap();
        let account = settings["Values"]["AzureWebJobsStorage"].as_str().unwrap();
        let endpoints = account
            .split(';')
            .filter_map(|part| part.split_once("Endpoint=http://"));
        endpoints
            .map(|(_, address)| address.split('/').next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn azurite_ends_with_a_start_that_ends_by_ctrl_c_or_is_terminated_or_killed() {
        for (signal, code) in [("INT", Some(0)), ("TERM", Some(0)), ("KILL", None)] {
            let machine = Machine::new();
            // A group of its own, as a shell makes one: Ctrl-C goes to all in it.
            let mut started = Running::start(machine.start_command().process_group(0));
            let services = services(&machine);
            assert_eq!(services.len(), 3, "blobs, queues and tables");
            if signal == "INT" {
                kill(signal, &format!("-{}", started.child.id()));
                assert_eq!(started.child.wait().unwrap().code(), code);
            } else {
                assert_eq!(started.ended_by(signal), code, "{signal}");
            }
            for service in services {
                nothing_listens_on(&service);
            }
            nothing_runs_in(&machine.path("start/app"));
        }
    }
}
