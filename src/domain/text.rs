//! Texts of the CRM's views: when one is usable, and how two are compared. What is trimmed and converted here is what is sent,
//! hashed and compared.

use std::borrow::Cow;

use super::issue::Code;

/// A text without the blanks around it.
///
/// # Errors
/// Nothing is left, the text is damaged, or it holds characters that nobody sees. Whoever reads the database puts U+FFFD where
/// bytes are no text, so a text with this character is damaged.
pub fn usable(text: Option<&str>) -> Result<&str, Code> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or(Code::Missing)?;
    if text.contains(char::REPLACEMENT_CHARACTER) {
        Err(Code::Unreadable)
    } else if text.chars().any(is_hidden) {
        Err(Code::HiddenCharacter)
    } else {
        Ok(text)
    }
}

/// Control characters, and characters without a width or that change the direction of what follows.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// An e-mail address with its domain in ASCII; `None`: it has no domain, or one that cannot be written so.
pub(super) fn with_ascii_domain(address: &str) -> Option<Cow<'_, str>> {
    let (local, domain) = address.rsplit_once('@')?;
    if domain.is_ascii() {
        return Some(Cow::Borrowed(address));
    }
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    Some(Cow::Owned(format!("{local}@{domain}")))
}

/// The form in which the pool compares a user name or an address.
pub fn fold(text: &str, case_insensitive: bool) -> Cow<'_, str> {
    let has_case = |byte: u8| !byte.is_ascii() || byte.is_ascii_uppercase();
    if case_insensitive && text.bytes().any(has_case) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_a_text_do_not_count_and_blanks_alone_are_none() {
        for (text, expected) in [
            (Some("Ann"), Ok("Ann")),
            (Some("Ann        "), Ok("Ann")),
            (Some("\u{a0}\u{3000} Ann Lee\r\n"), Ok("Ann Lee")),
            (Some(""), Err(Code::Missing)),
            (Some(" \t\u{2003}"), Err(Code::Missing)),
            (None, Err(Code::Missing)),
        ] {
            assert_eq!(usable(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_damaged_text_and_one_with_hidden_characters_are_told_apart() {
        assert_eq!(usable(Some("J\u{fffd}rg")), Err(Code::Unreadable));
        for hidden in [
            "\0", "\n", "\u{7f}", "\u{85}", "\u{ad}", "\u{200b}", "\u{200d}", "\u{202e}", "\u{2066}", "\u{feff}",
        ] {
            let text = format!("An{hidden}n");
            assert_eq!(usable(Some(&text)), Err(Code::HiddenCharacter), "{text:?}");
        }
    }

    #[test]
    fn names_of_all_scripts_are_usable() {
        for name in [
            "O'Neil-Smith",
            "Jörg",
            "Žaneta",
            "Nguyễn",
            "市川",
            "葛\u{e0100}城",
            "محمد",
            "Ἀθηνᾶ",
            "e\u{301}",
        ] {
            assert_eq!(usable(Some(name)), Ok(name));
        }
    }

    #[test]
    fn a_domain_is_written_in_ascii_and_an_ascii_domain_stays_as_it_is() {
        for (address, expected) in [
            ("a@Example.com", Some("a@Example.com")),
            ("a@bücher.example", Some("a@xn--bcher-kva.example")),
            ("a@BÜCHER.example", Some("a@xn--bcher-kva.example")),
            ("a@例え。テスト", Some("a@xn--r8jz45g.xn--zckzah")),
            ("jörg@bücher.example", Some("jörg@xn--bcher-kva.example")),
            ("a@bü cher.example", None),
            ("a@ü_b.example", None),
            ("nobody", None),
        ] {
            assert_eq!(with_ascii_domain(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn case_counts_only_where_the_pool_tells_it_apart() {
        assert_eq!(fold("BOB.Éva", true), "bob.éva");
        assert_eq!(fold("BOB", false), "BOB");
    }
}
