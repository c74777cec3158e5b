//! Finds the identity pool, or creates it with its identity provider, a derived id and our marker
//! (docs/requirements.md#p1).

use tracing::{info, warn};

use super::super::first_sign_in;
use super::super::journal_state::Origin;
use super::super::ownership::Owner;
use super::super::run_context::RunContext;
use super::super::step_error::{StepError, details_of};
use super::find_pool::{self, Known};
use super::{identity_provider, new_pool, own_pools, pool_users};
use crate::domain::journal::Entry;
use crate::domain::reason::Reason;
use crate::store::{Batch, Cursor, NewPool, PoolOrigin};
use ic_secureauth_api::{OrganizationId, Pool, PoolId};

/// Refused pool ids after which the run fails (docs/ARCHITECTURE.md#ids).
const REFUSED_IDS: u32 = 3;

pub(super) async fn run(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let known = context.journal.pool.clone();
    let Some(pool) = known.filter(|pool| pool.origin != Origin::Intended) else {
        let is_first = context.journal.created_organization() && !context.journal.pool_intended;
        // The run's new organization has no pool that the run could use.
        let found = if is_first { None } else { find(context).await? };
        if let Some(pool) = found {
            return adopt(context, &pool).await;
        }
        first_sign_in::require(context)?;
        return create_new(context).await;
    };
    if !pool.as_asked {
        return Err(settings_ignored());
    }
    first_sign_in::require(context)?;
    let id = PoolId::parse(&pool.id).map_err(|_| refused())?;
    if !context.journal.idp_checked {
        own_pools::remove_doubles(context).await?;
        return identity_provider::check(context, &id).await;
    }
    pool_users::record(context, &id, pool.case_insensitive).await
}

async fn find(context: &RunContext<'_>) -> Result<Option<Pool>, StepError> {
    let stored = context.store().biller(&context.run.biller_id, 0).await?;
    let known = Known {
        organization: organization_of(context)?,
        stored: stored.and_then(|view| view.biller.identity_pool_id),
        derived: context.subject().derived_ids().pool_id(),
        is_new: context.journal.created_organization(),
    };
    let is_ours = |pool: &Pool| context.created(pool.marker().as_ref());
    find_pool::find(&context.api, known, is_ours).await
}

async fn adopt(context: &mut RunContext<'_>, pool: &Pool) -> Result<(), StepError> {
    let resource = format!("the pool {}", pool.id);
    match context.owner(&resource, pool.marker().as_ref()).await? {
        Owner::ThisRun => created(context, pool, false).await,
        owner @ (Owner::EarlierRun | Owner::Unmarked) => {
            let origin = match owner {
                Owner::EarlierRun => PoolOrigin::Created,
                _ => PoolOrigin::Found,
            };
            let differs_in: Vec<String> = new_pool::of(context)?
                .differences(pool)
                .iter()
                .map(ToString::to_string)
                .collect();
            if differs_in.is_empty() {
                info!(pool_id = %pool.id, "pool found");
            } else {
                warn!(pool_id = %pool.id, ?differs_in, "pool found; its settings differ and stay as they are");
            }
            let entry = Entry::PoolFound {
                pool_id: pool.id.to_string(),
                case_insensitive: pool.identifier_case_insensitive,
                payload_schema_id: schema(pool.payload_schema_id.as_ref()),
                metadata_schema_id: schema(pool.metadata_schema_id.as_ref()),
                differs_in,
                factors: Some(first_sign_in::factors_of(pool)),
            };
            let batch = Batch {
                entries: vec![entry],
                pool: Some(NewPool {
                    pool_id: pool.id.to_string(),
                    generation: context.run.generation,
                    origin,
                    case_insensitive: pool.identifier_case_insensitive,
                    is_new: false,
                }),
                ..Batch::default()
            };
            Ok(context.write(batch).await?)
        }
    }
}

/// A pool that an earlier run stored and that is gone may keep its id and those of its users, so the generation grows first.
async fn create_new(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let stored = context.store().biller(&context.run.biller_id, 0).await?;
    let derived = context.subject().derived_ids().pool_id();
    let gone = stored.and_then(|view| view.biller.identity_pool_id);
    if gone.as_deref() == Some(derived.as_str()) {
        warn!(pool_id = %derived, "the biller's pool is gone; a new one gets other ids");
        return next_generation(context, &derived).await;
    }
    create(context).await
}

