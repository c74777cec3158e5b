//! Reads what a run's steps would read, in their order, and lets the steps' own functions judge it.

use super::super::first_sign_in;
use super::super::look::organization_anywhere;
use super::super::naming::Subject;
use super::super::ownership::{Owner, owner_of_found};
use super::super::step_error::StepError;
use super::super::steps::ensure_organization::is_below;
use super::super::steps::find_pool;
use super::super::steps::leavers::{Known, Rekeyed};
use super::super::steps::{PayloadSchema, activate_organization, check_users, new_pool, payload_schema};
use super::import;
use super::stops::Stops;
use super::{ImportOutlook, Mark, OrganizationOutlook, Outlook, PoolOutlook, SchemaOutlook, UsersOutlook};
use crate::domain::biller::BillerCiam;
use crate::domain::reason::Reason;
use crate::domain::run::Kind;
use crate::settings::OnboardingSettings;
use crate::store::StoreError;
use ic_secureauth_api::{IdpCheck, Marker, Organization, OrganizationId, Pool, ReadOnlyApi};

pub(super) async fn fetch_schema(
    api: &ReadOnlyApi,
    id: &str,
    settings: &OnboardingSettings,
) -> Result<PayloadSchema, StepError> {
    let members = payload_schema::members(settings)?;
    PayloadSchema::fetch(api, payload_schema::parse(id)?, members).await
}

/// One preview in the making.
pub(super) struct Reading<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) api: ReadOnlyApi,
    pub(super) stored: &'a BillerCiam,
    /// The marker the run would use, for comparing settings; never sent.
    pub(super) marker: Marker,
}

