//! The import of users (IDS `PUT /configuration`, scope `manage_configuration`; sections 2.3 and 4.3).

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
    /// A user who enrolled a credential since must not be sent again, because the entry is replaced as a whole. 204 says that all
    /// of the chunk is in; no answer says what of a failed one is: a refusal (400, 409, 422) does not name the offending record
    /// and is not promised to be atomic. The same chunk may be sent again, its bytes are the same.
    pub async fn import(&self, chunk: &ImportChunk) -> Result<(), ApiError> {
        let call = self.import_call(chunk)?;
        self.send(call).await?.no_content()
    }

    /// As [`import`](Self::import), for a pool whose users may be enrolling: no attempt follows one that may have had an
    /// effect. After [`outcome_unknown`](ApiError::outcome_unknown) look for each user and send only the missing ones.
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
        Ok(call.json_bytes(chunk.body().to_vec()))
    }
}
