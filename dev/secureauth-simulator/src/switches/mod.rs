//! Switches: one for every behaviour that docs/reference/secureauth-api.md assumes.

pub(crate) mod choices;
mod switch;
mod table;
pub(crate) mod values;

use serde::Serialize;

pub(crate) use switch::Switch;
pub use table::Switches;

/// Why a switch cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// No switch has this name.
    #[error("there is no switch `{0}`")]
    UnknownName(String),
    /// The switch exists but not this value.
    #[error("switch `{name}` takes {allowed}, not `{value}`")]
    UnknownValue {
        /// Its name, as in the README's rows.
        name: String,
        /// The refused value.
        value: String,
        /// The values that it takes.
        allowed: String,
    },
}

/// One switch as `--help` and `GET /admin` list it.
#[derive(Debug, Clone, Serialize)]
pub struct SwitchInfo {
    /// Name, as given to `--switch name=value`.
    pub name: String,
    /// Row of README.md; 0 for switches of the simulator itself.
    pub row: u8,
    /// Value in force.
    pub value: String,
    /// Value at start: the assumption.
    pub default: String,
    /// Its value decided something since it was set.
    pub reached: bool,
    /// The values that it takes.
    pub allowed: String,
    /// The behaviour that it changes.
    pub about: String,
}

impl Switches {
    /// Every switch with its default, one block each, for `--help`.
    pub fn help() -> String {
        use std::fmt::Write;

        Self::default().list().into_iter().fold(
            String::from("Switches (--switch name=value, PUT /admin/switches):\n"),
            |mut text, switch| {
                let SwitchInfo {
                    name,
                    row,
                    default,
                    allowed,
                    about,
                    ..
                } = switch;
                // Writing into a String cannot fail.
                let _ = writeln!(text, "  {name}={default}  [{allowed}] row {row}\n      {about}");
                text
            },
        )
    }
}
