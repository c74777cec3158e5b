//! Decides which events are logged at all.

use tracing::metadata::LevelFilter;
use tracing_subscriber::filter::Targets;

/// The crates whose targets are the handler's own.
const OURS: [&str; 2] = ["biller_onboarding", "ic_secureauth_api"];

/// Below this level, libraries log headers, rows and addresses. No setting may turn that on (docs/requirements.md#s1).
const LIBRARIES: LevelFilter = LevelFilter::WARN;

/// The SQL driver logs the server's messages, which may quote values of rows. The store reports every failure itself.
const SILENT: &str = "tiberius";

/// What `LOG_LEVEL` asks for, but of libraries only warnings and errors, and of the SQL driver nothing.
pub(super) fn capped(asked: &Targets) -> Targets {
    let default = asked.default_level().unwrap_or(LevelFilter::OFF);
    let given = asked.iter().filter(|(target, _)| !target.starts_with(SILENT));
    let given = given.map(|(target, level)| {
        let level = if is_ours(target) { level } else { level.min(LIBRARIES) };
        (target.to_owned(), level)
    });
    Targets::new()
        .with_default(default.min(LIBRARIES))
        .with_targets(OURS.map(|target| (target, default)))
        .with_targets(given)
        .with_target(SILENT, LevelFilter::OFF)
}

fn is_ours(target: &str) -> bool {
    let of = |crate_name| {
        let rest = target.strip_prefix(crate_name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    OURS.into_iter().any(of)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn enabled(asked: &str, target: &str, level: Level) -> bool {
        capped(&asked.parse().unwrap()).would_enable(target, &level)
    }

    #[test]
    fn a_level_without_a_target_applies_to_the_handler() {
        for target in ["biller_onboarding::store", "ic_secureauth_api::transport"] {
            assert!(enabled("debug", target, Level::DEBUG), "{target}");
        }
        assert!(!enabled("info", "biller_onboarding::store", Level::DEBUG));
        assert!(enabled(
            "info,biller_onboarding::store=debug",
            "biller_onboarding::store",
            Level::DEBUG
        ));
    }

    #[test]
    fn libraries_are_logged_at_warn_and_error_only() {
        for asked in ["trace", "info,hyper=trace", "info,biller=trace"] {
            assert!(!enabled(asked, "hyper", Level::INFO), "{asked}");
            assert!(!enabled(asked, "biller", Level::INFO), "{asked}");
            assert!(enabled(asked, "hyper", Level::WARN), "{asked}");
        }
        assert!(!enabled("error", "hyper", Level::WARN));
    }

    #[test]
    fn the_sql_driver_is_never_logged() {
        for asked in ["trace", "tiberius=trace", "info,tiberius::tds=error"] {
            assert!(!enabled(asked, "tiberius::tds::stream::token", Level::ERROR), "{asked}");
        }
    }
}
