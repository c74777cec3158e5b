//! The payload schema. An import does not say which record it refuses, so each payload is checked against the schema
//! first. No metadata is sent, so there is no check for it (docs/decisions.md#no-metadata-for-users). What only SecureAuth can judge
//! is left to it.

mod document;
mod re2;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;
use tokio::time::Instant;

use self::document::Compiled;
use super::super::run_context::RunContext;
use super::super::step_error::StepError;
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::reason::Reason;
use crate::domain::user::CrmUser;
use crate::settings::OnboardingSettings;
use ic_secureauth_api::{Api, PayloadMembers, SchemaId};

/// A compiled payload schema, and the names of our payload's members.
#[derive(Debug)]
pub(in super::super) struct PayloadSchema {
    id: SchemaId,
    compiled: Compiled,
    members: PayloadMembers,
    never_sent: Vec<String>,
}

/// The schema of new pools (docs/requirements.md#k1).
pub(super) async fn configured(context: &mut RunContext<'_>) -> Result<Arc<PayloadSchema>, StepError> {
    let id = parse(&context.kept.payload_schema_id)?;
    of(context, id).await
}

/// The schema of the run's pool; a found pool may have another one than new pools.
pub(super) async fn of_pool(context: &mut RunContext<'_>) -> Result<Arc<PayloadSchema>, StepError> {
    let pool = context.journal.pool.as_ref();
    let id = parse(pool.map_or("", |pool| pool.payload_schema_id.as_str()))?;
    of(context, id).await
}

/// The compiled schemas of a process: usually one, which all billers share.
#[derive(Debug, Default)]
pub(in super::super) struct Schemas(Mutex<Vec<(Instant, Arc<PayloadSchema>)>>);

impl Schemas {
    /// One that was read less than `longest` ago. A user that no longer fits is refused by SecureAuth.
    fn kept(&self, id: &SchemaId, members: &PayloadMembers, longest: Duration) -> Option<Arc<PayloadSchema>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(read, _)| read.elapsed() < longest);
        let same = |known: &PayloadSchema| known.id == *id && known.members == *members;
        kept.iter()
            .find(|(_, known)| same(known))
            .map(|(_, known)| Arc::clone(known))
    }

    fn keep(&self, schema: &Arc<PayloadSchema>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((Instant::now(), Arc::clone(schema)));
    }
}

/// A schema by its id.
async fn of(context: &mut RunContext<'_>, id: SchemaId) -> Result<Arc<PayloadSchema>, StepError> {
    let members = members(context.settings())?;
    let schemas = &context.saga.schemas;
    if let Some(known) = schemas.kept(&id, &members, context.times().schema_kept) {
        return Ok(known);
    }
    let schema = Arc::new(PayloadSchema::fetch(&context.api, id, members).await?);
    if !schema.unchecked().is_empty() {
        tracing::warn!(
            schema_id = %schema.id(),
            unchecked = %schema.unchecked().join(" "),
            "only SecureAuth can check users against these parts of the payload schema"
        );
    }
    schemas.keep(&schema);
    Ok(schema)
}

/// Parses a schema id. An unusable one fails the run for good.
pub(in super::super) fn parse(id: &str) -> Result<SchemaId, StepError> {
    SchemaId::parse(id).map_err(|error| unusable().because(format!("the payload schema's id cannot be used: {error}")))
}

/// The configured names of the payload's members.
pub(in super::super) fn members(settings: &OnboardingSettings) -> Result<PayloadMembers, StepError> {
    let names = &settings.payload;
    PayloadMembers::new(&names.first_name, &names.last_name, &names.user_name)
        .map_err(|_| StepError::permanent(Reason::SecureauthRefused))
}

impl PayloadSchema {
    /// Reads a schema from SecureAuth and compiles it.
    pub(in super::super) async fn fetch<Access>(
        api: &Api<Access>,
        id: SchemaId,
        members: PayloadMembers,
    ) -> Result<Self, StepError> {
        let Some(found) = api.schema(&id).await? else {
            tracing::error!(schema_id = %id, "the payload schema does not exist");
            return Err(unusable().because("the payload schema does not exist"));
        };
        Self::new(id, &Value::Object(found.schema), members)
    }

    pub(in super::super) fn id(&self) -> &SchemaId {
        &self.id
    }

    /// Members that it requires of every payload and that no payload has.
    pub(in super::super) fn never_sent(&self) -> &[String] {
        &self.never_sent
    }

    /// At least a part of it can be judged here.
    pub(in super::super) fn checks(&self) -> bool {
        self.compiled.validator.is_some()
    }

    /// Where the schema says what only SecureAuth can judge; empty when all of it can be judged here.
    pub(in super::super) fn unchecked(&self) -> &[String] {
        &self.compiled.unchecked
    }