impl Reading<'_> {
    pub(super) async fn outlook(&self, kind: Kind) -> Result<Outlook, StoreError> {
        let mut stops = Stops::default();
        let settings = self.subject.settings;
        let schema = stops.keep(self.schema(&settings.payload_schema_id).await)?;
        let known = Known::find(self.subject, self.stored, &self.api).await;
        let known = stops.keep(known)?.flatten();
        let found = check_users::read(self.subject, schema.as_ref(), known.as_ref()).await?;
        let check_users::Found {
            counts,
            issues,
            leavers,
            ..
        } = found;
        let verdict = check_users::verdict(kind, counts.invalid, counts.total, &settings.onboarding);
        let percent = settings.onboarding.max_leavers_percent;
        let allowed = self.stored.leavers_allowed.as_ref();
        let users = UsersOutlook {
            counts,
            issues,
            acceptable: stops.keep(verdict)?.is_some(),
            guarded: leavers.guarded(),
            guard_limit: leavers.limit(percent, allowed),
        };
        stops.keep(leavers.verdict(counts, percent, allowed))?;
        let schema_outlook = SchemaOutlook::of(&settings.payload_schema_id, schema.as_ref());
        let mut outlook = Outlook {
            kind,
            schema: schema_outlook,
            users,
            organization: None,
            pool: None,
            import: None,
            first_sign_in: settings.onboarding.first_sign_in(),
            stops: Vec::new(),
            causes: Vec::new(),
        };
        if !stops.silent() {
            self.resources(&mut outlook, schema, &leavers.rekeyed, &mut stops)
                .await?;
        }
        outlook.stops = stops.reasons;
        outlook.causes = stops.causes;
        Ok(outlook)
    }

    /// Organization, pool and import, as far as the run would get.
    async fn resources(
        &self,
        outlook: &mut Outlook,
        schema: Option<PayloadSchema>,
        rekeyed: &[Rekeyed],
        stops: &mut Stops,
    ) -> Result<(), StoreError> {
        let id = self.subject.organization_id(self.stored.organization_id.clone());
        let Some(id) = stops.keep(id)? else {
            return Ok(());
        };
        let found = organization_anywhere(&self.api, &id).await.map_err(StepError::from);
        let Some(found) = stops.keep(found)? else {
            return Ok(());
        };
        let Some(found) = found.map(|found| found.value) else {
            return self.creation(outlook, &id, stops);
        };
        let noticed = stops.reasons.len();
        outlook.organization = Some(self.organization(&found, outlook.kind, stops).await?);
        if stops.reasons.len() > noticed {
            return Ok(());
        }
        let Some(pool) = stops.keep(self.find_pool(&id).await)? else {
            let several = stops.reasons.contains(&Reason::SeveralPools);
            outlook.pool = several.then_some(PoolOutlook::Several);
            return Ok(());
        };
        self.sign_in(outlook, &found, pool.as_ref(), stops)?;
        let Some(pool) = pool else {
            self.pool_creation(outlook, stops);
            return Ok(());
        };
        outlook.pool = self.pool(&id, &pool, stops).await?;
        // A run that the guard stops is shown whole, so that an operator can judge whom it would concern.
        let goes_on = stops.reasons.iter().all(|stop| *stop == Reason::TooManyLeavers);
        let Some(schema) = schema.filter(|_| goes_on) else {
            return Ok(());
        };
        let users = &outlook.users;
        let is_own = matches!(
            &outlook.pool,
            Some(PoolOutlook::Found {
                mark: Mark::EarlierRun,
                ..
            })
        );
        let before = import::Before {
            pool: &pool,
            is_own,
            users,
            rekeyed,
            schema: &schema,
        };
        outlook.import = stops.keep(import::into_found(self, before).await)?;
        if let Some(import) = &outlook.import {
            stops.keep(import::verdict(
                outlook.kind,
                users,
                import,
                &self.subject.settings.onboarding,
            ))?;
        }
        Ok(())
    }

    pub(super) async fn schema(&self, id: &str) -> Result<PayloadSchema, StepError> {
        fetch_schema(&self.api, id, &self.subject.settings.onboarding).await
    }

    /// How people would get into what exists.
    fn sign_in(
        &self,
        outlook: &mut Outlook,
        organization: &Organization,
        pool: Option<&Pool>,
        stops: &mut Stops,
    ) -> Result<(), StoreError> {
        let settings = &self.subject.settings.onboarding;
        let factors = pool.map_or_else(|| settings.factors(), first_sign_in::factors_of);
        let allowed = organization.authentication_mechanisms();
        outlook.first_sign_in = settings.first_sign_in_with(&factors, Some(allowed));
        let verdict = first_sign_in::verdict(outlook.kind, settings, outlook.first_sign_in);
        stops.keep(verdict).map(drop)
    }

    /// The organization does not exist, so it has no pool either.
    fn creation(&self, outlook: &mut Outlook, id: &OrganizationId, stops: &mut Stops) -> Result<(), StoreError> {
        outlook.organization = Some(OrganizationOutlook::Create {
            id: id.to_string(),
            parent: self.subject.settings.onboarding.parent_organization_id.clone(),
        });
        if self.subject.biller_name.is_none() {
            stops.keep::<()>(Err(StepError::permanent(Reason::BillerWithoutName)))?;
        }
        self.pool_creation(outlook, stops);
        Ok(())
    }

    /// A new pool gets every user who has no data error.
    fn pool_creation(&self, outlook: &mut Outlook, stops: &Stops) {
        outlook.pool = Some(PoolOutlook::Create(self.subject.derived_ids().pool_id().to_string()));
        let counts = outlook.users.counts;
        outlook.import = stops
            .reasons
            .is_empty()
            .then(|| ImportOutlook::of_new_pool(counts.total - counts.invalid));
    }

    async fn organization(
        &self,
        found: &Organization,
        kind: Kind,
        stops: &mut Stops,
    ) -> Result<OrganizationOutlook, StoreError> {
        let resource = format!("the organization {}", found.id());
        let mark = self.mark(&resource, found.marker(), stops).await?;
        let below = is_below(found, &self.subject.settings.onboarding.parent_organization_id);
        let below_parent = below.is_ok();
        // A foreign marker is reason enough: the parent of somebody else's organization does not matter.
        if mark != Mark::Foreign {
            stops.keep(below)?;
        }
        Ok(OrganizationOutlook::Found {
            id: found.id().to_string(),
            parent: found.parent_id().map(str::to_owned),
            below_parent,
            deactivated: found.deactivated(),
            mark,
            lacks: self
                .subject
                .settings
                .onboarding
                .factors()
                .missing_in(found.authentication_mechanisms()),
            new_name: activate_organization::new_name(found, self.subject.biller_name, kind).map(str::to_owned),
        })
    }

    async fn find_pool(&self, organization: &OrganizationId) -> Result<Option<Pool>, StepError> {
        let known = find_pool::Known {
            organization: organization.clone(),
            stored: self.stored.identity_pool_id.clone(),
            derived: self.subject.derived_ids().pool_id(),
            is_new: false,
        };
        // A run that has not started has created no pool.
        find_pool::find(&self.api, known, |_| false).await
    }

    async fn pool(
        &self,
        organization: &OrganizationId,
        pool: &Pool,
        stops: &mut Stops,
    ) -> Result<Option<PoolOutlook>, StoreError> {
        let resource = format!("the pool {}", pool.id);
        let mark = self.mark(&resource, pool.marker().as_ref(), stops).await?;
        let wanted = new_pool::below(self.subject, organization.clone(), self.marker.clone());
        let Some(wanted) = stops.keep(wanted)? else {
            return Ok(None);
        };
        let provider = if mark == Mark::Foreign {
            None
        } else {
            let check = self.api.identity_provider(organization, &pool.id).await;
            stops.keep(check.map_err(StepError::from))?
        };
        let usable = [None, Some(IdpCheck::Present), Some(IdpCheck::NotChecked)];
        if !usable.contains(&provider) {
            stops.keep::<()>(Err(StepError::permanent(Reason::PoolWithoutIdp)))?;
        }
        Ok(Some(PoolOutlook::Found {
            id: pool.id.to_string(),
            mark,
            differs_in: wanted.differences(pool),
            provider,
        }))
    }

    async fn mark(&self, resource: &str, marker: Option<&Marker>, stops: &mut Stops) -> Result<Mark, StoreError> {
        let store = self.subject.dependencies.store.as_ref();
        let owner = owner_of_found(store, self.subject.biller_id, resource, marker).await;
        Ok(match stops.keep(owner)? {
            Some(Owner::Unmarked) => Mark::None,
            Some(Owner::EarlierRun | Owner::ThisRun) => Mark::EarlierRun,
            None => Mark::Foreign,
        })
    }
}
