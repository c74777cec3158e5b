//! `Data` and `Metadata` of an HTTP trigger (S16, S17).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::scalar::{add_payload_members, double_encoded};
use crate::json::{Members, Node};
use crate::routing::RouteValues;

/// A request as the host received it.
#[derive(Debug, Clone)]
pub(crate) struct HttpInput {
    pub(crate) url: String,
    pub(crate) method: String,
    /// Values of a repeated name are joined.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, Vec<String>)>,
    pub(crate) params: RouteValues,
    pub(crate) identity: Identity,
    /// `None` when the request had no or a zero `Content-Length`.
    pub(crate) body: Option<Vec<u8>>,
}

/// Who called (docs/reference/functions-host.md#http-trigger).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    Anonymous,
    /// Authenticated by a key of this level.
    Key {
        level: &'static str,
        name: &'static str,
    },
}

const CLAIM_NAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const CLAIM_ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
const CLAIM_LEVEL: &str = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel";
const CLAIM_KEY: &str = "http://schemas.microsoft.com/2017/07/functions/claims/keyid";

impl HttpInput {
    /// `Data.<binding>`
    pub(crate) fn data(&self) -> Node {
        let mut request = Members::default();
        request.push("Url", self.url.as_str());
        request.push("Method", self.method.as_str());
        request.push("Query", self.query.iter().cloned().collect::<Members>());
        request.push("Headers", self.headers.iter().cloned().collect::<Members>());
        request.push("Params", self.params.iter().cloned().collect::<Members>());
        request.push("Identities", vec![self.identity.node()]);
        if let Some(body) = &self.body {
            request.push("Body", self.body_text(body));
        }
        Node::Object(request)
    }

    /// The members of the body, then query, route values, `Query` and `Headers`.
    pub(crate) fn metadata(&self) -> Members {
        let mut metadata = Members::default();
        if let Some(body) = &self.body {
            add_payload_members(&mut metadata, body);
        }
        for (name, value) in &self.query {
            if !name.eq_ignore_ascii_case("code") {
                metadata.set_ignoring_case(name, double_encoded(value));
            }
        }
        for (name, value) in &self.params {
            metadata.set_ignoring_case(name, double_encoded(value));
        }
        metadata.set_ignoring_case("Query", self.query.iter().cloned().collect::<Members>());
        let headers = self
            .headers
            .iter()
            .map(|(name, values)| (name.clone(), values.join(",")));
        metadata.set_ignoring_case("Headers", headers.collect::<Members>());
        metadata
    }

    /// Text as it is, bytes of `application/octet-stream` and `multipart/*` as base64.
    fn body_text(&self, body: &[u8]) -> String {
        let content_type = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .and_then(|(_, values)| values.first())
            .map(|value| value.trim().to_ascii_lowercase())
            .unwrap_or_default();
        if content_type.starts_with("application/octet-stream") || content_type.starts_with("multipart/") {
            STANDARD.encode(body)
        } else {
            String::from_utf8_lossy(body).into_owned()
        }
    }
}

impl Identity {
    fn node(self) -> Node {
        let (scheme, claims) = match self {
            Self::Anonymous => (Node::Null, Vec::new()),
            Self::Key { level, name } => (
                Node::from("WebJobsAuthLevel"),
                vec![claim(CLAIM_LEVEL, level), claim(CLAIM_KEY, name)],
            ),
        };
        let mut identity = Members::default();
        let authenticated = self != Self::Anonymous;
        identity.push("AuthenticationType", scheme);
        identity.push("IsAuthenticated", authenticated);
        identity.push("Actor", Node::Null);
        identity.push("BootstrapContext", Node::Null);
        identity.push("Claims", claims);
        identity.push("Label", Node::Null);
        identity.push("Name", Node::Null);
        identity.push("NameClaimType", CLAIM_NAME);
        identity.push("RoleClaimType", CLAIM_ROLE);
        Node::Object(identity)
    }
}

fn claim(kind: &str, value: &str) -> Node {
    let text = "http://www.w3.org/2001/XMLSchema#string";
    let mut claim = Members::default();
    claim.push("Issuer", "LOCAL AUTHORITY");
    claim.push("OriginalIssuer", "LOCAL AUTHORITY");
    claim.push("Properties", Members::default());
    claim.push("Type", kind);
    claim.push("Value", value);
    claim.push("ValueType", text);
    Node::Object(claim)
}
