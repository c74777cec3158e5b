//! TDS packets: a header of eight bytes (kind, status, length, session, number, window) and a part of a message.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(super) const SQL_BATCH: u8 = 0x01;
pub(super) const RPC: u8 = 0x03;
pub(super) const ANSWER: u8 = 0x04;
pub(super) const TRANSACTION: u8 = 0x0E;
pub(super) const LOGIN: u8 = 0x10;
pub(super) const PRELOGIN: u8 = 0x12;

pub(super) const HEADER: usize = 8;
const BODY: usize = 4096 - HEADER;
const END_OF_MESSAGE: u8 = 1;

/// A connection, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A whole message: its kind and its body.
pub(super) async fn read(stream: &mut dyn Stream) -> io::Result<(u8, Vec<u8>)> {
    let mut body = Vec::new();
    // Ends with the message, or with an error when the client is gone.
    loop {
        let mut header = [0; HEADER];
        stream.read_exact(&mut header).await?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let mut part = vec![0; length - HEADER];
        stream.read_exact(&mut part).await?;
        body.append(&mut part);
        if header[1] & END_OF_MESSAGE != 0 {
            return Ok((header[0], body));
        }
    }
}

/// How many bytes a message with this body takes, headers included.
pub(super) fn size(body: &[u8]) -> usize {
    body.len() + body.len().div_ceil(BODY) * HEADER
}

/// An answer. If it is not whole, its end is left out, and the client waits for more.
pub(super) async fn write(stream: &mut dyn Stream, body: &[u8], is_whole: bool) -> io::Result<()> {
    let parts = body.chunks(BODY);
    let last = parts.len();
    for (number, part) in (1..).zip(parts) {
        let status = if is_whole && number == last { END_OF_MESSAGE } else { 0 };
        stream.write_all(&header(ANSWER, status, part.len())).await?;
        stream.write_all(part).await?;
    }
    stream.flush().await
}

pub(super) fn header(kind: u8, status: u8, body: usize) -> [u8; HEADER] {
    let length = u16::try_from(body + HEADER).unwrap().to_be_bytes();
    [kind, status, length[0], length[1], 0, 0, 1, 0]
}
