//! Texts of the CRM's views, of any text type and code page. A damaged one is an error of its own row: it is read with U+FFFD in
//! it, which no usable text has ([`crate::domain::text::usable`]). The driver would fail the whole answer
//! (docs/reference/sql-server.md#reading-rows).
//!
//! The server converts `VARCHAR` to UTF-16, so that the driver never meets a code page. A double-byte character whose second half
//! was cut off takes the next byte for it: a letter that is put behind the text then is gone. UTF-16 that is no text is replaced by
//! the driver (`lossy_utf16_decoding`).

use tiberius::Row;

use super::error::Fault;

/// Comes behind every text. A second byte in all double-byte code pages.
const END: char = 'x';

/// The column in a list of columns. Its name stays the same.
pub(super) fn column(table: &str, name: &str) -> String {
    format!("CONVERT(NVARCHAR(4000), {table}.{name} + '{END}') AS {name}")
}

/// A column that was asked for with [`column()`].
pub(super) fn read(row: &Row, name: &str) -> Result<Option<String>, Fault> {
    Ok(row.try_get::<&str, _>(name)?.map(whole))
}

/// A text without its end. Where the end is missing, U+FFFD stands for the character that was cut; so it does behind a text that is
/// cut because it is longer than the column's type allows.
fn whole(text: &str) -> String {
    match text.strip_suffix(END) {
        Some(text) => text.to_owned(),
        None => format!("{text}{}", char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_without_the_letter_behind_it() {
        assert_eq!(whole("Annx"), "Ann");
        assert_eq!(whole("Maxx"), "Max");
        assert_eq!(whole("x"), "");
        assert_eq!(whole("Ann       x"), "Ann       ");
    }

    #[test]
    fn a_text_that_swallowed_the_letter_is_damaged() {
        assert_eq!(whole("J\u{30db}"), "J\u{30db}\u{fffd}");
        assert_eq!(whole(""), "\u{fffd}");
    }

    #[test]
    fn the_column_keeps_its_name() {
        assert_eq!(column("u", "Email"), "CONVERT(NVARCHAR(4000), u.Email + 'x') AS Email");
    }
}
