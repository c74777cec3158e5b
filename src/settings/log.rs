//! Which lines are logged, and in which format.
//!
//! Variables: `LOG_LEVEL`, `LOG_FORMAT`.

use strum::{Display, EnumString, VariantNames};
use tracing::metadata::LevelFilter;
use tracing_subscriber::filter::Targets;

use super::environment::Environment;
use super::reader::{Known, Reader};

/// The format of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Text for a person at a terminal.
    Text,
}

/// Which lines are logged, and in which format.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Levels by target, as `LOG_LEVEL` sets them.
    pub filter: Targets,
    /// JSON or text.
    pub format: LogFormat,
}

impl Log {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let known = Known::new(
            "LOG_LEVEL",
            "`error`, `warn`, `info`, `debug`, `trace` or directives such as `info,biller_onboarding::store=debug`",
        )
        .or("info");
        Self {
            filter: reader
                .optional(known, filter)
                .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO)),
            format: reader.one_of("LOG_FORMAT", LogFormat::Json),
        }
    }

    /// Reads these two settings only. A wrong value counts as its default, because the findings have to be logged somehow.
    pub fn of(environment: &Environment) -> Self {
        Self::read(&mut Reader::new(environment))
    }
}

/// Refuses a single word that is no level: [`Targets`] would take it for a target's name and log nothing else.
fn filter(text: &str) -> Option<Targets> {
    let is_directive = |part: &str| {
        let level = part.rsplit('=').next().unwrap_or_default();
        !level.is_empty() && level.parse::<LevelFilter>().is_ok()
    };
    text.split(',').all(is_directive).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_level_or_directives() {
        for good in ["info", "off", "DEBUG", "info,biller_onboarding::store=debug"] {
            assert!(filter(good).is_some(), "{good}");
        }
        for bad in ["verbose", "info,", "biller_onboarding=loud", "biller_onboarding="] {
            assert!(filter(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn wrong_settings_do_not_silence_the_log() {
        let log = Log::of(&Environment::of([("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml")]));
        let default = Targets::new().with_default(LevelFilter::INFO);
        assert_eq!(
            log,
            Log {
                filter: default,
                format: LogFormat::Json
            }
        );
    }
}
