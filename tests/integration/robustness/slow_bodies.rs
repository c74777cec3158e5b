//! Request bodies that arrive byte by byte at the handler's own port.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Outcome, enable, handler_port, options, start};

/// Bytes that the request announces. Dripping all of them would take minutes.
const ANNOUNCED: usize = 10_000;
const DRIP: Duration = Duration::from_millis(20);

/// Drips a request until it is answered. Returns how many bytes of the body were sent, and the start of the answer.
async fn drip(port: u16, function: &str) -> Result<(usize, String), Box<dyn std::error::Error>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let head = format!(
        "POST /{function} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {ANNOUNCED}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = [0; 64];
    for sent in 0..ANNOUNCED {
        if let Ok(read) = timeout(DRIP, stream.read(&mut answer)).await {
            let read = read?;
            return Ok((sent, String::from_utf8_lossy(&answer[..read]).into_owned()));
        }
        stream.write_all(b"x").await?;
    }
    Ok((ANNOUNCED, String::new()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_drips_is_cut_at_its_deadline_and_the_handler_serves_on() -> Outcome {
    let stack = start(options().set("HTTP_DEADLINE", "500ms"), "1876", 1).await?;
    let port = handler_port(&stack).await?;
    for function in [
        "function-onboard-biller",
        "function-migrate-users",
        "function-recover-onboardings",
    ] {
        let (sent, answer) = drip(port, function).await?;
        assert!(sent < ANNOUNCED, "{function}");
        assert!(answer.starts_with("HTTP/1.1 500 "), "{function}: {answer}");
    }
    assert_eq!(enable(&stack, "1876").await?.state, "succeeded");
    Ok(())
}
