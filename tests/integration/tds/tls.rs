//! TLS of TDS 7.4: the handshake travels in PRELOGIN packets, everything after it is plain TLS.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, version};

use super::packet::{HEADER, PRELOGIN, Stream, header};

/// A server's certificate and key.
pub(crate) struct Identity(TlsAcceptor);

/// A new CA in PEM, and the identity of a server that it vouches for.
pub(crate) fn identity(host: &str) -> (String, Identity) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let name = format!("CA of {host}");
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let of_host = CertificateParams::new([host.to_owned()]).unwrap();
    let certificate = of_host.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    // As SQL Server does with TDS 7.4. With TLS 1.3 the handshake ends at another place.
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (ca.pem(), Identity(TlsAcceptor::from(Arc::new(config))))
}

impl Identity {
    /// For TLS that is not inside of another protocol.
    pub(crate) fn into_acceptor(self) -> TlsAcceptor {
        self.0
    }

    pub(super) async fn accept(&self, stream: Box<dyn Stream>) -> io::Result<Box<dyn Stream>> {
        let wrapped = Wrapped {
            stream,
            is_handshake: true,
            header: Vec::new(),
            body: 0,
            written: Vec::new(),
        };
        let mut stream = self.0.accept(wrapped).await?;
        stream.get_mut().0.is_handshake = false;
        Ok(Box::new(stream))
    }
}

/// Takes the packets off what is read, and puts what is written into packets, until the handshake is over.
struct Wrapped {
    stream: Box<dyn Stream>,
    is_handshake: bool,
    /// As much of a packet's header as was read.
    header: Vec<u8>,
    /// What is left of the packet's body.
    body: usize,
    /// A packet, or the rest of one, that was not sent yet.
    written: Vec<u8>,
}

impl AsyncRead for Wrapped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.is_handshake {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        while self.body == 0 {
            let mut byte = [0];
            let mut one = ReadBuf::new(&mut byte);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut one))?;
            if one.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.header.push(byte[0]);
            if self.header.len() == HEADER {
                self.body = usize::from(u16::from_be_bytes([self.header[2], self.header[3]])) - HEADER;
                self.header.clear();
            }
        }
        let mut part = buf.take(self.body);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        let bytes = part.filled().to_vec();
        buf.put_slice(&bytes);
        self.body -= read;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wrapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if !self.is_handshake {
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        }
        self.written.extend(header(PRELOGIN, 1, buf.len()));
        self.written.extend(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.written.is_empty() {
            let rest = std::mem::take(&mut self.written);
            let sent = match Pin::new(&mut self.stream).poll_write(cx, &rest) {
                Poll::Ready(sent) => sent?,
                Poll::Pending => {
                    self.written = rest;
                    return Poll::Pending;
                }
            };
            self.written = rest[sent..].to_vec();
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
