//! V1, O1: the organization stands, or is created with our marker. Looked up by id only.

use tracing::info;

use super::super::failure::StepError;
use super::super::journal_state::Origin;
use super::super::ownership::Owner;
use super::super::run_context::RunContext;
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use ic_secureauth_api::{Class, NewOrganization, Organization, OrganizationId};

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    if context
        .journal
        .organization
        .as_ref()
        .is_some_and(|recorded| !recorded.as_asked)
    {
        return Err(StepError::Permanent(Reason::SettingsIgnored));
    }
    let id = context.organization_id().await?;
    if let Some(found) = context.api.organization(&id).await? {
        return adopt(context, &found.value).await;
    }
    create(context, id).await
}

/// What is there is ours, or stood before, or stops the run.
async fn adopt(context: &mut RunContext<'_>, found: &Organization) -> Result<(), StepError> {
    let organization_id = found.id().to_string();
    let entry = match context.owner(found.marker()).await? {
        Owner::ThisRun => return created_as_asked(context, found.id(), found).await,
        Owner::EarlierRun | Owner::Unmarked => {
            is_below(found, &context.settings().parent_organization_id)?;
            info!(organization_id, "the organization stood before");
            Entry::OrganizationFound {
                organization_id,
                deactivated: found.deactivated(),
            }
        }
    };
    Ok(context.note(entry).await?)
}

/// One that stood before is used only where the billers' organizations are.
pub(in super::super) fn is_below(found: &Organization, parent: &str) -> Result<(), StepError> {
    if found.parent_id() == Some(parent) {
        Ok(())
    } else {
        Err(StepError::Permanent(Reason::OrganizationElsewhere))
    }
}

async fn create(context: &mut RunContext<'_>, id: OrganizationId) -> Result<(), StepError> {
    let Some(name) = context.run.biller_name.clone().filter(|name| !name.trim().is_empty()) else {
        return Err(StepError::Permanent(Reason::BillerWithoutName));
    };
    let parent_id = OrganizationId::parse(&context.settings().parent_organization_id).map_err(|_| refused())?;
    let new = NewOrganization {
        id: id.clone(),
        name,
        parent_id,
        deactivated: context.settings().create_deactivated,
        marker: context.marker(),
    };
    let key = context.idempotency_key("create-organization");
    context
        .note(Entry::CreateOrganization {
            organization_id: id.to_string(),
            key: key.as_str().to_owned(),
        })
        .await?;
    match context.api.create_organization(&new, &key).await {
        Ok(created) => created_as_asked(context, &id, &created.value).await,
        Err(error) if error.is_conflict() => conflict(context, &id, error.outcome_unknown()).await,
        Err(error) => {
            if error.class() == Class::Permanent && !error.outcome_unknown() {
                context.note(Entry::OrganizationRefused).await?;
            }
            Err(error.into())
        }
    }
}

/// Something has the id: ours, somebody's, or nothing that ever shows. Reads may lag behind, and an earlier attempt of the
/// same request may be what is in the way.
async fn conflict(context: &mut RunContext<'_>, id: &OrganizationId, unsettled: bool) -> Result<(), StepError> {
    for pause in context.lag_pauses() {
        tokio::time::sleep(pause).await;
        if let Some(found) = context.organization_anywhere(id).await? {
            return adopt(context, &found.value).await;
        }
    }
    if unsettled {
        return Err(StepError::not_shown());
    }
    context.note(Entry::OrganizationRefused).await?;
    Err(StepError::Permanent(Reason::OrganizationIdReserved))
}

/// It is there by our doing, as the answer says or as it was found after the answer was lost.
async fn created_as_asked(
    context: &mut RunContext<'_>,
    id: &OrganizationId,
    organization: &Organization,
) -> Result<(), StepError> {
    let live = !organization.deactivated();
    let parent = context.settings().parent_organization_id.as_str();
    let shows = [
        ("id", organization.id() == id),
        ("parent_id", organization.parent_id() == Some(parent)),
        ("metadata", organization.marker() == Some(&context.marker())),
    ];
    let differs = shows.iter().filter(|(_, same)| !same);
    let differs_in: Vec<String> = differs.map(|(member, _)| (*member).to_owned()).collect();
    info!(organization_id = %organization.id(), live, ?differs_in, "organization created");
    let as_asked = differs_in.is_empty();
    // Together with what follows from it: whoever goes on after a crash has to know.
    context
        .note(Entry::OrganizationCreated {
            organization_id: organization.id().to_string(),
            live,
            differs_in,
        })
        .await?;
    if as_asked {
        Ok(())
    } else {
        Err(StepError::Permanent(Reason::SettingsIgnored))
    }
}

/// Ours → deleted, after its pools and only without other pools and children (reference 5.3 R5). `false` while pools of this
/// run still show: they have to go first.
pub(in super::super) async fn rollback(context: &mut RunContext<'_>) -> Result<bool, StepError> {
    let ours = context.journal.organization.clone();
    let Some(recorded) = ours.filter(|organization| organization.origin != Origin::Found) else {
        return Ok(true);
    };
    let id = OrganizationId::parse(&recorded.id).map_err(|_| refused())?;
    let Some(found) = context.organization_anywhere(&id).await? else {
        return deleted(context, &id).await;
    };
    if !context.created(found.value.marker()) {
        return match recorded.origin {
            // Somebody else's stands where ours was meant to be: nothing of ours is there.
            Origin::Intended => Ok(true),
            Origin::Found | Origin::Created => Err(StepError::Stuck(Reason::ForeignMarker)),
        };
    }
    let mut pools = context.api.pools_of(&id).await?;
    pools.retain(|pool| !pool.deleted);
    let others = pools.iter().any(|pool| !context.created(pool.marker().as_ref()));
    let children = context.api.child_count(&id).await?;
    if others || children.is_some_and(|children| children > 0) {
        return Err(StepError::Stuck(Reason::NotRolledBack));
    }
    if !pools.is_empty() {
        return Ok(false);
    }
    // Not knowing whether there are children is no permission to delete their parent.
    if children.is_none() {
        return Err(StepError::not_shown());
    }
    context
        .note(Entry::DeleteOrganization {
            organization_id: id.to_string(),
        })
        .await?;
    match context.api.delete_organization(&id).await {
        Ok(_) => deleted(context, &id).await,
        // It stays, deactivated, for an operator.
        Err(error) if error.class() == Class::Permanent => Err(StepError::Stuck(Reason::NotRolledBack)),
        Err(error) => Err(error.into()),
    }
}

async fn deleted(context: &mut RunContext<'_>, id: &OrganizationId) -> Result<bool, StepError> {
    info!(organization_id = %id, "organization gone");
    let entry = Entry::OrganizationDeleted {
        organization_id: id.to_string(),
    };
    context.note(entry).await?;
    Ok(true)
}

fn refused() -> StepError {
    StepError::Permanent(Reason::SecureauthRefused)
}
