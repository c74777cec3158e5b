//! Finds the organization by its id, or creates it with our marker (docs/requirements.md#o1).

use tracing::info;

use super::super::journal_state::Origin;
use super::super::ownership::Owner;
use super::super::run_context::RunContext;
use super::super::step_error::{StepError, details_of};
use super::{new_pool, own_pools};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use ic_secureauth_api::{ApiError, NewOrganization, Organization, OrganizationId};

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    if context
        .journal
        .organization
        .as_ref()
        .is_some_and(|recorded| !recorded.as_asked)
    {
        return Err(StepError::permanent(Reason::SettingsIgnored));
    }
    let id = context.organization_id().await?;
    if let Some(found) = context.api.organization(&id).await? {
        let organization = found.value.clone();
        context.organization_seen = Some(found);
        return adopt(context, &organization).await;
    }
    create(context, id).await
}

/// Uses an organization that exists: created by this run, or found. A foreign one stops the run.
async fn adopt(context: &mut RunContext<'_>, found: &Organization) -> Result<(), StepError> {
    let organization_id = found.id().to_string();
    let resource = format!("the organization {organization_id}");
    let entry = match context.owner(&resource, found.marker()).await? {
        Owner::ThisRun => return created_as_asked(context, found.id(), found).await,
        Owner::EarlierRun | Owner::Unmarked => {
            is_below(found, &context.settings().parent_organization_id)?;
            let allows = found.authentication_mechanisms().to_vec();
            info!(organization_id, ?allows, "organization found");
            Entry::OrganizationFound {
                organization_id,
                deactivated: found.deactivated(),
                allows: Some(allows),
            }
        }
    };
    Ok(context.note(entry).await?)
}

/// A found organization is used only below the configured parent.
pub(in super::super) fn is_below(found: &Organization, parent: &str) -> Result<(), StepError> {
    let actual = found.parent_id();
    if actual == Some(parent) {
        return Ok(());
    }
    let id = found.id();
    let actual = actual.unwrap_or("no organization");
    let cause = format!("the organization {id} is below {actual}, not below {parent} (PARENT_ORGANIZATION_ID)");
    Err(StepError::permanent(Reason::OrganizationElsewhere).because(cause))
}

async fn create(context: &mut RunContext<'_>, id: OrganizationId) -> Result<(), StepError> {
    let Some(name) = context.run.biller_name.clone().filter(|name| !name.trim().is_empty()) else {
        return Err(StepError::permanent(Reason::BillerWithoutName));
    };
    let parent_id = OrganizationId::parse(&context.settings().parent_organization_id).map_err(|_| refused())?;
    let new = NewOrganization {
        id: id.clone(),
        name,
        parent_id,
        deactivated: context.settings().create_deactivated,
        authentication_mechanisms: new_pool::factors(context.settings()),
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
        Ok(created) => {
            let organization = created.value.clone();
            context.organization_seen = Some(created);
            created_as_asked(context, &id, &organization).await
        }
        Err(error) if error.is_conflict() => conflict(context, &id, &error).await,
        Err(error) => {
            if error.is_refusal() {
                context.note(Entry::OrganizationRefused).await?;
            }
            Err(error.into())
        }
    }
}

/// The id is taken. Reads may lag behind writes, and an earlier attempt of this request may have taken it. So the
/// organization is looked up several times before the id counts as reserved (docs/decisions.md#conflicts-need-looks).
async fn conflict(context: &mut RunContext<'_>, id: &OrganizationId, refused: &ApiError) -> Result<(), StepError> {
    for pause in context.lag_pauses() {
        tokio::time::sleep(pause).await;
        if let Some(found) = context.organization_anywhere(id).await? {
            return adopt(context, &found.value).await;
        }
    }
    if refused.outcome_unknown() {
        return Err(StepError::not_shown());
    }
    context.note(Entry::OrganizationRefused).await?;
    Err(StepError::permanent(Reason::OrganizationIdReserved).with(details_of(refused)))
}

/// Records that this run created the organization, and compares it with the request. `organization` is the answer to
/// the creation, or what a read showed after a lost answer.
async fn created_as_asked(
    context: &mut RunContext<'_>,
    id: &OrganizationId,
    organization: &Organization,
) -> Result<(), StepError> {
    let live = !organization.deactivated();
    let parent = context.settings().parent_organization_id.as_str();
    let not_allowed = context
        .settings()
        .factors()
        .missing_in(organization.authentication_mechanisms());
    let shows = [
        ("id", organization.id() == id),
        ("parent_id", organization.parent_id() == Some(parent)),
        ("metadata", organization.marker() == Some(&context.marker())),
        ("authentication_mechanisms", not_allowed.is_empty()),
    ];
    let differs = shows.iter().filter(|(_, same)| !same);
    let differs_in: Vec<String> = differs.map(|(member, _)| (*member).to_owned()).collect();
    info!(organization_id = %organization.id(), live, ?differs_in, "organization created");
    let as_asked = differs_in.is_empty();
    // The entry holds the differences as well: after a crash the next worker has to know them.
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
        Err(StepError::permanent(Reason::SettingsIgnored))
    }
}

/// Deletes the organization if this run created it, unless it holds other pools or child organizations
/// (docs/ARCHITECTURE.md#rollback). `false`: pools of this run still show and have to be deleted first.
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
            // Somebody else's organization has the id, so our creation had no effect.
            Origin::Intended => Ok(true),
            Origin::Found | Origin::Created => {
                let cause = format!("the organization {id} has lost this run's marker");
                Err(StepError::stuck(Reason::ForeignMarker).because(cause))
            }
        };
    }
    // An empty pool without a marker, such as a built-in directory, is part of the organization and goes with it.
    let (mut built_in, mut pools) = (Vec::new(), Vec::new());
    for pool in context.api.pools_of(&id).await? {
        if pool.deleted {
            continue;
        }
        if own_pools::is_built_in(&pool)? {
            built_in.push(pool);
        } else {
            pools.push(pool);
        }
    }
    let others = pools.iter().any(|pool| !context.created(pool.marker().as_ref()));
    // Where SecureAuth deletes children too, an unknown number is not none.
    let children = context.api.child_count(&id).await?.ok_or_else(StepError::not_shown)?;
    if others || children > 0 {
        let cause = format!("the organization {id} has pools of others, or {children} organizations below it");
        return Err(StepError::stuck(Reason::NotRolledBack).because(cause));
    }
    if !pools.is_empty() {
        return Ok(false);
    }
    for pool in built_in {
        own_pools::delete(context, &pool.id).await?;
    }
    context
        .note(Entry::DeleteOrganization {
            organization_id: id.to_string(),
        })
        .await?;
    // A refusal is waited out as well: right after its pools, the organization may not be deletable yet.
    context.api.delete_organization(&id).await?;
    deleted(context, &id).await
}

async fn deleted(context: &mut RunContext<'_>, id: &OrganizationId) -> Result<bool, StepError> {
    info!(organization_id = %id, "the organization of this run is gone");
    let entry = Entry::OrganizationDeleted {
        organization_id: id.to_string(),
    };
    context.note(entry).await?;
    Ok(true)
}

fn refused() -> StepError {
    StepError::permanent(Reason::SecureauthRefused)
}
