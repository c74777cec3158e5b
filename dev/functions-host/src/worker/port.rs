//! The handler's port: chosen once, the same after every restart (S5).

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// The port, and the socket that keeps other programs from getting it while no handler listens.
pub(crate) struct HandlerPort {
    number: u16,
    /// Bound with `SO_REUSEADDR` and never listening. On Linux the handler can bind the same port, but the system does not
    /// give it to a program that asks for a free one.
    _reservation: Option<TcpSocket>,
}

impl HandlerPort {
    pub(crate) fn reserve(fixed: Option<u16>) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, fixed.unwrap_or(0))))?;
        Ok(Self {
            number: socket.local_addr()?.port(),
            _reservation: cfg!(target_os = "linux").then_some(socket),
        })
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.number)
    }
}
