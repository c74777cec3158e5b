//! `local-stack run` as a person uses it. The handler's binary has to be built before; `cargo test --workspace` does
//! that.

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use local_stack::UserRow;
use tempfile::TempDir;

/// The biller whose people leave, change places and share names.
const BILLER: &str = "1011";

/// How an active person of an active biller gets in at first.
const SIGNED_IN: &str = "(active) password reset, signed in: password, second factor skipped";

/// What the program printed, and its exit code.
struct Ended {
    lines: Vec<String>,
    code: Option<i32>,
}

impl Ended {
    /// Runs all sample billers with this handler. Nothing is left behind, even by a run that keeps its database.
    fn with(handler: &Path) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let output = Command::new(env!("CARGO_BIN_EXE_local-stack"))
            .arg("run")
            .arg("--handler")
            .arg(handler)
            .arg("--log")
            .arg(folder.path().join("run.log"))
            .env("TMPDIR", folder.path())
            .output()?;
        let printed = String::from_utf8(output.stdout)?;
        Ok(Self {
            lines: printed.lines().map(str::to_owned).collect(),
            code: output.status.code(),
        })
    }

    fn assert_has(&self, line: &str) {
        assert!(
            self.lines.iter().any(|it| it == line),
            "no {line:?} in {:#?}",
            self.lines
        );
    }

    /// A line about a person who came to the sign-in page after the event.
    fn assert_signs_in(&self, event: &str, ends: &str) {
        let start = format!("  {event}: ");
        assert!(
            self.lines.iter().any(|it| it.starts_with(&start) && it.ends_with(ends)),
            "{event}: nobody {ends} in {:#?}",
            self.lines
        );
    }

    /// The lines after the one with this start; none if it is missing.
    fn after(&self, start: &str) -> &[String] {
        let place = self.lines.iter().position(|line| line.starts_with(start));
        place.and_then(|place| self.lines.get(place + 1..)).unwrap_or_default()
    }
}

fn handler() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_local-stack")).with_file_name("biller-onboarding")
}

/// The handler with another setting, as a program of its own.
fn handler_with(folder: &TempDir, setting: &str) -> Result<PathBuf, Box<dyn Error>> {
    let path = folder.path().join("handler");
    fs::write(
        &path,
        format!("#!/bin/sh\n{setting} exec '{}' \"$@\"\n", handler().display()),
    )?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

fn guid(number: u32) -> String {
    UserRow::sample(BILLER, number).user_guid.unwrap_or_default()
}

fn name(number: u32) -> String {
    UserRow::sample(BILLER, number).user_name.unwrap_or_default()
}

#[test]
fn every_biller_ends_as_expected_and_the_last_lines_count_it() -> Result<(), Box<dyn Error>> {
    let ended = Ended::with(&handler())?;
    assert_eq!(ended.code, Some(0), "{:#?}", ended.lines);
    ended.assert_has("1011 Foxhill Sewer   ✓ active: 1 imported, 3 changed, 3 deactivated, 4 reported");

    for (event, ends) in [
        ("1002 Cedar Point, Wizard Yes", SIGNED_IN),
        ("1003 Clearwater, toggle Yes", SIGNED_IN),
        ("1004 Riverbend Water, toggle Yes", SIGNED_IN),
        ("1005 Harborview, toggle Yes", "(active) refused: no-such-workspace"),
        ("1005 Harborview, toggle Yes, fixed", SIGNED_IN),
        (
            "1005 Harborview, toggle Yes, fixed",
            "(inactive) refused: user-not-active",
        ),
        ("1006 Pine Valley, toggle Yes", SIGNED_IN),
        ("1007 Lakeside Gas, toggle Yes", SIGNED_IN),
        ("1007 Lakeside Gas, toggle Yes, 2 more", SIGNED_IN),
        (
            "1008 Granite County, Wizard Yes, refused",
            "(active) refused: no-such-workspace",
        ),
        ("1008 Granite County, toggle Yes", SIGNED_IN),
        ("1009 Summit Waste, toggle Yes", SIGNED_IN),
        (
            "1009 Summit Waste, toggle No",
            "(active) refused: organization-deactivated",
        ),
        ("1010 Willow Creek, Wizard No", "(active) refused: no-such-workspace"),
        ("1011 Foxhill Sewer, toggle Yes", SIGNED_IN),
        (
            "1011 Foxhill Sewer, toggle Yes, moves",
            "(inactive) refused: user-not-active",
        ),
    ] {
        ended.assert_signs_in(event, ends);
    }

    let [.., events, people, log] = ended.lines.as_slice() else {
        return Err("too few lines".into());
    };
    let (number, rest) = events.split_once(" in ").ok_or("no time")?;
    let (_, holds) = rest.split_once(" s, ").ok_or("no seconds")?;
    assert_eq!(number, "16 events");
    assert_eq!(
        holds,
        "each as expected. SecureAuth holds 10 organizations, 10 identity pools and 5621 users, and the database says the same."
    );
    assert_eq!(
        people,
        "5617 people have the user name and the access that the CRM says, 2 who left have no access, and 4 still have data errors, listed above."
    );
    assert!(log.starts_with("Log of handler and host: "), "{log}");
    Ok(())
}

#[test]
fn people_with_data_errors_are_listed_with_the_holder_of_their_name() -> Result<(), Box<dyn Error>> {
    let ended = Ended::with(&handler())?;
    let mut expected = [
        format!("  {} user_name duplicate: signs in as {}", guid(8), name(8)),
        format!("  {} user_name duplicate: has no user", guid(1_008)),
        format!("  {} user_name invalid: signs in as {}", guid(9), name(9)),
        format!("  {} user_name held by {}: has no user", guid(1_009), guid(9)),
    ];
    expected.sort();
    let listed = ended.after("1011 Foxhill Sewer, toggle Yes, moves");
    assert_eq!(listed.get(..4), Some(expected.as_slice()), "{:#?}", ended.lines);
    Ok(())
}

#[test]
fn leavers_who_may_still_sign_in_make_it_fail() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let ended = Ended::with(&handler_with(&folder, "LEAVERS=keep")?)?;
    assert_eq!(ended.code, Some(1), "{:#?}", ended.lines);
    let complaints = ended.after("NOT as expected, after ").join("\n");
    for number in [1, 2] {
        let still = format!("{} signs in as {}, but should not", guid(number), name(number));
        assert!(complaints.contains(&still), "no {still:?} in {complaints}");
    }
    Ok(())
}
