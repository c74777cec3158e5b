//! A payload schema in a dialect that the handler cannot judge: SecureAuth refuses users whom the handler takes for good.

use local_stack::{Stack, UserRow};
use secureauth_simulator::Seed;
use serde_json::json;

use crate::support::Outcome;

/// Id of the schema.
pub(crate) const OWN_DIALECT: &str = "own_dialect";

/// Gives SecureAuth the schema, unless it has it.
pub(crate) fn seed(stack: &Stack) -> Outcome {
    if stack.simulator().inventory().schemas.iter().any(|id| id == OWN_DIALECT) {
        return Ok(());
    }
    let text = json!({ "type": "string" });
    let schema = json!({
        "$schema": "https://secureauth.example/dialect", "type": "object",
        "properties": { "first_name": { "type": "string", "not": { "const": "unwanted" } }, "last_name": text, "user_name": text },
    });
    let schema = json!({ "id": OWN_DIALECT, "name": OWN_DIALECT, "schema": schema });
    stack.simulator().seed(Seed {
        schemas: schema.as_object().cloned().into_iter().collect(),
        ..Seed::default()
    })?;
    Ok(())
}

/// The row of somebody whom SecureAuth refuses.
pub(crate) fn unwanted(row: UserRow) -> UserRow {
    UserRow {
        first_name: Some("unwanted".to_owned()),
        ..row
    }
}
