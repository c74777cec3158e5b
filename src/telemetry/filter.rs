//! Which events are logged at all.

use tracing::metadata::LevelFilter;
use tracing_subscriber::filter::Targets;

/// The handler's own targets begin like this.
const OURS: &str = "biller_onboarding";

/// Libraries log headers, rows and addresses below this (S1): no setting reveals them.
const LIBRARIES: LevelFilter = LevelFilter::WARN;

/// What was asked for, with libraries kept at warnings and errors.
pub(super) fn capped(asked: &Targets) -> Targets {
    let default = asked.default_level().unwrap_or(LevelFilter::OFF);
    let given = asked.iter().map(|(target, level)| {
        let is_ours = target == OURS || target.starts_with("biller_onboarding::");
        let level = if is_ours { level } else { level.min(LIBRARIES) };
        (target.to_owned(), level)
    });
    Targets::new()
        .with_default(default.min(LIBRARIES))
        .with_target(OURS, default)
        .with_targets(given)
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
        assert!(enabled("debug", "biller_onboarding::store", Level::DEBUG));
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
}
