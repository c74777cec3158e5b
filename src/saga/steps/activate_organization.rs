//! Activates the organization: the call that makes it live, and once confirmed the point of no return
//! (docs/ARCHITECTURE.md#point-of-no-return).

use tracing::{info, warn};

use super::super::journal_state::Origin;
use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use super::ensure_pool::organization_of;
use super::{deactivated_flag, own_pools};
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::journal::Entry;
use crate::domain::run::Kind;
use crate::store::Batch;
use ic_secureauth_api::{Organization, Versioned};

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let id = organization_of(context)?;
    if context.journal.deactivated_before.is_none() {
        own_pools::remove_doubles(context).await?;
    }
    // What this time slice read as deactivated is as good as another read: with its ETag, a change meanwhile is answered with 412.
    let seen = context.organization_seen.take();
    let seen = seen.filter(|seen| seen.etag.is_some() && seen.value.deactivated());
    let found = if let Some(seen) = seen {
        seen
    } else {
        let found = context.organization_anywhere(&id).await?;
        found.ok_or_else(StepError::not_shown)?
    };
    let found = rename(context, found).await?;
    if found.value.deactivated() {
        context
            .note(Entry::Activate {
                organization_id: id.to_string(),
                was_deactivated: true,
            })
            .await?;
        if !deactivated_flag::set_deactivated(context, found, false).await? {
            return Err(StepError::not_shown());
        }
    }
    context.journal.flag_confirmed = true;
    context.note(Entry::Activated).await?;
    info!(organization_id = %id, "organization is live");
    Ok(())
}

/// The name that an organization gets: the biller's present one. Only a sync renames, because the biller is live already, and only
/// an organization that a run of ours created.
pub(in super::super) fn new_name<'a>(found: &Organization, name: Option<&'a str>, kind: Kind) -> Option<&'a str> {
    let is_due = kind == Kind::Sync && found.marker().is_some();
    name.filter(|name| is_due && found.name() != Some(name))
}

/// A name that SecureAuth refuses is reported.
async fn rename(
    context: &mut RunContext<'_>,
    found: Versioned<Organization>,
) -> Result<Versioned<Organization>, StepError> {
    let name = new_name(&found.value, context.run.biller_name.as_deref(), context.run.kind).map(str::to_owned);
    let Some(name) = name else {
        return Ok(found);
    };
    let organization_id = found.value.id().to_string();
    context.note(Entry::RenameOrganization { organization_id }).await?;
    let renamed = found.clone().map(|organization| organization.with_name(&name));
    match context.api.update_organization(&renamed).await {
        Ok(answer) => Ok(answer),
        Err(error) if error.is_refusal() && !error.is_not_found() => {
            warn!(%error, "SecureAuth refuses the biller's new name for its organization");
            let batch = Batch {
                issues: vec![Issue::of(None, Field::BillerName, Code::Refused)],
                ..Batch::default()
            };
            context.write(batch).await?;
            Ok(found)
        }
        Err(error) => Err(error.into()),
    }
}

/// The first step of a rollback, because sign-ins have to stop first. Deactivates an organization that this run
/// created. Restores the `deactivated` flag of a found one, if this run may have changed it. Also the rollback of a
/// disable run.
pub(in super::super) async fn rollback(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let Some(recorded) = context.journal.organization.clone() else {
        return Ok(());
    };
    let before = match recorded.origin {
        Origin::Found => context.journal.deactivated_before,
        Origin::Intended | Origin::Created => Some(true),
    };
    let (Some(before), Some(found)) = (before, context.organization_anywhere(&organization_of(context)?).await?) else {
        return Ok(());
    };
    let ours = context.created(found.value.marker());
    if (recorded.origin != Origin::Found && !ours) || found.value.deactivated() == before {
        return Ok(());
    }
    if !deactivated_flag::set_deactivated(context, found, before).await? {
        return Err(StepError::not_shown());
    }
    let entry = Entry::OrganizationRestored {
        organization_id: recorded.id,
    };
    Ok(context.note(entry).await?)
}
