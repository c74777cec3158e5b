//! A server that grants tokens, and closes the connection of every other request once it has read it.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::server::token;

pub struct HangingUp {
    pub uri: String,
    hung_up: Arc<AtomicU32>,
}

impl HangingUp {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap());
        let hung_up = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&hung_up);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&count)));
            }
        });
        Self { uri, hung_up }
    }

    /// Number of requests without an answer.
    pub fn hung_up(&self) -> u32 {
        self.hung_up.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, hung_up: Arc<AtomicU32>) {
    let mut request = Vec::new();
    while !is_complete(&request) {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    if !String::from_utf8_lossy(&request).contains("/oauth2/token") {
        hung_up.fetch_add(1, Ordering::SeqCst);
        return;
    }
    let body = token("token", "manage_configuration identity").to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _client_may_be_gone = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// Whether head and body are there; `content-length` tells the length of the body.
fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(|value| value.trim().to_owned())
        })
        .map_or(0, |value| value.parse().unwrap());
    body.len() >= length
}
