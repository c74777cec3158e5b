//! Writes the tokens of an answer.

use super::script::{Column, Rows, Type};

/// In a DONE token.
const ERROR: u16 = 2;
/// `Latin1_General_CI_AS`.
const COLLATION: [u8; 5] = [0x09, 0x04, 0xD0, 0x00, 0x34];
/// `Japanese_CI_AS`: code page 932, in which some characters take two bytes.
const JAPANESE: [u8; 5] = [0x11, 0x04, 0xD0, 0x00, 0x00];

/// What the server offers: its version, and one of the driver's levels of encryption.
pub(super) fn prelogin(encryption: u8) -> Vec<u8> {
    let options = [(0_u8, 6_u16), (1, 1), (6, 1)];
    let mut offset = u16::try_from(options.len() * 5 + 1).unwrap();
    let mut body = Vec::new();
    for (option, length) in options {
        body.push(option);
        body.extend(offset.to_be_bytes());
        body.extend(length.to_be_bytes());
        offset += length;
    }
    body.push(0xFF);
    body.extend([16, 0, 0, 0, 0, 0, encryption, 1]);
    body
}

pub(super) fn logged_in(has_token: bool) -> Vec<u8> {
    let mut ack = vec![1, 0x74, 0, 0, 4];
    short_text(&mut ack, "Microsoft SQL Server");
    ack.extend([16, 0, 0, 0]);
    let mut body = vec![0xAD];
    body.extend(u16::try_from(ack.len()).unwrap().to_le_bytes());
    body.append(&mut ack);
    if has_token {
        body.extend([0xAE, 2, 0, 0, 0, 0, 0xFF]);
    }
    body.append(&mut done());
    body
}

pub(super) fn done() -> Vec<u8> {
    done_with(0)
}

fn done_with(status: u16) -> Vec<u8> {
    let mut body = vec![0xFD];
    body.extend(status.to_le_bytes());
    body.extend([0; 10]);
    body
}

/// An error with a message that quotes a value, as the server's do.
pub(super) fn error(number: u32) -> Vec<u8> {
    let mut error = number.to_le_bytes().to_vec();
    error.extend([1, 14]);
    let message = "The value 'marked-value' is refused.";
    error.extend(u16::try_from(message.len()).unwrap().to_le_bytes());
    error.extend(message.encode_utf16().flat_map(u16::to_le_bytes));
    short_text(&mut error, "db");
    short_text(&mut error, "");
    error.extend(1_u32.to_le_bytes());
    let mut body = vec![0xAA];
    body.extend(u16::try_from(error.len()).unwrap().to_le_bytes());
    body.append(&mut error);
    body.append(&mut done_with(ERROR));
    body
}

/// A transaction began (8), was committed (9) or rolled back (10).
pub(super) fn transaction(change: u8) -> Vec<u8> {
    let number = [8, 1, 2, 3, 4, 5, 6, 7, 8, 0];
    let mut body = vec![0xE3];
    body.extend(u16::try_from(number.len() + 1).unwrap().to_le_bytes());
    body.push(change);
    if change == 8 {
        body.extend(number);
    } else {
        body.push(0);
        body.extend(&number[..9]);
    }
    body.append(&mut done());
    body
}

/// Columns and rows, without the end.
pub(super) fn rows(rows: &Rows) -> Vec<u8> {
    let mut body = vec![0x81];
    body.extend(u16::try_from(rows.columns.len()).unwrap().to_le_bytes());
    for Column { name, of } in &rows.columns {
        // User type, and the flag for NULL.
        body.extend([0, 0, 0, 0, 1, 0]);
        match of {
            Type::Bit => body.extend([0x68, 1]),
            Type::BigInt => body.extend([0x26, 8]),
            Type::Guid => body.extend([0x24, 16]),
            Type::Int => body.extend([0x26, 4]),
            Type::NVarchar => body.extend([0xE7, 0x40, 0x1F]),
            Type::VarcharJapanese => body.extend([0xA7, 0x40, 0x1F]),
        }
        match of {
            Type::Bit | Type::Int | Type::BigInt | Type::Guid => {}
            Type::NVarchar => body.extend(COLLATION),
            Type::VarcharJapanese => body.extend(JAPANESE),
        }
        short_text(&mut body, name);
    }
    for row in &rows.rows {
        body.push(0xD1);
        for (column, cell) in rows.columns.iter().zip(row) {
            match column.of {
                Type::Bit | Type::Int | Type::BigInt | Type::Guid => body.push(u8::try_from(cell.len()).unwrap()),
                Type::NVarchar | Type::VarcharJapanese => body.extend(u16::try_from(cell.len()).unwrap().to_le_bytes()),
            }
            body.extend(cell);
        }
    }
    body
}

/// A text with its length in one byte.
fn short_text(body: &mut Vec<u8>, text: &str) {
    body.push(u8::try_from(text.encode_utf16().count()).unwrap());
    body.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
}
