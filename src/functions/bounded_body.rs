//! Reads an invocation's body up to a limit and until a deadline. Reads and drops the rest, because the host waits until its request is
//! read.

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

/// Why the body was not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Longer than the limit.
    TooLarge,
    /// The host closed the connection.
    Broken,
    /// The host did not send all of it in time.
    Late,
}

/// `deadline`: counted from the first byte of the request, so that a body that drips is not held without an end.
pub(super) async fn read(body: Body, limit: usize, deadline: Instant) -> Result<Bytes, Unread> {
    timeout_at(deadline, read_all(body, limit))
        .await
        .unwrap_or(Err(Unread::Late))
}

async fn read_all(body: Body, limit: usize) -> Result<Bytes, Unread> {
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
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_body_at_the_limit_is_read_and_one_byte_more_is_too_large() {
        let deadline = Instant::now() + Duration::from_secs(20);
        assert_eq!(read(Body::from("1234"), 4, deadline).await, Ok(Bytes::from("1234")));
        assert_eq!(read(Body::from("12345"), 4, deadline).await, Err(Unread::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_given_up_at_the_deadline() {
        let drops = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from("x")), ()))
        });
        let deadline = Instant::now() + Duration::from_secs(20);
        assert_eq!(read(Body::from_stream(drops), 1_000, deadline).await, Err(Unread::Late));
        assert_eq!(Instant::now(), deadline);
    }
}
