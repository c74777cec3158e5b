//! `local-stack start` as a person uses it, with a stand-in for Core Tools (`stand_in_func.sh`). The binaries of handler and stand-in host
//! have to be built before; `cargo test --workspace` does that.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on fails its test"
)]

mod machine;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use machine::{DEADLINE, Machine, PROGRAM, Started, nothing_runs_in, printed_curl_lines, processes_in, run};

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
    command
        .env("PATH", machine.path("bin"))
        .env("AzureWebJobsStorage", NOWHERE);
    let said = refused_for_lack(&mut command);
    assert!(
        said.contains("npm install --global azure-functions-core-tools@4"),
        "{said}"
    );
    assert!(!machine.path("start/app").exists(), "nothing was made");
}

#[test]
fn another_version_of_func_and_one_that_is_half_installed_are_named() {
    for (script, complaint) in [
        ("echo 3.0.5", "has version 3.0.5"),
        ("exit 7", "not installed completely"),
    ] {
        let machine = Machine::without_func();
        machine.script("bin/func", &format!("#!/bin/sh\n{script}\n"));
        let said = refused_for_lack(machine.start_command().env("AzureWebJobsStorage", NOWHERE));
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
    let said = refused(command.env("AzureWebJobsStorage", NOWHERE), 2);
    assert!(said.contains(&format!("port {port} cannot be used")), "{said}");
    assert!(said.contains("make start ARGS='--port"), "{said}");
    assert!(!said.contains("make serve"), "the way out is another port: {said}");
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
    let child = command.env("AzureWebJobsStorage", NOWHERE);
    let mut started = Started::until_up(child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let app = machine.path("start/app").canonicalize().unwrap();
    let is_host = |process: &PathBuf| {
        let program = fs::read_link(process.join("exe")).unwrap_or_default();
        program.ends_with("functions-host")
    };
    let host = processes_in(&app).into_iter().find(is_host).unwrap();
    let pid = host.file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        Command::new("sh")
            .args(["-c", &format!("kill -KILL {pid}")])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(started.child.wait().unwrap().code(), Some(1));
    let mut said = String::new();
    started.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("`func start` has ended"), "{said}");
    nothing_runs_in(&app);
}

#[test]
fn a_start_that_is_killed_leaves_no_process_behind() {
    let machine = Machine::new();
    let mut command = machine.start_command();
    let child = command.env("AzureWebJobsStorage", NOWHERE);
    let mut started = Started::until_up(child.stdout(Stdio::piped()).spawn().unwrap());
    assert!(!processes_in(&machine.path("start/app")).is_empty());
    started.signal("KILL");
    started.child.wait().unwrap();
    nothing_runs_in(&machine.path("start/app"));
}

#[test]
fn where_azurite_is_not_installed_start_names_the_command_that_installs_it() {
    let machine = Machine::new();
    let usual = [10_000, 10_001].map(|port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    if usual == [true, true] {
        // The emulator that runs here is used instead.
        return;
    }
    let said = refused_for_lack(machine.start_command().env("TOOLS", machine.path("tools")));
    assert!(said.contains("`make azurite` installs it"), "{said}");
}

/// Tests over Azurite; `make test` counts them by the name of the module.
mod azurite {
    use super::*;

    #[test]
    fn the_curl_lines_lead_to_active_and_a_second_start_keeps_the_database() {
        let machine = Machine::new();
        let started = machine.start();
        let lines = printed_curl_lines(&started);
        assert!(lines.len() >= 6, "{lines:#?}");
        for (line, expected) in lines {
            let (status, answer) = run(line);
            assert_eq!(status, expected, "{line}\n{answer}");
        }
        let run_of = |status: &serde_json::Value| status["onboarding"]["onboardingId"].clone();
        let first = run_of(&started.active("1001"));
        assert_eq!(started.active("1002")["onboarding"]["progress"]["imported"], 3);
        let app = machine.path("start/app").canonicalize().unwrap();
        assert!(!processes_in(&app).is_empty());
        let second_start = refused_in_use(&machine);
        assert!(second_start.contains("another `make start` uses"), "{second_start}");
        assert!(
            second_start.contains("`make serve ARGS='--port 7072'`"),
            "{second_start}"
        );
        started.stop();
        assert_eq!(processes_in(&app), Vec::<PathBuf>::new());

        let started = machine.start();
        assert_eq!(run_of(&started.active("1001")), first);
        // Its event is an old one now.
        let toggle_1 = printed_curl_lines(&started)[0].0;
        assert_eq!(run(toggle_1).0, "200", "{toggle_1}");
        // The simulator began empty; a toggle puts the biller there again.
        let body = r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"jane.doe"}"#;
        let url = format!("{}/api/billers/1002/ciam", started.value("HTTP API: "));
        let (status, _) = run(&format!(
            "curl -X POST {url} -H 'Content-Type: application/json' -d '{body}'"
        ));
        assert_eq!(status, "202");
        let again = ended(&started, &url);
        assert_eq!(again["onboarding"]["state"], "succeeded", "{again:#}");
        let (_, inventory) = run(&format!("curl {}/admin/inventory", started.value("SecureAuth: ")));
        let inventory: serde_json::Value = serde_json::from_str(&inventory).unwrap();
        let organizations = inventory["organizations"].as_array().unwrap();
        let cedar_point = organizations.iter().find(|it| it["id"] == "1002").unwrap();
        assert_eq!(cedar_point["pools"][0]["number_of_users"], 3, "{cedar_point:#}");
        started.stop();
    }

    fn refused_in_use(machine: &Machine) -> String {
        refused(machine.start_command().env("AzureWebJobsStorage", NOWHERE), 2)
    }

    /// The status once the latest run has ended.
    fn ended(started: &Started, url: &str) -> serde_json::Value {
        let end = Instant::now() + DEADLINE;
        loop {
            let (_, answer) = run(&format!("curl {url}"));
            let json: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
            if !json["onboarding"]["finishedAt"].is_null() || json["status"] == "stuck" {
                return json;
            }
            assert!(Instant::now() < end, "{:#?}: {answer}", started.printed);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
