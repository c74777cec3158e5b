//! Passes the commit on to the program, and tells the tests whether there is a SQL Server, so that its half of the conformance suite
//! shows as ignored without one.

fn main() {
    println!("cargo::rerun-if-env-changed=BUILD_COMMIT");
    let commit = std::env::var_os("BUILD_COMMIT").and_then(|commit| commit.into_string().ok());
    let commit = commit.unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=BUILD_COMMIT={commit}");
    println!("cargo::rerun-if-env-changed=TEST_SQL_SERVER");
    println!("cargo::rustc-check-cfg=cfg(sql_server)");
    if std::env::var_os("TEST_SQL_SERVER").is_some_and(|server| !server.is_empty()) {
        println!("cargo::rustc-cfg=sql_server");
    }
}