    fn new(id: SchemaId, schema: &Value, members: PayloadMembers) -> Result<Self, StepError> {
        let compiled = document::compile(schema).map_err(|error| {
            tracing::error!(schema_id = %id, %error, "the payload schema cannot be compiled");
            unusable().because("the payload schema is no JSON schema")
        })?;
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let never_sent = required
            .filter_map(Value::as_str)
            .filter(|name| !members.names().contains(name));
        Ok(Self {
            id,
            compiled,
            never_sent: never_sent.map(str::to_owned).collect(),
            members,
        })
    }

    /// The data errors of the payload that would be sent for the user; empty when it fits.
    pub(super) fn issues(&self, user: &CrmUser) -> Vec<Issue> {
        let names = (user.first_name.as_deref(), user.last_name.as_deref());
        let payload = Value::Object(self.members.payload(names.0, names.1, &user.user_name));
        // Much faster than a list of no errors.
        let validator = self.compiled.validator.as_ref();
        let Some(validator) = validator.filter(|validator| !validator.is_valid(&payload)) else {
            return Vec::new();
        };
        let mut issues: Vec<Issue> = validator
            .iter_errors(&payload)
            .flat_map(|error| self.findings(&error))
            .map(|(field, code)| Issue::of(Some(user.user_guid), field, code))
            .collect();
        issues.sort_unstable();
        issues.dedup();
        issues
    }

    fn findings(&self, error: &ValidationError<'_>) -> Vec<(Field, Code)> {
        let each = |names: &[String]| names.iter().map(|name| (self.field(name), Code::Invalid)).collect();
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                vec![(self.field(property.as_str().unwrap_or_default()), Code::Missing)]
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => each(unexpected),
            kind => {
                let code = match kind {
                    ValidationErrorKind::MaxLength { .. } => Code::TooLong,
                    _ => Code::Invalid,
                };
                let member = error.instance_path().segments().next();
                let name = member.map(|segment| segment.to_string()).unwrap_or_default();
                vec![(self.field(&name), code)]
            }
        }
    }

    /// The CRM field behind a member; [`Field::User`] for a member that we never send.
    fn field(&self, member: &str) -> Field {
        let [first_name, last_name, user_name] = self.members.names();
        match member {
            name if name == first_name => Field::FirstName,
            name if name == last_name => Field::LastName,
            name if name == user_name => Field::UserName,
            _ => Field::User,
        }
    }
}

fn unusable() -> StepError {
    StepError::permanent(Reason::PayloadSchemaUnusable)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::super::super::step_error::StepErrorKind;
    use super::*;
    use crate::domain::user::Status;

    fn schema(schema: &Value) -> Result<PayloadSchema, StepError> {
        let id = SchemaId::parse("s").expect("an id");
        PayloadSchema::new(id, schema, PayloadMembers::default())
    }

    fn found(document: &Value) -> Vec<(Field, Code)> {
        let user = CrmUser {
            user_guid: Uuid::from_u128(7),
            user_name: "rsable".into(),
            email: "rsable@invoicecloud.com".into(),
            first_name: Some("demo".into()),
            last_name: None,
            status: Status::Active,
        };
        let issues = schema(document).expect("can be compiled").issues(&user);
        issues.into_iter().map(|issue| (issue.field, issue.code)).collect()
    }

    #[test]
    fn a_data_error_names_the_field_that_does_not_fit() {
        assert_eq!(found(&json!({"type": "object"})), []);
        let longest = json!({"properties": {"first_name": {"maxLength": 3}, "user_name": {"pattern": "^[0-9]+$"}}});
        assert_eq!(
            found(&longest),
            [(Field::UserName, Code::Invalid), (Field::FirstName, Code::TooLong)]
        );
        assert_eq!(
            found(&json!({"required": ["last_name"]})),
            [(Field::LastName, Code::Missing)]
        );
    }

    #[test]
    fn an_error_about_a_member_that_is_never_sent_is_one_of_the_whole_user() {
        assert_eq!(found(&json!({"required": ["tenant"]})), [(Field::User, Code::Missing)]);
        assert_eq!(found(&json!({"maxProperties": 1})), [(Field::User, Code::Invalid)]);
    }

    #[test]
    fn a_member_that_the_schema_does_not_allow_is_a_data_error_of_its_field() {
        let closed = json!({"properties": {"given_name": {}}, "additionalProperties": false});
        assert_eq!(
            found(&closed),
            [(Field::UserName, Code::Invalid), (Field::FirstName, Code::Invalid)]
        );
    }

    #[test]
    fn a_schema_that_cannot_be_compiled_is_a_permanent_failure_with_a_reason_of_its_own() {
        let unusable = schema(&json!({"type": "text"}));
        assert!(matches!(
            unusable.map_err(|error| error.kind),
            Err(StepErrorKind::Permanent(Reason::PayloadSchemaUnusable))
        ));
    }

    #[test]
    fn a_name_that_does_not_match_the_pattern_of_go_is_a_data_error_of_its_field() {
        let letters = json!({"properties": {
            "first_name": {"pattern": "^[[:upper:]]"},
            "user_name": {"pattern": r"^\Qrsable\E$"},
        }});
        assert_eq!(found(&letters), [(Field::FirstName, Code::Invalid)]);
    }
}
