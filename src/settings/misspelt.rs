//! Finds misspelt variables: their names are close to a setting's, so the setting that was meant would silently have its default.

mod well_known;

use super::reader::{Known, Reader};

/// Prefixes that only our settings use. A variable with such a prefix must be a setting, however different its name is.
const OUR_PREFIXES: [&str; 6] = [
    "SECUREAUTH_",
    "KEY_VAULT_",
    "SQLSERVER_",
    "ROLLBACK_",
    "RESEND_",
    "RETRY_",
];

/// Adds a finding for every variable that is no setting and whose name is close to one.
pub(super) fn report(reader: &mut Reader<'_>) {
    let environment = reader.environment();
    // A blank variable counts as unset.
    for name in environment.names().filter(|name| environment.get(name).is_some()) {
        if let Some(meant) = meant(name, reader.known()) {
            reader.report(
                name,
                format!("another name: there is no such setting, the nearest is {meant}"),
            );
        }
    }
}

/// The setting that was meant; `None` if the name is a setting's, or another program's.
fn meant(name: &str, known: &[Known]) -> Option<&'static str> {
    if well_known::NAMES.contains(&name) || known.iter().any(|known| known.name == name) {
        return None;
    }
    // On Linux `lease` is another variable than `LEASE`, so it counts as misspelt.
    let written = name.to_ascii_uppercase();
    let edits = |known: &Known| {
        let setting = known.name.to_ascii_uppercase();
        let most = most_edits(&written, &setting);
        let may_be_close = setting.len().abs_diff(written.len()) <= most;
        let edits = may_be_close.then(|| strsim::osa_distance(&setting, &written));
        edits.filter(|edits| *edits <= most)
    };
    let close = known.iter().filter_map(|known| Some((known.name, edits(known)?)));
    close.min_by_key(|(_, edits)| *edits).map(|(setting, _)| setting)
}

/// How many letters may be added, left out, replaced or swapped. Fewer for a short name, which is close to other words
/// (`LEASE` to `RELEASE`, `POOL_NAME` to `POD_NAME`).
fn most_edits(name: &str, setting: &str) -> usize {
    let begins_with = |prefix: &&str| name.starts_with(&prefix.to_ascii_uppercase());
    if OUR_PREFIXES.iter().any(begins_with) {
        usize::MAX
    } else if well_known::PREFIXES.iter().any(begins_with) {
        1
    } else {
        (setting.len() / 6).clamp(1, 3)
    }
}

#[cfg(test)]
mod tests;