async fn create(context: &mut RunContext<'_>) -> Result<(), StepError> {
    let new = new_pool::of(context)?;
    let key = context.idempotency_key("create-pool");
    let is_first = !context.journal.pool_intended;
    context
        .note(Entry::CreatePool {
            pool_id: new.id.to_string(),
            generation: context.run.generation,
            key: key.as_str().to_owned(),
        })
        .await?;
    match context.api.create_pool(&new, &key).await {
        Ok(answer) => {
            let is_clean = is_first && context.guard.late().is_none() && answer.value.id == new.id;
            created(context, &answer.value, is_clean).await
        }
        Err(error) if error.is_conflict() => {
            for pause in context.lag_pauses() {
                tokio::time::sleep(pause).await;
                if let Some(pool) = find(context).await? {
                    return adopt(context, &pool).await;
                }
            }
            if error.outcome_unknown() {
                return Err(StepError::not_shown());
            }
            let refused = next_generation(context, &new.id).await;
            refused.map_err(|follows| follows.with(details_of(&error)))
        }
        Err(error) => {
            if error.is_refusal() {
                context.note(Entry::PoolRefused).await?;
            }
            // A replica may not know the new organization yet.
            if error.is_not_found() && context.journal.created_organization() {
                return Err(StepError::not_shown());
            }
            Err(error.into())
        }
    }
}

/// Records that this run created the pool, and compares it with the request. `pool` is the answer to the creation, or
/// what a read showed after a lost answer.
async fn created(context: &mut RunContext<'_>, pool: &Pool, is_only_one: bool) -> Result<(), StepError> {
    let differs = new_pool::of(context)?.differences(pool);
    let differs_in: Vec<String> = differs.iter().map(ToString::to_string).collect();
    info!(pool_id = %pool.id, ?differs_in, "pool created");
    let as_asked = differs_in.is_empty();
    // The entry holds the differences as well: after a crash the next worker has to know them.
    let entry = Entry::PoolCreated {
        pool_id: pool.id.to_string(),
        payload_schema_id: schema(pool.payload_schema_id.as_ref()),
        metadata_schema_id: schema(pool.metadata_schema_id.as_ref()),
        differs_in,
        is_only_one,
    };
    let batch = Batch {
        entries: vec![entry],
        pool: Some(NewPool {
            pool_id: pool.id.to_string(),
            generation: context.run.generation,
            origin: PoolOrigin::Created,
            case_insensitive: pool.identifier_case_insensitive,
            is_new: true,
        }),
        ..Batch::default()
    };
    context.write(batch).await?;
    if as_asked { Ok(()) } else { Err(settings_ignored()) }
}

/// SecureAuth refuses the id although no read shows a pool with it: perhaps a deleted pool keeps its id. The next
/// generation gives another id (docs/decisions.md#generation).
async fn next_generation(context: &mut RunContext<'_>, id: &PoolId) -> Result<(), StepError> {
    context
        .write(Batch {
            entries: vec![Entry::PoolIdRefused {
                pool_id: id.to_string(),
            }],
            generation: Some(context.run.generation + 1),
            cursor: Some(Cursor::Start),
            ..Batch::default()
        })
        .await?;
    if context.journal.pool_ids_refused >= REFUSED_IDS {
        return Err(StepError::permanent(why_refused(context)));
    }
    Ok(())
}

/// Replaces a pool that lacks its identity provider: deletes it and raises the generation. Only for a pool that this
/// run created, and only if no id was refused or replaced before.
pub(super) async fn create_again(context: &mut RunContext<'_>, id: &PoolId) -> Result<(), StepError> {
    let ours = context
        .journal
        .pool
        .as_ref()
        .is_some_and(|pool| pool.origin == Origin::Created);
    if !ours || context.journal.pool_ids_refused > 0 {
        return Err(identity_provider::missing());
    }
    warn!(pool_id = %id, "the pool has no identity provider; it is created again");
    own_pools::delete(context, id).await?;
    next_generation(context, id).await
}

/// Some servers refuse every pool of a deactivated organization in the same way as a reserved id.
fn why_refused(context: &RunContext<'_>) -> Reason {
    let organization = context.journal.organization.as_ref();
    if organization.is_some_and(|organization| !organization.live) {
        Reason::NoPoolWhileDeactivated
    } else {
        Reason::PoolIdReserved
    }
}

/// The organization of the run; fails before the journal names one.
pub(in super::super) fn organization_of(context: &RunContext<'_>) -> Result<OrganizationId, StepError> {
    let id = context
        .journal
        .organization
        .as_ref()
        .map(|organization| organization.id.as_str());
    OrganizationId::parse(id.unwrap_or_default()).map_err(|_| refused())
}

fn schema(id: Option<&ic_secureauth_api::SchemaId>) -> String {
    id.map(ToString::to_string).unwrap_or_default()
}

fn settings_ignored() -> StepError {
    StepError::permanent(Reason::SettingsIgnored)
}

fn refused() -> StepError {
    StepError::permanent(Reason::SecureauthRefused)
}
