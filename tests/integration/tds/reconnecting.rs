//! How the store reaches a server that has several addresses, or that wakes late.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use biller_onboarding::store::sql_server::{Access, LogIn, Resolver, SqlServerOptions, SqlServerStore};
use futures_util::future::join_all;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::server::{Behaviour, TdsServer};
use super::{config, failure, options, page};

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

/// A connection string whose password is rotated: the first one is refused.
#[derive(Debug)]
struct Rotated {
    port: u16,
    has_new: bool,
}

#[async_trait]
impl Access for Rotated {
    async fn log_in(&self) -> Result<LogIn, String> {
        let config = config(self.port, "Password=old");
        Ok(LogIn { config, edition: 0 })
    }

    async fn instead_of(&self, edition: u64) -> Option<LogIn> {
        assert_eq!(edition, 0);
        let config = config(self.port, "Password=new");
        self.has_new.then_some(LogIn { config, edition: 1 })
    }
}

#[tokio::test]
async fn a_refused_log_in_is_repeated_with_the_connection_string_of_today() {
    for (number, has_new, passwords) in [
        (18456, true, &["old", "new"][..]),
        (18470, true, &["old", "new"]),
        (4060, true, &["old", "new"]),
        (18452, false, &["old"]),
        (40613, true, &["old"]),
    ] {
        let server = TdsServer::start(Behaviour {
            judge: Box::new(move |log_in| if log_in.password == "new" { Ok(()) } else { Err(number) }),
            ..Behaviour::default()
        });
        let server = server.await;
        let port = server.address.port();
        let rotated = Arc::new(Rotated { port, has_new });
        let store = SqlServerStore::connect(&SqlServerOptions::with("db".to_owned(), rotated)).unwrap();
        let page = page(&store).await;
        let tried: Vec<String> = server.log_ins().into_iter().map(|log_in| log_in.password).collect();
        assert_eq!(tried, passwords);
        if passwords.len() == 2 {
            page.unwrap();
        } else {
            assert!(failure(page).contains(&number.to_string()));
        }
    }
}
