//! Reads an invocation's body up to a limit. Reads and drops the rest, because the host waits until its request is
//! read.

use axum::body::{Body, Bytes};
use futures_util::StreamExt;

/// Why the body was not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Longer than the limit.
    TooLarge,
    /// The host closed the connection.
    Broken,
}

pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, Unread> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut too_large = false;
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| Unread::Broken)?;
        too_large |= bytes.len() + part.len() > limit;
        if !too_large {
            bytes.extend_from_slice(&part);
        }
    }
    if too_large {
        Err(Unread::TooLarge)
    } else {
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_at_the_limit_is_read_and_one_byte_more_is_too_large() {
        assert_eq!(read(Body::from("1234"), 4).await, Ok(Bytes::from("1234")));
        assert_eq!(read(Body::from("12345"), 4).await, Err(Unread::TooLarge));
    }
}
