//! Rules on the values of users (rows 72 and 73).

use std::sync::Arc;

use email_address::{EmailAddress, Options};
use serde_json::{Map, Value};

use super::model::{AddressType, IdentifierType};
use crate::pools::Pool;
use crate::schemas::Schemas;

/// The rule that a user breaks. The caller chooses the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A schema id that does not exist.
    UnknownSchema,
    /// A payload that does not fit its schema.
    Payload,
    /// Metadata that do not fit their schema.
    Metadata,
}

/// The schemas of a user.
#[derive(Debug)]
pub(crate) struct SchemaIds {
    pub(crate) payload: Arc<str>,
    pub(crate) metadata: Arc<str>,
    pub(crate) business_metadata: Arc<str>,
}

/// Checks payload and metadata against the schemas named, or the pool's where none is.
pub(crate) fn check_schemas(
    schemas: &Schemas,
    pool: &Pool,
    named: [Option<&str>; 3],
    values: [Option<&Map<String, Value>>; 3],
) -> Result<SchemaIds, Rule> {
    let [payload, metadata, business] = named;
    let [payload_value, metadata_value, business_value] = values;
    let check = |named: Option<&str>, member: &str, value: Option<&Map<String, Value>>, rule: Rule| {
        let id = named.filter(|id| !id.is_empty()).unwrap_or_else(|| pool.text(member));
        let schema = schemas.get(id).ok_or(Rule::UnknownSchema)?;
        let value = Value::Object(value.cloned().unwrap_or_default());
        if schema.accepts(&value) {
            Ok(Arc::clone(&schema.id))
        } else {
            Err(rule)
        }
    };
    Ok(SchemaIds {
        payload: check(payload, "payload_schema_id", payload_value, Rule::Payload)?,
        metadata: check(metadata, "metadata_schema_id", metadata_value, Rule::Metadata)?,
        business_metadata: check(business, "business_metadata_schema_id", business_value, Rule::Metadata)?,
    })
}

/// Row 72: e-mail, E.164, or visible ASCII by the identifier's type; federated ones are free.
pub(crate) fn identifier_is_valid(kind: IdentifierType, value: &str) -> bool {
    match kind {
        IdentifierType::Email => is_email(value),
        IdentifierType::Mobile => is_e164(value),
        IdentifierType::Uid | IdentifierType::External => {
            !value.is_empty() && value.bytes().all(|byte| byte.is_ascii() && byte != b' ')
        }
        IdentifierType::Federated => !value.is_empty(),
    }
}

/// Row 72 for addresses.
pub(crate) fn address_is_valid(kind: AddressType, value: &str) -> bool {
    match kind {
        AddressType::Email => is_email(value),
        AddressType::Mobile => is_e164(value),
    }
}

/// An address alone, without a name in front of it.
fn is_email(value: &str) -> bool {
    EmailAddress::parse_with_options(value, Options::default().without_display_text()).is_ok()
}

/// `+`, then 2 to 15 digits of which the first is not 0.
fn is_e164(value: &str) -> bool {
    value.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

#[cfg(test)]
mod tests {
    use super::{AddressType, IdentifierType, address_is_valid, identifier_is_valid};

    #[test]
    fn identifiers_follow_the_rules_of_their_type() {
        let cases = [
            (IdentifierType::Uid, "rsable", true),
            (IdentifierType::Uid, "r sable", false),
            (IdentifierType::Uid, "rsåble", false),
            (IdentifierType::Uid, "", false),
            (IdentifierType::External, "a/b#1", true),
            (IdentifierType::Email, "a@example.com", true),
            (IdentifierType::Email, "a@", false),
            (IdentifierType::Email, "Ann <a@example.com>", false),
            (IdentifierType::Mobile, "+14155550100", true),
            (IdentifierType::Mobile, "4155550100", false),
            (IdentifierType::Mobile, "+0155550100", false),
            (IdentifierType::Federated, "with space", true),
        ];
        for (kind, value, valid) in cases {
            assert_eq!(identifier_is_valid(kind, value), valid, "{kind:?} {value:?}");
        }
    }

    #[test]
    fn addresses_follow_the_rules_of_their_type() {
        assert!(address_is_valid(AddressType::Email, "a@example.com"));
        assert!(!address_is_valid(AddressType::Email, "a b@example.com"));
        assert!(!address_is_valid(AddressType::Mobile, "+1 415 555"));
    }
}
