//! A Key Vault on the loopback, over TLS. Programs find it through a proxy, which is this server too, so it has a real vault's name.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::AbortOnDropHandle;

use crate::tds::tls::Identity;

/// The vault's name, as its certificate has to have it.
pub(super) const HOST: &str = "ic.vault.azure.net";
/// The token that the vault accepts.
pub(super) const TOKEN: &str = "token-for-the-vault";

/// The resource for which the vault asks for a token.
const RESOURCE: &str = "https://vault.azure.net";

/// The answer to a request that has the token.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    status: StatusCode,
    body: Value,
    retry_after: Option<&'static str>,
}

impl Answer {
    pub(super) fn value(value: &str) -> Self {
        Self::with(value, &json!({ "enabled": true }))
    }

    pub(super) fn with(value: &str, attributes: &Value) -> Self {
        let body = json!({ "value": value, "attributes": attributes });
        Self {
            status: StatusCode::OK,
            body,
            retry_after: None,
        }
    }

    fn error(status: StatusCode, code: &str, inner_code: &str) -> Self {
        let error = json!({ "code": code, "message": "marked-message", "innererror": { "code": inner_code } });
        Self {
            status,
            body: json!({ "error": error }),
            retry_after: None,
        }
    }

    /// 403 with this inner code.
    pub(super) fn forbidden(inner_code: &str) -> Self {
        Self::error(StatusCode::FORBIDDEN, "Forbidden", inner_code)
    }

    /// 429.
    pub(super) fn busy(retry_after: &'static str) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::error(StatusCode::TOO_MANY_REQUESTS, "Throttled", "")
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after.map(|wait| [("retry-after", wait)]);
        (self.status, retry_after, Json(self.body)).into_response()
    }
}

/// A request for a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) secret: String,
    pub(super) has_token: bool,
}

#[derive(Debug)]
struct Contents {
    secrets: BTreeMap<String, Answer>,
    /// The answers to the next requests, whatever the secret.
    next: VecDeque<Answer>,
    token: &'static str,
    resource: &'static str,
    /// Connections are closed before a word is said.
    is_down: bool,
    asked: Vec<(Asked, Instant)>,
}

type Shared = Arc<Mutex<Contents>>;

/// The vault. It is gone when this is dropped.
#[derive(Debug)]
pub(super) struct TestVault {
    address: SocketAddr,
    contents: Shared,
    _tasks: [AbortOnDropHandle<()>; 2],
}

impl TestVault {
    pub(super) async fn start(identity: Identity) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let contents = Arc::new(Mutex::new(Contents {
            secrets: BTreeMap::new(),
            next: VecDeque::new(),
            token: TOKEN,
            resource: RESOURCE,
            is_down: false,
            asked: Vec::new(),
        }));
        let (sender, connections) = mpsc::channel(1);
        let accepting = accept(listener, identity.into_acceptor(), Arc::clone(&contents), sender);
        let app = Router::new().route("/secrets/{*path}", get(secret));
        let app = app.with_state(Arc::clone(&contents));
        let serving = async move {
            axum::serve(Connections(connections, address), app).await.unwrap();
        };
        let tasks = [tokio::spawn(accepting), tokio::spawn(serving)];
        Self {
            address,
            contents,
            _tasks: tasks.map(AbortOnDropHandle::new),
        }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap()
    }

    /// The proxy's URL.
    pub(super) fn proxy(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn set(&self, secret: &str, answer: Answer) {
        self.contents().secrets.insert(secret.to_owned(), answer);
    }

    pub(super) fn remove(&self, secret: &str) {
        self.contents().secrets.remove(secret);
    }

    /// The next request with a token gets this answer.
    pub(super) fn answer_once(&self, answer: Answer) {
        self.contents().next.push_back(answer);
    }

    pub(super) fn accept_only(&self, token: &'static str) {
        self.contents().token = token;
    }

    /// From now on challenges name this resource.
    pub(super) fn challenge_for(&self, resource: &'static str) {
        self.contents().resource = resource;
    }

    pub(super) fn set_down(&self, is_down: bool) {
        self.contents().is_down = is_down;
    }

    /// All requests so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        let contents = self.contents();
        contents.asked.iter().map(|(asked, _)| asked.clone()).collect()
    }

    /// When each request with a token came.
    pub(super) fn read_at(&self) -> Vec<Instant> {
        let contents = self.contents();
        let with_token = contents.asked.iter().filter(|(asked, _)| asked.has_token);
        with_token.map(|(_, at)| *at).collect()
    }

    /// The secrets that were asked for with a token, in order.
    pub(super) fn reads(&self) -> Vec<String> {
        let with_token = self.asked().into_iter().filter(|asked| asked.has_token);
        with_token.map(|asked| asked.secret).collect()
    }
}

async fn secret(
    State(contents): State<Shared>,
    Path(path): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let name = path.split('/').next().unwrap_or_default().to_owned();
    let mut contents = contents.lock().unwrap();
    let token = headers.get("authorization");
    let asked = Asked {
        secret: name.clone(),
        has_token: token.is_some(),
    };
    contents.asked.push((asked, Instant::now()));
    let expected = format!("Bearer {}", contents.token);
    if token.is_none_or(|token| token.as_bytes() != expected.as_bytes()) {
        let refusal = Answer::error(StatusCode::UNAUTHORIZED, "Unauthorized", "");
        let authority = "https://login.microsoftonline.com/t";
        let challenge = format!(
            r#"Bearer authorization="{authority}", resource="{}""#,
            contents.resource
        );
        return ([("www-authenticate", challenge)], refusal).into_response();
    }
    if !query.contains_key("api-version") {
        return Answer::error(StatusCode::BAD_REQUEST, "BadParameter", "").into_response();
    }
    let once = contents.next.pop_front();
    let answer = once.or_else(|| contents.secrets.get(&name).cloned());
    let missing = || Answer::error(StatusCode::NOT_FOUND, "SecretNotFound", "");
    answer.unwrap_or_else(missing).into_response()
}

/// Connections whose handshake is done.
struct Connections(mpsc::Receiver<TlsStream<TcpStream>>, SocketAddr);

impl axum::serve::Listener for Connections {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.0.recv().await {
            Some(stream) => (stream, self.1),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.1)
    }
}

async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    contents: Shared,
    connections: mpsc::Sender<TlsStream<TcpStream>>,
) {
    // Dropped with this task, which ends all of them.
    let mut tunnels = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        if !contents.lock().unwrap().is_down {
            tunnels.spawn(tunnel(stream, tls.clone(), connections.clone()));
        }
    }
}

/// What the client asks of a proxy, then the handshake with the vault.
async fn tunnel(
    mut stream: TcpStream,
    tls: TlsAcceptor,
    connections: mpsc::Sender<TlsStream<TcpStream>>,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if !head.starts_with(format!("CONNECT {HOST}:443 ").as_bytes()) {
        return stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    let stream = tls.accept(stream).await?;
    connections.send(stream).await.map_err(io::Error::other)
}
