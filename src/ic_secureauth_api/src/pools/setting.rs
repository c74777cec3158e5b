//! Compares the settings of a pool with those that were requested.

use std::collections::BTreeSet;

use strum::{Display, IntoStaticStr};

use super::{super::Mechanism, NewPool, Pool};

/// A setting that is compared. Its text is the name of the member in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PoolSetting {
    /// Id of the organization.
    WorkspaceId,
    /// Schema of the users' payload.
    PayloadSchemaId,
    /// Schema of the users' metadata.
    MetadataSchemaId,
    /// Whether "Bob" and "bob" are the same user name.
    IdentifierCaseInsensitive,
    /// Allowed first factors.
    AuthenticationMechanisms,
    /// The first factor that is offered first.
    PreferredAuthenticationMechanism,
    /// Allowed second factors.
    SecondFactorAuthenticationMechanisms,
    /// The second factor that is offered first.
    SecondFactorPreferredAuthenticationMechanism,
    /// Whether the second factor may be skipped by those who have none.
    #[strum(serialize = "allow_skip_2fa")]
    AllowSkip2fa,
}

impl NewPool {
    /// The settings in which a pool differs from this one. `found` is an existing pool, or the answer to a creation. Settings that the
    /// request leaves to the server are not compared.
    pub fn differences(&self, found: &Pool) -> Vec<PoolSetting> {
        let text = |id: &Option<super::super::SchemaId>| id.as_ref().map(ToString::to_string);
        let same = [
            (
                PoolSetting::WorkspaceId,
                found.workspace_id.as_deref() == Some(self.workspace_id.as_str()),
            ),
            (
                PoolSetting::PayloadSchemaId,
                found.payload_schema_id.as_ref() == Some(&self.payload_schema_id),
            ),
            (
                PoolSetting::MetadataSchemaId,
                self.metadata_schema_id.is_none() || text(&found.metadata_schema_id) == text(&self.metadata_schema_id),
            ),
            (
                PoolSetting::IdentifierCaseInsensitive,
                found.identifier_case_insensitive == self.identifier_case_insensitive,
            ),
            (
                PoolSetting::AuthenticationMechanisms,
                same_set(
                    &self.authentication_mechanisms,
                    found.authentication_mechanisms.as_deref(),
                ),
            ),
            (
                PoolSetting::PreferredAuthenticationMechanism,
                same_one(
                    Some(self.preferred_authentication_mechanism),
                    found.preferred_authentication_mechanism.as_deref(),
                ),
            ),
            (
                PoolSetting::SecondFactorAuthenticationMechanisms,
                same_set(
                    &self.second_factor_mechanisms,
                    found.second_factor_authentication_mechanisms.as_deref(),
                ),
            ),
            (
                PoolSetting::SecondFactorPreferredAuthenticationMechanism,
                self.second_factor_preferred.is_none()
                    || same_one(
                        self.second_factor_preferred,
                        found.second_factor_preferred_authentication_mechanism.as_deref(),
                    ),
            ),
            (
                PoolSetting::AllowSkip2fa,
                // Without a second factor there is nothing to skip.
                self.second_factor_mechanisms.is_empty() || found.allow_skip_2fa == self.allow_skip_2fa,
            ),
        ];
        same.into_iter()
            .filter(|(_, same)| !same)
            .map(|(setting, _)| setting)
            .collect()
    }
}

/// Order and repetition do not count, and an absent list is an empty one.
fn same_set(wanted: &[Mechanism], found: Option<&[String]>) -> bool {
    let wanted: BTreeSet<&str> = wanted.iter().map(<&str>::from).collect();
    let found: BTreeSet<&str> = found.unwrap_or_default().iter().map(String::as_str).collect();
    wanted == found
}

fn same_one(wanted: Option<Mechanism>, found: Option<&str>) -> bool {
    wanted.map(<&str>::from) == found.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::super::{Marker, OrganizationId, PoolId, SchemaId},
        *,
    };

    fn wanted() -> NewPool {
        NewPool {
            id: PoolId::parse("p").unwrap(),
            name: "1876 users".into(),
            description: String::new(),
            workspace_id: OrganizationId::parse("1876").unwrap(),
            payload_schema_id: SchemaId::parse("schema").unwrap(),
            metadata_schema_id: None,
            identifier_case_insensitive: true,
            authentication_mechanisms: vec![Mechanism::Totp, Mechanism::Password],
            preferred_authentication_mechanism: Mechanism::Password,
            second_factor_mechanisms: vec![Mechanism::EmailOtp],
            second_factor_preferred: None,
            allow_skip_2fa: true,
            marker: Marker {
                onboarding_id: "run".into(),
                owner_id: "1876".into(),
                created_by: "test".into(),
                created_at: None,
            },
        }
    }

    #[test]
    fn a_pool_that_is_as_wanted_differs_in_nothing() {
        let found: Pool = serde_json::from_value(json!({
            "id": "another", "workspace_id": "1876", "payload_schema_id": "schema", "metadata_schema_id": "default",
            "identifier_case_insensitive": true, "authentication_mechanisms": ["password", "totp"],
            "preferred_authentication_mechanism": "password", "second_factor_authentication_mechanisms": ["email_otp"],
            "allow_skip_2fa": true,
        }))
        .unwrap();
        assert_eq!(wanted().differences(&found), []);
    }

    #[test]
    fn every_difference_is_named() {
        let found: Pool = serde_json::from_value(json!({ "id": "p" })).unwrap();
        let names: Vec<_> = wanted().differences(&found).into_iter().map(<&str>::from).collect();
        assert_eq!(
            names,
            [
                "workspace_id",
                "payload_schema_id",
                "identifier_case_insensitive",
                "authentication_mechanisms",
                "preferred_authentication_mechanism",
                "second_factor_authentication_mechanisms",
                "allow_skip_2fa",
            ]
        );
    }

    #[test]
    fn without_a_second_factor_it_does_not_matter_whether_it_may_be_skipped() {
        let wanted = NewPool {
            second_factor_mechanisms: Vec::new(),
            ..wanted()
        };
        let found: Pool = serde_json::from_value(json!({ "id": "p", "allow_skip_2fa": false })).unwrap();
        assert!(!wanted.differences(&found).contains(&PoolSetting::AllowSkip2fa));
    }
}
