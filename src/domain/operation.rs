//! What an operator may do with a run (docs/OPERATIONS.md#stuck-runs).

use strum::{Display, EnumString, IntoStaticStr, VariantNames};

/// The names of commands, separated by commas.
pub fn names(commands: &[Operation]) -> String {
    let names: Vec<&str> = commands.iter().map(<&str>::from).collect();
    names.join(", ")
}

/// An operator's command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Operation {
    /// Go on where the run stopped: `stuck` or `waiting` → `rolling_back` if a rollback had begun, else `waiting`. The
    /// run is due now, and none of its pauses are used.
    Resume,
    /// Roll back: `stuck`, `waiting` or `queued` → `rolling_back`. The run is due now, and none of its pauses and of
    /// its time limit are used.
    Rollback,
    /// Cancel a run that no worker ever had: `queued` → `cancelled`.
    Cancel,
    /// End a run after the operator cleaned up by hand: `stuck` → `failed`.
    Close,
}
