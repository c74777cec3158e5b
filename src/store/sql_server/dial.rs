//! Opens one connection: all addresses of the host are dialled, then TLS and log-in.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use socket2::{SockRef, TcpKeepalive};
use tiberius::Config;
use tiberius::error::Error;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

/// An address that does not answer for this long gets company by the next one. An availability group's listener has an address
/// in each subnet, and only one of them answers.
const STAGGER: Duration = Duration::from_millis(250);

/// A connection on which nothing moves is probed after the first of these times, and then again after the second one. A server
/// that vanished without a word is noticed by that.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(1));

pub(super) type Client = tiberius::Client<Compat<TcpStream>>;

/// Looks up the addresses of a server.
#[async_trait]
pub trait Resolver: Debug + Send + Sync {
    /// All addresses of `server` (`host:port`), the preferred one first.
    async fn addresses(&self, server: &str) -> io::Result<Vec<SocketAddr>>;
}

/// Asks the machine, as all programs do.
#[derive(Debug)]
pub(super) struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn addresses(&self, server: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host(server).await?.collect())
    }
}

/// A connection that is logged in. It follows one redirect, which is how Azure SQL names the node behind its gateway.
pub(super) async fn connect(config: Config, resolver: &dyn Resolver) -> Result<Client, Error> {
    match connect_once(config.clone(), resolver).await {
        Err(Error::Routing { host, port }) => {
            let mut elsewhere = config;
            elsewhere.host(host);
            elsewhere.port(port);
            connect_once(elsewhere, resolver).await
        }
        connected => connected,
    }
}

async fn connect_once(config: Config, resolver: &dyn Resolver) -> Result<Client, Error> {
    let addresses = resolver.addresses(&config.get_addr()).await?;
    let tcp = first_of(addresses).await?;
    tcp.set_nodelay(true)?;
    keep_alive(&tcp)?;
    // The future is large. On the heap, it does not make the futures of all callers large.
    Box::pin(Client::connect(config, tcp.compat_write())).await
}

fn keep_alive(tcp: &TcpStream) -> io::Result<()> {
    let (time, interval) = KEEP_ALIVE;
    let keep_alive = TcpKeepalive::new().with_time(time).with_interval(interval);
    SockRef::from(tcp).set_tcp_keepalive(&keep_alive)
}

/// The first address that answers. The next one is dialled when one fails, or after [`STAGGER`].
async fn first_of(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut addresses = addresses.into_iter();
    let mut dials = FuturesUnordered::new();
    let mut failure = io::Error::other("the host has no address");
    // Every round dials another address, or one that was dialled has failed.
    loop {
        match addresses.next() {
            Some(address) => dials.push(TcpStream::connect(address)),
            None if dials.is_empty() => return Err(failure),
            None => {}
        }
        tokio::select! {
            Some(dialled) = dials.next() => match dialled {
                Ok(tcp) => return Ok(tcp),
                Err(error) => failure = error,
            },
            () = sleep(STAGGER), if addresses.len() > 0 => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_address_that_refuses_is_passed_by_at_once_and_without_any_the_error_says_so() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        let tcp = first_of(vec![gone, there]).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), there);
        keep_alive(&tcp).unwrap();
        let socket = SockRef::from(&tcp);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(30));
        let refused = first_of(vec![gone]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert!(first_of(Vec::new()).await.is_err());
    }
}
