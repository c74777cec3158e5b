//! What all work of a pass has in common.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::super::super::journal_state::Origin;
use super::super::super::naming::Subject;
use super::super::super::run_context::RunContext;
use super::super::super::shares::Share;
use super::super::super::step_error::StepError;
use super::super::known_pool;
use super::super::payload_schema::{self, PayloadSchema};
use super::super::revoke_sessions::pauses_are_used_up;
use super::claim::Claim;
use super::names::Names;
use super::person::{Wanted, user_id};
use super::task::Policy;
use super::values::fold;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::reason::Reason;
use crate::domain::run_error::ErrorDetails;
use crate::domain::user::CrmUser;
use crate::settings::onboarding::ActiveUserStatus;
use crate::store::{Account, Lease, PoolOrigin, PoolRecord, PoolUser, Store};
use ic_secureauth_api::{Api, DerivedIds, IdempotencyKey, ImportSettings, PoolId, SchemaId, UserId};

/// The pool and how its accounts are written.
#[derive(Debug)]
pub(in super::super::super) struct Target {
    pub(in super::super) api: Api,
    pub(super) store: Arc<dyn Store>,
    pub(super) lease: Lease,
    pub(super) run: OnboardingId,
    pub(super) biller_id: BillerId,
    pub(super) tenant_id: String,
    pub(in super::super) pool: PoolId,
    pub(in super::super) record: PoolRecord,
    /// This run created the pool.
    pub(super) created: bool,
    /// Somebody may have enrolled a credential: the pool is older than this run, its organization was not shown as deactivated in
    /// this time slice, or the run has begun to activate it.
    pub(super) live: bool,
    pub(super) settings: ImportSettings,
    pub(super) values: Values,
    pub(super) schema: Arc<PayloadSchema>,
    pub(super) users_per_page: u32,
    pub(in super::super) attempts: u32,
    pub(in super::super) in_flight: usize,
    /// How much of it the window uses.
    pub(super) share: Arc<Share>,
    /// Pauses before each look at something that a read may not show yet.
    pub(super) lag_pauses: Vec<Duration>,
    /// Sessions that cannot be ended are an issue and no failure.
    pub(super) gives_up_revoking: bool,
    pub(in super::super) policy: Policy,
    pub(super) guard: Guard,
    pub(super) flow: Flow,
}

/// Stops a run that would take access from more users than it may (docs/ARCHITECTURE.md#guard).
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    /// Most users that may leave, or lose their user name to somebody else, in the whole run.
    limit: u64,
    /// As many may leave although the view has no row at all.
    allowed: u64,
}

impl Guard {
    /// The view has no row at all.
    pub(super) fn allows_all(&self, leavers: u64) -> Result<(), StepError> {
        if leavers > self.allowed {
            return Err(too_many_leavers(&format!(
                "the view shows no row any more, so {leavers} users with access would lose it"
            )));
        }
        Ok(())
    }

    /// How many more may leave.
    pub(super) fn room(&self, leavers: u64) -> u64 {
        self.limit.saturating_sub(leavers)
    }

    /// `leavers`: users of the whole run so far.
    pub(super) fn allows(&self, leavers: u64) -> Result<(), StepError> {
        if leavers > self.limit {
            return Err(too_many_leavers(&format!(
                "at least {leavers} users would lose access, or their user names to somebody else, which is more than the check before the \
                 first write had counted; at most {} may",
                self.limit
            )));
        }
        Ok(())
    }
}

fn too_many_leavers(why: &str) -> StepError {
    StepError::permanent(Reason::TooManyLeavers).because(format!("{why}; `plan` counts them anew"))
}

/// When a pass ends before its range does.
#[derive(Debug)]
pub(super) struct Flow {
    time_slice_end: Instant,
    /// Some user is settled. A time slice that ended before, as in the middle of a refused chunk, would never get further.
    made_progress: AtomicBool,
    stopped: AtomicBool,
    cut: AtomicBool,
    claims: Mutex<Vec<Claim>>,
    /// The latest answer that refused a user's data.
    refusal: Mutex<Option<ErrorDetails>>,
    /// People whose users are gone from the pool, and who are to be imported again.
    missing: AtomicU64,
    /// Keys that were derived under this lease.
    keys: AtomicU64,
}

impl Flow {
    fn until(time_slice_end: Instant) -> Self {
        Self {
            time_slice_end,
            made_progress: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            claims: Mutex::default(),
            refusal: Mutex::default(),
            missing: AtomicU64::new(0),
            keys: AtomicU64::new(0),
        }
    }

