//! How the store reaches a server that has several addresses, or that wakes late.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use biller_onboarding::store::sql_server::{Resolver, SqlServerOptions, SqlServerStore};
use futures_util::future::join_all;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::server::{Behaviour, TdsServer};
use super::{options, page};

/// Names these addresses, whatever the host.
#[derive(Debug)]
struct Addresses(Vec<SocketAddr>);

#[async_trait]
impl Resolver for Addresses {
    async fn addresses(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(self.0.clone())
    }
}

#[tokio::test]
async fn of_two_addresses_the_one_that_answers_is_connected_with() {
    // A queue for one connection takes two and drops the others without an answer.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let silent = full.local_addr().unwrap();
    let _first = TcpStream::connect(silent).await.unwrap();
    let _second = TcpStream::connect(silent).await.unwrap();

    let server = TdsServer::start(Behaviour::default()).await;
    let store = SqlServerStore::connect(&SqlServerOptions {
        resolver: Arc::new(Addresses(vec![silent, server.address])),
        ..options(&server, "")
    });
    page(&store.unwrap()).await.unwrap();
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn connections_that_impatient_requests_wanted_are_there_when_the_server_wakes() {
    let asleep = Behaviour {
        is_awake: false,
        ..Behaviour::default()
    };
    let server = TdsServer::start(asleep).await;
    let store = SqlServerStore::connect(&SqlServerOptions {
        pool_size: 2,
        ..options(&server, "")
    });
    let store = store.unwrap();
    let pages = |number| join_all((0..number).map(|_| page(&store)));
    tokio::select! {
        _ = pages(2) => panic!("the server is asleep"),
        () = server.accepted(2) => {}
    }
    assert!(timeout(Duration::from_millis(20), pages(50)).await.is_err());
    server.wake();
    assert!(pages(50).await.iter().all(Result::is_ok));
    assert_eq!(server.connections(), 2, "the first two connections serve all requests");
}
