//! Receiving request bodies up to a limit (row 17).

use axum::body::{Body, Bytes};
use futures_util::StreamExt;

/// A request body.
#[derive(Debug)]
pub(crate) enum Received {
    /// All of it.
    Whole(Bytes),
    /// More than the limit. The rest was read and dropped, so that a client that is still sending
    /// receives the 413 and no broken pipe.
    TooLarge,
    /// The client went away while sending.
    Broken,
}

/// Reads a body to its end.
pub(crate) async fn receive(body: Body, limit: u64) -> Received {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut kept = Vec::new();
    let mut too_large = false;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else {
            return Received::Broken;
        };
        too_large = too_large || kept.len() + chunk.len() > limit;
        if !too_large {
            kept.extend_from_slice(&chunk);
        }
    }
    if too_large {
        Received::TooLarge
    } else {
        Received::Whole(Bytes::from(kept))
    }
}
