//! Probes whether the handler is ready (S6).

use std::time::Duration;

/// Sends `GET /` until there is any answer. False when the pauses between attempts add up to `limit`, or when a listener
/// accepted the request and never answered.
pub(crate) async fn is_ready(client: &reqwest::Client, base_url: &str, interval: Duration, limit: Duration) -> bool {
    let mut waited = Duration::ZERO;
    loop {
        match client.get(base_url).send().await {
            Err(error) if error.is_timeout() => return false,
            Err(error) if error.is_connect() => {}
            // Any answer counts, and so does any failure other than a refused connection.
            _ => return true,
        }
        if waited >= limit {
            return false;
        }
        tokio::time::sleep(interval).await;
        waited += interval;
    }
}
