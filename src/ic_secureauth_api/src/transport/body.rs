//! Bodies of answers, read up to a limit.

use reqwest::Response;

/// Most bytes of a success. A page has 100 rows; a workspace dump may contain scripts and themes.
pub(super) const LARGEST: usize = 32 * 1024 * 1024;
/// Most bytes of an error body.
pub(super) const LARGEST_ERROR: usize = 64 * 1024;

/// Bytes that may contain a token or personal data, so `Debug` shows their number only.
#[derive(Default)]
pub(super) struct Body(Vec<u8>);

impl Body {
    /// Reads to the end; `None` when there is more than `limit`. The limit counts decompressed bytes, so that a small compressed
    /// answer cannot fill the memory.
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

    /// Whether it can be the `Error` of the APIs, which requires no member. The page of a gateway cannot.
    pub(super) fn is_json_object(&self) -> bool {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&self.0).is_ok()
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
