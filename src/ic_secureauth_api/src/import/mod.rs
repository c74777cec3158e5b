//! The import of users (IDS `PUT /configuration`, scope `manage_configuration`; docs/reference/secureauth-api.md#import).

use reqwest::Method;

use super::{Api, ApiError, Operation, access::ReadWrite, transport::Call};

mod chunk;
mod record;
mod settings;
mod user;

pub use chunk::{ChunkError, ImportChunk, MAX_CHUNK_BYTES, MAX_CHUNK_USERS};
pub use settings::{ImportSettings, PayloadMembers, PayloadMembersClash};
pub use user::ImportUser;

impl Api<ReadWrite> {
    /// `PUT /configuration`: creates or *replaces* the chunk's users, in one pool.
    ///
    /// The server replaces a user as a whole, so do not send one who may have enrolled a credential. 204 means that all users are
    /// in. After a refusal (400, 409, 422) any of them may be in, and no answer names the refused record. No attempt follows one
    /// without an answer: it may take effect later.
    pub async fn import(&self, chunk: &ImportChunk) -> Result<(), ApiError> {
        let call = self.import_call(chunk)?.repeated_after_answers();
        self.send(call).await?.no_content()
    }

    /// As [`import`](Self::import), but without an attempt after one that may have taken effect: for a pool whose users may be
    /// enrolling. After [`outcome_unknown`](ApiError::outcome_unknown) look for each user and send only the missing ones.
    pub async fn import_once(&self, chunk: &ImportChunk) -> Result<(), ApiError> {
        let call = self.import_call(chunk)?.once();
        self.send(call).await?.no_content()
    }

    fn import_call(&self, chunk: &ImportChunk) -> Result<Call, ApiError> {
        if chunk.tenant_id() != self.tenant_id() {
            return Err(ApiError::guard(
                Operation::Import,
                "the chunk belongs to another tenant",
            ));
        }
        let call = Call::new(Operation::Import, Method::PUT, self.paths().import());
        Ok(call.json_bytes(chunk.body()))
    }
}
