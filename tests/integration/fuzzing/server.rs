//! A server that gives the answers it is told, byte by byte, whatever they are.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A good token.
const TOKEN: &str =
    r#"{"access_token":"token","token_type":"bearer","expires_in":3600,"scope":"manage_configuration identity"}"#;

/// One answer.
#[derive(Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The header lines.
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
    /// The connection ends after so many bytes of the body.
    pub(super) cut: Option<usize>,
    /// The head may be no HTTP, so the connection ends after it.
    pub(super) broken: bool,
}

pub(super) struct Server {
    base_url: String,
    next: Arc<Mutex<Next>>,
}

/// What the next requests get.
#[derive(Default)]
struct Next {
    reply: Option<Reply>,
    /// Instead of a good token; then the first answer is a 401, so that the client asks for a token.
    token: Option<Reply>,
    renew: bool,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let next = Arc::new(Mutex::new(Next::default()));
        let shared = Arc::clone(&next);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { base_url, next }
    }

    pub(super) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Gives this answer from now on.
    pub(super) fn answer(&self, reply: Reply, token: Option<Reply>) {
        let renew = token.is_some();
        let reply = Some(reply);
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Next { reply, token, renew };
    }
}

/// Answers the requests of one connection until it ends.
async fn serve(mut stream: TcpStream, next: Arc<Mutex<Next>>) {
    let mut request = Vec::new();
    loop {
        let length = loop {
            if let Some(length) = complete(&request) {
                break length;
            }
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let is_token = String::from_utf8_lossy(&request[..length.min(200)]).contains("/oauth2/token");
        request.drain(..length);
        let reply = next.lock().unwrap_or_else(PoisonError::into_inner).take(is_token);
        let (bytes, ends) = reply.bytes();
        if stream.write_all(&bytes).await.is_err() || ends {
            return;
        }
    }
}

/// The length of the first request, once head and body are there.
fn complete(request: &[u8]) -> Option<usize> {
    let head = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let end = head + length.unwrap_or(0);
    (request.len() >= end).then_some(end)
}

impl Next {
    fn take(&mut self, is_token: bool) -> Reply {
        let plain = |status, body: &str| Reply {
            status,
            head: b"content-type: application/json\r\n".to_vec(),
            body: body.into(),
            cut: None,
            broken: false,
        };
        if is_token {
            return self.token.take().unwrap_or_else(|| plain(200, TOKEN));
        }
        if std::mem::take(&mut self.renew) {
            return plain(401, "{}");
        }
        self.reply.clone().unwrap_or_else(|| plain(500, ""))
    }
}

impl Reply {
    /// The bytes of the answer, and whether the connection ends after them.
    fn bytes(&self) -> (Vec<u8>, bool) {
        let without_body = matches!(self.status, 204 | 304);
        let ends = self.broken || without_body || self.cut.is_some();
        let mut bytes = format!("HTTP/1.1 {} X\r\n", self.status).into_bytes();
        bytes.extend(&self.head);
        bytes.extend(format!("content-length: {}\r\n\r\n", self.body.len()).bytes());
        let cut = self.cut.unwrap_or(self.body.len());
        bytes.extend(&self.body[..cut]);
        (bytes, ends)
    }

    pub(super) fn describe(&self) -> String {
        let (head, body) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&self.body));
        format!("{} cut {:?}\n{head}\n{body}", self.status, self.cut)
    }
}
