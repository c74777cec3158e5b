//! What happens to the people of a sample biller between its two events.

use local_stack::{Stack, StackError, UserRow, visit};

use super::billers::SampleBiller;

/// Everybody of the biller who may signs in, which opens a session.
pub(super) fn sign_in(stack: &Stack, biller: &SampleBiller) {
    let is_active = |user: &UserRow| user.status.as_deref() == Some("active");
    for user in biller.good_users().into_iter().filter(is_active) {
        visit(stack.simulator(), biller.id, &user);
    }
}

/// People leave, change places and join: one is `deleted`, one row is gone, three rotate their user names, a joiner takes the name of
/// one who left, one is set inactive, and one gets a new GUID. A joiner shares the name of somebody who stays. Somebody gets a name
/// with a blank and so keeps the old one, which another joiner is to get.
pub(super) fn change_places(stack: &Stack, biller: &SampleBiller) -> Result<(), StackError> {
    let (crm, id) = (stack.crm(), biller.id);
    let sample = |number| UserRow::sample(id, number);
    let guid = |number| sample(number).user_guid.unwrap_or_default();
    let named = |number, name| UserRow {
        user_name: name,
        ..sample(number)
    };
    let name = |number| sample(number).user_name;
    crm.set_user_status(id, &guid(1), "deleted")?;
    crm.remove_user(id, &guid(2))?;
    for (number, other) in [(3, 4), (4, 5), (5, 3)] {
        crm.replace_user(id, &named(number, name(other)))?;
    }
    crm.set_user_status(id, &guid(6), "inactive")?;
    crm.remove_user(id, &guid(7))?;
    let rekeyed = UserRow {
        user_guid: sample(1_007).user_guid,
        ..sample(7)
    };
    let sharing = named(1_008, name(8).map(|name| name.to_uppercase()));
    crm.replace_user(id, &named(9, Some("front desk".to_owned())))?;
    let to_get_a_kept_name = named(1_009, name(9));
    crm.add_users(id, &[rekeyed, named(1_001, name(2)), sharing, to_get_a_kept_name])?;
    Ok(())
}