    /// A user waits for a name or an address that another one has to give up.
    pub(super) fn claim(&self, claim: Claim) {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).push(claim);
    }

    pub(super) fn take_claims(&self) -> Vec<Claim> {
        std::mem::take(&mut *self.claims.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// SecureAuth refuses a user's data, and says why.
    pub(super) fn refused(&self, details: ErrorDetails) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(details);
    }

    /// Adds the latest refusal to a failure that data errors are the reason of.
    pub(super) fn with_refusal(&self, error: StepError) -> StepError {
        match &*self.refusal.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(details) => error.with(details.clone()),
            None => error,
        }
    }

    pub(super) fn miss(&self, users: usize) {
        self.missing.fetch_add(users as u64, Ordering::Relaxed);
    }

    /// How many were missed, asked once per pass.
    pub(super) fn take_missing(&self) -> u64 {
        self.missing.swap(0, Ordering::Relaxed)
    }

    pub(super) fn made_progress(&self) {
        self.made_progress.store(true, Ordering::Relaxed);
    }

    /// Work that has not begun is left for the next time slice.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// No further work may begin.
    pub(super) fn is_stopping(&self) -> bool {
        let is_over = Instant::now() >= self.time_slice_end && self.made_progress.load(Ordering::Relaxed);
        self.stopped.load(Ordering::Relaxed) || is_over
    }

    /// Some of the range is left for another pass.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    /// Whether the range is left in part, asked once per pass.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.swap(false, Ordering::Relaxed)
    }
}

/// How a CRM row becomes an account.
#[derive(Debug, Clone, Copy)]
pub(in super::super::super) struct Values {
    pub(super) ids: DerivedIds,
    /// The pool ignores case when it compares user names.
    pub(super) case_insensitive: bool,
    pub(super) active_user_status: ActiveUserStatus,
}

impl Values {
    /// For accounts of a pool; `generation` is the pool's.
    pub(in super::super::super) fn of(subject: Subject<'_>, generation: u32, case_insensitive: bool) -> Self {
        let subject = Subject { generation, ..subject };
        Self {
            ids: subject.derived_ids(),
            case_insensitive,
            active_user_status: subject.settings.onboarding.active_user_status,
        }
    }

    /// The id of an account's user in SecureAuth.
    pub(in super::super::super) fn user_id(&self, account: &Account) -> UserId {
        user_id(account, &self.ids)
    }

    /// The keys that would find a user in a pool.
    pub(in super::super::super) fn keys(&self, user: Uuid, user_name: &str) -> PoolUser {
        PoolUser {
            user_id: self.ids.user_id(user).to_string(),
            identifier: fold(user_name, self.case_insensitive).into_owned(),
        }
    }

    /// What the account of the user is to hold.
    pub(in super::super::super) fn wanted(&self, user: CrmUser) -> Wanted {
        Wanted::new(user, self)
    }
}

impl Target {
    pub(in super::super) async fn of(context: &mut RunContext<'_>) -> Result<Self, StepError> {
        let refused = || StepError::permanent(Reason::SecureauthRefused);
        let recorded = known_pool(context)?.clone();
        let record = context.store().pool(&context.run.biller_id, &recorded.id).await?;
        let record = record.ok_or_else(refused)?;
        let schema = payload_schema::of_pool(context).await?;
        let created = recorded.origin == Origin::Created;
        let may_be_live = context.journal.deactivated_before.is_some();
        let live = !created || may_be_live || context.organization_is_live().await?;
        Ok(Self {
            api: context.api.clone(),
            store: Arc::clone(context.store()),
            lease: context.lease,
            run: context.run.id,
            biller_id: context.run.biller_id.clone(),
            tenant_id: context.dependencies().tenant_id.clone(),
            pool: PoolId::parse(&recorded.id).map_err(|_| refused())?,
            record,
            created,
            live,
            settings: ImportSettings {
                payload_schema_id: SchemaId::parse(&recorded.payload_schema_id).map_err(|_| refused())?,
                metadata_schema_id: SchemaId::parse(&recorded.metadata_schema_id).ok(),
                address_verified: context.settings().addresses.verified,
                address_allowed_for_2fa: context.settings().addresses.allowed_for_2fa,
                payload_members: payload_schema::members(context.settings())?,
                recorded_at: context.run.created_at,
            },
            values: Values::of(context.subject(), record.generation, recorded.case_insensitive),
            schema,
            users_per_page: context.times().users_per_page,
            attempts: context.dependencies().attempts,
            in_flight: context.dependencies().max_in_flight,
            share: Arc::clone(&context.share),
            lag_pauses: context.lag_pauses(),
            gives_up_revoking: pauses_are_used_up(context),
            policy: Policy::of(context.settings()),
            guard: Guard {
                limit: context.journal.leavers_limit,
                allowed: context.journal.leavers_allowed,
            },
            flow: Flow::until(context.time_slice_end),
        })
    }

    /// No run of the biller created the pool.
    pub(super) fn is_found(&self) -> bool {
        self.record.origin == PoolOrigin::Found
    }

    pub(super) fn names(&self) -> Names<'_> {
        Names {
            store: self.store.as_ref(),
            biller_id: &self.biller_id,
            pool: self.record.no,
            values: &self.values,
            schema: Some(&self.schema),
            run: Some(self.run),
            with_linked: false,
        }
    }

    /// A key for one call and its repetitions. Another call gets another key, or it would get the first one's answer.
    pub(super) fn key(&self, call: &str) -> IdempotencyKey {
        let number = self.flow.keys.fetch_add(1, Ordering::Relaxed);
        let step = format!("{call}/{}", self.lease.version);
        IdempotencyKey::derive(&self.run.to_string(), &step, number)
    }

    /// The id of an account's user in SecureAuth.
    pub(in super::super) fn user_id(&self, account: &Account) -> UserId {
        user_id(account, &self.values.ids)
    }
}
