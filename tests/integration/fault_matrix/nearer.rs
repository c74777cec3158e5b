//! What a failed run may leave of a user who was there before: the user as it was, or nearer to the CRM.

use std::collections::BTreeSet;

use secureauth_simulator::PoolUser;

use super::invariant::Before;
use super::meanwhile::Choice;
use super::snapshot::{Pool, Snapshot};

/// The pool has the same users as before, each as it was or nearer to the CRM.
pub(super) fn users_are_as_before(before: &Before<'_>, old: &Pool, new: &Pool, now: &Snapshot) -> Result<(), String> {
    let choices = before.choices();
    for (id, was) in &old.users {
        let Some(is) = new.users.get(id) else {
            return Err(format!("a user is gone: {id}"));
        };
        if was == is {
            continue;
        }
        let people = [&now.people, &before.snapshot.people];
        let guid = people.into_iter().find_map(|people| people.guid_of(id));
        let Some(guid) = guid else {
            return Err(format!("a user is not as it was, and has no account: {was:?} → {is:?}"));
        };
        let choice = choices.iter().find(|choice| choice.user_guid() == Some(guid));
        let is_claimed = |name: &String| {
            let others = choices.iter().filter(|other| other.user_guid() != Some(guid));
            others.into_iter().any(|other| other.has_name(name))
        };
        if !is_nearer(was, is, choice, is_claimed) {
            return Err(format!(
                "a user is not as it was: {was:?} → {is:?}; the CRM has {choice:?}"
            ));
        }
    }
    Ok(())
}

/// Each part but the credentials is as it was or as a row has it. A name is gone only if the new one is there, or somebody else is to have it.
fn is_nearer(was: &PoolUser, is: &PoolUser, choice: Option<&Choice>, is_claimed: impl Fn(&String) -> bool) -> bool {
    let rows = choice.map_or([].as_slice(), Choice::rows);
    let may_leave = choice.is_none_or(|choice| choice.may_have_left);
    let has_status = |status: &str| rows.iter().any(|row| row.status.as_deref() == Some(status));
    let status = is.status == was.status || has_status(&is.status) || (may_leave && is.status == "inactive");
    let sessions = is.sessions == was.sessions || (is.sessions == 0 && is.status == "inactive");
    let payload = is.payload == was.payload || rows.iter().any(|row| super::succeeded::has_profile(is, row));
    let names: Vec<&String> = rows.iter().filter_map(|row| row.user_name.as_ref()).collect();
    let emails: Vec<&String> = rows.iter().filter_map(|row| row.email.as_ref()).collect();
    let has_new_name = is.identifiers.iter().any(|name| names.contains(&name));
    let no_other_name = is
        .identifiers
        .iter()
        .all(|name| was.identifiers.contains(name) || names.contains(&name));
    let lost = was.identifiers.iter().filter(|name| !is.identifiers.contains(name));
    let lost_rightly = lost.into_iter().all(|name| has_new_name || is_claimed(name));
    let addresses =
        |user: &PoolUser| -> BTreeSet<String> { user.addresses.iter().map(|it| it.address.clone()).collect() };
    let (old, new) = (addresses(was), addresses(is));
    let no_other_address = new
        .iter()
        .all(|address| old.contains(address) || emails.contains(&address));
    let has_new_address = new.iter().any(|address| emails.contains(&address));
    let addresses_kept = has_new_address || old.is_subset(&new);
    status && sessions && payload && no_other_name && lost_rightly && no_other_address && addresses_kept
}
