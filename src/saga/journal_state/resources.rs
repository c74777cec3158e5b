//! The organization and the pool, as the entries about them add up.

use super::{JournalState, OrganizationState, Origin, PoolState};
use crate::domain::journal::Entry;

impl JournalState {
    pub(super) fn organization(&mut self, entry: &Entry) {
        let known = |id: &String, origin, live| OrganizationState {
            id: id.clone(),
            origin,
            live,
            as_asked: true,
            allows: None,
        };
        self.organization = match entry {
            Entry::OrganizationFound {
                organization_id,
                deactivated,
                allows,
            } => Some(OrganizationState {
                allows: allows.clone(),
                ..known(organization_id, Origin::Found, !deactivated)
            }),
            Entry::CreateOrganization { organization_id, .. } => {
                self.intends_creation();
                Some(known(organization_id, Origin::Intended, true))
            }
            Entry::OrganizationCreated {
                organization_id,
                live,
                differs_in,
            } => {
                self.unsettled = 0;
                Some(OrganizationState {
                    as_asked: differs_in.is_empty(),
                    ..known(organization_id, Origin::Created, *live)
                })
            }
            _ => return,
        };
    }

    pub(super) fn pool(&mut self, entry: &Entry) {
        let known = |id: &String, origin, payload: &String, metadata: &String, case_insensitive| PoolState {
            id: id.clone(),
            origin,
            case_insensitive,
            payload_schema_id: payload.clone(),
            metadata_schema_id: metadata.clone(),
            is_only_one: false,
            as_asked: true,
            factors: None,
        };
        let unknown = String::new();
        self.pool = match entry {
            Entry::PoolFound {
                pool_id,
                case_insensitive,
                payload_schema_id,
                metadata_schema_id,
                factors,
                ..
            } => Some(PoolState {
                factors: factors.clone(),
                ..known(
                    pool_id,
                    Origin::Found,
                    payload_schema_id,
                    metadata_schema_id,
                    *case_insensitive,
                )
            }),
            Entry::CreatePool { pool_id, .. } => {
                self.intends_creation();
                self.pool_intended = true;
                Some(known(pool_id, Origin::Intended, &unknown, &unknown, true))
            }
            Entry::PoolCreated {
                pool_id,
                payload_schema_id,
                metadata_schema_id,
                differs_in,
                is_only_one,
            } => {
                self.unsettled = 0;
                let created = known(pool_id, Origin::Created, payload_schema_id, metadata_schema_id, true);
                Some(PoolState {
                    is_only_one: *is_only_one,
                    as_asked: differs_in.is_empty(),
                    ..created
                })
            }
            _ => return,
        };
    }
}
