//! The command line and environment of the handler (S4).

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use uuid::Uuid;

use crate::config::{Environment, HandlerSettings};
use crate::options::Executable;

/// Everything needed to start the handler any number of times.
pub(crate) struct Launch {
    app_root: PathBuf,
    working_directory: PathBuf,
    environment: Environment,
    program: Program,
}

enum Program {
    /// From `host.json`: variables are replaced, arguments are joined and then split at blanks.
    Configured {
        executable: String,
        arguments: String,
    },
    Given(Executable),
}

impl Launch {
    pub(crate) fn new(
        app_root: &Path,
        environment: Environment,
        settings: &HandlerSettings,
        executable: Option<Executable>,
    ) -> Self {
        let program = executable.map_or_else(
            || Program::Configured {
                executable: settings.executable.clone(),
                arguments: settings.arguments.join(" "),
            },
            Program::Given,
        );
        Self {
            app_root: app_root.to_owned(),
            working_directory: app_root.join(&settings.working_directory),
            environment,
            program,
        }
    }

    /// The command for one start. `worker_id` is new each time.
    pub(crate) fn command(&self, port: u16, worker_id: Uuid) -> Command {
        let (port, worker_id) = (port.to_string(), worker_id.to_string());
        let root = self.app_root.to_string_lossy().into_owned();
        let environment = self.environment.with([
            ("FUNCTIONS_CUSTOMHANDLER_PORT".to_owned(), port.clone()),
            ("FUNCTIONS_HTTPWORKER_PORT".to_owned(), port),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID".to_owned(), worker_id.clone()),
            ("FUNCTIONS_HTTPWORKER_ID".to_owned(), worker_id),
            ("FUNCTIONS_APP_ROOT_PATH".to_owned(), root),
        ]);
        let (program, arguments) = self.resolve(&environment);
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.working_directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        environment.apply(&mut command);
        command
    }

    fn resolve(&self, environment: &Environment) -> (PathBuf, Vec<String>) {
        match &self.program {
            Program::Given(executable) => (executable.path.clone(), executable.arguments.clone()),
            Program::Configured { executable, arguments } => {
                let executable = PathBuf::from(environment.expand(executable));
                let in_app = self.app_root.join(&executable);
                let arguments = environment.expand(arguments);
                (
                    if in_app.is_file() { in_app } else { executable },
                    arguments.split_whitespace().map(str::to_owned).collect(),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::time::Duration;

    use super::*;

    fn launch(root: &Path, executable: &str, arguments: &[&str]) -> Launch {
        let settings = HandlerSettings {
            executable: executable.to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            working_directory: String::new(),
            stderr_is_for_errors_only: true,
            port: None,
            initialization_timeout: Duration::from_secs(30),
        };
        let environment = Environment::default().with([("NAME".to_owned(), "worker".to_owned())]);
        Launch::new(root, environment, &settings, None)
    }

    #[test]
    fn a_relative_executable_is_joined_to_the_app_root_only_when_it_exists() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("worker"), "").unwrap();
        for (executable, expected) in [
            ("worker", root.path().join("worker")),
            ("%NAME%", root.path().join("worker")),
            ("somewhere-on-the-path", PathBuf::from("somewhere-on-the-path")),
        ] {
            let command = launch(root.path(), executable, &[]).command(1, Uuid::nil());
            assert_eq!(command.as_std().get_program(), expected.as_os_str(), "{executable}");
        }
    }

    #[test]
    fn arguments_are_joined_unquoted_so_a_blank_cuts_one_in_two() {
        let root = tempfile::tempdir().unwrap();
        let launch = launch(
            root.path(),
            "x",
            &["a b", "--port=%FUNCTIONS_CUSTOMHANDLER_PORT%", "%UNSET%"],
        );
        let command = launch.command(8080, Uuid::nil());
        let arguments: Vec<&OsStr> = command.as_std().get_args().collect();
        assert_eq!(arguments, ["a", "b", "--port=8080"]);
    }
}
