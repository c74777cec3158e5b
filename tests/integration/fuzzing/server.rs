//! A server that gives the answers of a source, byte by byte, whatever they are.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::reply::Reply;

/// Where the answers come from.
pub(super) trait Source: Send + Sync + 'static {
    /// The answer to a request, which has its head and its body.
    fn reply(&self, request: &[u8]) -> impl Future<Output = Reply> + Send;
}

/// Serves as long as the runtime lives. Returns the base URL.
pub(super) async fn serve(source: Arc<impl Source>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(answer(stream, Arc::clone(&source)));
        }
    });
    base_url
}

/// Answers the requests of one connection until it ends.
async fn answer(mut stream: TcpStream, source: Arc<impl Source>) {
    let mut received = Vec::new();
    while let Some(length) = whole_message(&mut stream, &mut received).await {
        let request: Vec<u8> = received.drain(..length).collect();
        let (bytes, ends) = source.reply(&request).await.bytes();
        if stream.write_all(&bytes).await.is_err() || ends {
            return;
        }
    }
}

/// Reads until the first request or answer is there. Returns its length; `None` if the connection ends before.
pub(super) async fn whole_message(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<usize> {
    loop {
        if let Some(length) = length(received) {
            return Some(length);
        }
        if stream.read_buf(received).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// The length of the first message, once head and body are there.
fn length(received: &[u8]) -> Option<usize> {
    let head = head_length(received)?;
    let text = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let end = head + length.unwrap_or(0);
    (received.len() >= end).then_some(end)
}

/// The length of the head with the empty line after it.
pub(super) fn head_length(message: &[u8]) -> Option<usize> {
    Some(message.windows(4).position(|four| four == b"\r\n\r\n")? + 4)
}
