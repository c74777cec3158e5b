//! Which events are logged at all.

use tracing::metadata::LevelFilter;
use tracing_subscriber::filter::Targets;

/// The crates whose targets are the handler's own.
const OURS: [&str; 2] = ["biller_onboarding", "ic_secureauth_api"];

/// Libraries log headers, rows and addresses below this (S1): no setting reveals them.
const LIBRARIES: LevelFilter = LevelFilter::WARN;

/// The SQL driver logs the server's messages, which may quote values of rows. The store reports every failure itself.
const SILENT: &str = "tiberius";

/// What was asked for, with libraries kept at warnings and errors, and the SQL driver silent.
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
    fn a_level_is_for_the_handler() {
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
    fn libraries_never_get_below_warnings() {
        for asked in ["trace", "info,hyper=trace", "info,biller=trace"] {
            assert!(!enabled(asked, "hyper", Level::INFO), "{asked}");
            assert!(!enabled(asked, "biller", Level::INFO), "{asked}");
            assert!(enabled(asked, "hyper", Level::WARN), "{asked}");
        }
        assert!(!enabled("error", "hyper", Level::WARN));
    }

    #[test]
    fn the_sql_driver_is_never_heard() {
        for asked in ["trace", "tiberius=trace", "info,tiberius::tds=error"] {
            assert!(!enabled(asked, "tiberius::tds::stream::token", Level::ERROR), "{asked}");
        }
    }
}
