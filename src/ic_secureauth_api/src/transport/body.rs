//! Bodies of answers: read up to a limit, and never shown.

use reqwest::Response;

/// No answer of the APIs is larger: a page has 100 rows; a workspace dump may have pages of scripts and themes.
pub(super) const LARGEST: usize = 32 * 1024 * 1024;
/// More of an error body is not read.
pub(super) const LARGEST_ERROR: usize = 64 * 1024;

/// Bytes that may hold a token or personal data: without a useful `Debug`.
#[derive(Default)]
pub(super) struct Body(Vec<u8>);

impl Body {
    /// Reads to the end; `None` when there is more than `limit`. The limit counts what a compressed body becomes, so that a small
    /// answer cannot fill the memory either.
    pub(super) async fn read(mut response: Response, limit: usize) -> Result<Option<Self>, reqwest::Error> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > limit {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(Self(body)))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it can be the APIs' `Error`, none of whose members is required; a gateway's page cannot.
    pub(super) fn is_json_object(&self) -> bool {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&self.0).is_ok()
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
