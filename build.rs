//! Passes the commit on to the program, and tells the tests whether there is a SQL Server, and whether there is another Functions host, so
//! that what needs them shows as ignored without.

fn main() {
    println!("cargo::rerun-if-env-changed=BUILD_COMMIT");
    let commit = std::env::var_os("BUILD_COMMIT").and_then(|commit| commit.into_string().ok());
    let commit = commit.unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=BUILD_COMMIT={commit}");
    for (variable, cfg) in [("TEST_SQL_SERVER", "sql_server"), ("FUNCTIONS_HOST", "functions_host")] {
        println!("cargo::rerun-if-env-changed={variable}");
        println!("cargo::rustc-check-cfg=cfg({cfg})");
        if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
            println!("cargo::rustc-cfg={cfg}");
        }
    }
}
