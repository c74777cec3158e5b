//! Finds misspelt variables: they begin like our settings, and no setting has their name.

use super::reader::Reader;

/// Prefixes that only our settings use.
const OUR_PREFIXES: [&str; 6] = [
    "SECUREAUTH_",
    "KEY_VAULT_",
    "SQLSERVER_",
    "ROLLBACK_",
    "RESEND_",
    "RETRY_",
];

/// Adds a finding for every misspelt variable. Without it, the setting that was meant would silently have its default.
pub(super) fn report(reader: &mut Reader<'_>) {
    let environment = reader.environment();
    let is_ours = |name: &&str| OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    for name in environment.names().filter(is_ours) {
        if reader.known().iter().all(|known| known.name != name) {
            let nearest = nearest(name, reader);
            reader.report(
                name,
                format!("another name: there is no such setting, the nearest is {nearest}"),
            );
        }
    }
}

fn nearest(name: &str, reader: &Reader<'_>) -> &'static str {
    let names = reader.known().iter().map(|known| known.name);
    names
        .min_by_key(|known| strsim::damerau_levenshtein(known, name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::environment::Environment;
    use crate::settings::secureauth::SecureAuth;

    #[test]
    fn a_misspelt_name_is_reported_with_the_nearest_setting() {
        let environment = Environment::of([("SECUREAUTH_WORKRES", "2"), ("RETRY_MAX", "5s"), ("RELATIVE_PATH", "x")]);
        let mut reader = Reader::new(&environment);
        SecureAuth::read(&mut reader);
        report(&mut reader);
        assert_eq!(
            reader.finish().0.to_string(),
            "SECUREAUTH_WORKRES: expected another name: there is no such setting, the nearest is SECUREAUTH_WORKERS"
        );
    }
}
