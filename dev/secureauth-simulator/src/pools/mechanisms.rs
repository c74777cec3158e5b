//! Mechanisms of a pool that its organization does not allow (row 108).

use serde_json::{Map, Value};

use super::create::text;
use crate::errors::ApiError;
use crate::server::call::Call;
use crate::state::State;
use crate::switches::choices::MechanismNotAllowed;

const MEMBERS: [&str; 2] = ["authentication_mechanisms", "second_factor_authentication_mechanisms"];

/// Refuses a pool whose mechanisms its organization does not allow, if the switch says so. `kept` has those that the request leaves
/// out. A workspace that is no organization allows all.
pub(super) fn check_mechanisms(
    state: &State,
    call: &Call,
    kept: &Value,
    request: &Map<String, Value>,
) -> Result<(), ApiError> {
    if *call.switches.mechanism_not_allowed == MechanismNotAllowed::Accepted {
        return Ok(());
    }
    let Some(organization) = state.organizations.get(text(request, "workspace_id")) else {
        return Ok(());
    };
    let allowed = || organization.authentication_mechanisms.iter().flatten();
    let given = |member| {
        request
            .get(member)
            .filter(|value| !value.is_null())
            .or(kept.get(member))
    };
    let mut wanted = MEMBERS
        .into_iter()
        .filter_map(given)
        .filter_map(Value::as_array)
        .flatten();
    if wanted.all(|mechanism| allowed().any(|it| mechanism == it.as_str())) {
        Ok(())
    } else {
        Err(ApiError::unprocessable("The organization does not allow a mechanism"))
    }
}
