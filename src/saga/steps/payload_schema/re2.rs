//! The regular expressions of payload schemas. SecureAuth reads them as RE2, the syntax of Go, and not as JavaScript's, which JSON
//! Schema recommends. Rust's `regex` is close to RE2; what the two write differently is translated, or not judged.

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

/// The expression for Rust; `None`: it cannot be judged here.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(&translated(pattern)?).ok()
}

fn translated(pattern: &str) -> Option<String> {
    let mut rust = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    while let Some(character) = chars.next() {
        match character {
            '\\' => escape(&mut chars, &mut rust)?,
            '[' => class(&mut chars, &mut rust)?,
            '(' if has_foreign_flags(&chars) => return None,
            '{' if !is_repetition(&chars) => rust.push_str(r"\{"),
            other => rust.push(other),
        }
    }
    Some(rust)
}

/// Outside of a class, behind the backslash.
fn escape(chars: &mut Peekable<Chars<'_>>, rust: &mut String) -> Option<()> {
    match chars.next()? {
        'Q' => quoted(chars, rust),
        'b' => rust.push_str(r"(?-u:\b)"),
        escape @ ('A' | 'z') => rust.extend(['\\', escape]),
        other => character(other, chars, rust)?,
    }
    Some(())
}

/// `\Q`: everything up to `\E`, or to the end, stands for itself.
fn quoted(chars: &mut Peekable<Chars<'_>>, rust: &mut String) {
    let mut literal = String::new();
    while let Some(character) = chars.next() {
        if character == '\\' && chars.next_if_eq(&'E').is_some() {
            break;
        }
        literal.push(character);
    }
    rust.push_str(&regex::escape(&literal));
}

/// A class, behind its `[`. Rust nests classes and knows operators between them; in RE2 these are characters.
fn class(chars: &mut Peekable<Chars<'_>>, rust: &mut String) -> Option<()> {
    rust.push('[');
    if let Some(not) = chars.next_if_eq(&'^') {
        rust.push(not);
    }
    if chars.next_if_eq(&']').is_some() {
        rust.push_str(r"\]");
    }
    loop {
        match chars.next()? {
            ']' => {
                rust.push(']');
                return Some(());
            }
            '[' if chars.peek() == Some(&':') => {
                rust.push('[');
                while let Some(character) = chars.next_if(|character| *character != ']') {
                    rust.push(character);
                }
                rust.push(chars.next()?);
            }
            '-' if chars.peek() == Some(&'-') => return None,
            special @ ('[' | '&' | '~') => rust.extend(['\\', special]),
            '\\' => character(chars.next()?, chars, rust)?,
            other => rust.push(other),
        }
    }
}

/// Behind a backslash: a class, which is ASCII in RE2, or a character.
fn character(escape: char, chars: &mut Peekable<Chars<'_>>, rust: &mut String) -> Option<()> {
    match escape {
        'd' => rust.push_str("[0-9]"),
        'D' => rust.push_str("[^0-9]"),
        's' => rust.push_str(r"[\t\n\f\r ]"),
        'S' => rust.push_str(r"[^\t\n\f\r ]"),
        'w' => rust.push_str("[0-9A-Za-z_]"),
        'W' => rust.push_str("[^0-9A-Za-z_]"),
        'a' | 'f' | 'n' | 'r' | 't' | 'v' => rust.extend(['\\', escape]),
        'p' | 'P' | 'x' => {
            rust.extend(['\\', escape]);
            if chars.peek() == Some(&'{') {
                rust.extend(chars.by_ref().take_while(|character| *character != '}'));
                rust.push('}');
            }
        }
        _ if escape.is_ascii_punctuation() => rust.push_str(&regex::escape(escape.encode_utf8(&mut [0; 4]))),
        _ => return None,
    }
    Some(())
}

/// Behind a `(`: flags that RE2 does not have.
fn has_foreign_flags(rest: &Peekable<Chars<'_>>) -> bool {
    let mut rest = rest.clone();
    rest.next_if_eq(&'?').is_some()
        && rest
            .take_while(|character| character.is_ascii_alphabetic() || *character == '-')
            .any(|flag| matches!(flag, 'R' | 'u' | 'x'))
}

/// Behind a `{`: how often something may be repeated. Any other brace is a character.
fn is_repetition(rest: &Peekable<Chars<'_>>) -> bool {
    let inside: String = rest.clone().take_while(|character| *character != '}').collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match inside.split_once(',') {
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
        None => is_number(&inside),
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn expressions_mean_what_they_mean_in_go() {
        for (pattern, fitting, other) in [
            ("^[[:alpha:]]+$", "Ann", "Ann1"),
            ("^[[:^digit:][:space:]]*$", "a b", "a1"),
            (r"^\Qa.b[\E+$", "a.b[[", "axb["),
            (r"\Qa.b", "xa.b", "axb"),
            (r"^\d+$", "42", "٤٢"),
            (r"^\w+$", "ab_1", "jörg"),
            (r"^\W+$", "é-", "a"),
            (r"^[\w.-]+$", "a.b-c", "a b"),
            (r"^[^\s]+$", "a\u{b}b", "a b"),
            (r"^[^\D]+$", "12", "1a"),
            (r"\bé", "aé", "é"),
            ("^[[a]+$", "[a", "b"),
            ("^[]a]+$", "]a", "[a"),
            ("^[a&&b]+$", "a&b", "c"),
            ("^a{2}$", "aa", "a"),
            ("^a{,2}$", "a{,2}", "aa"),
            ("^a{$", "a{", "a"),
            (r"^\<\/$", "</", "/"),
            (r"(?i)^ann$", "ANN", "anna"),
            (r"^\p{Lu}\pL+$", "Éva", "éva"),
            (r"^[\x{1F600}\x41]$", "A", "B"),
            (r"^(?P<first>a)\z", "a", "a\n"),
            ("^(?P<x>a)$", "a", "b"),
            ("^a$", "a", "a\n"),
        ] {
            let regex = compile(pattern).unwrap_or_else(|| panic!("{pattern} can be judged"));
            assert!(regex.is_match(fitting) && !regex.is_match(other), "{pattern}");
        }
    }

    #[test]
    fn what_rust_cannot_say_is_not_judged() {
        for pattern in [
            r"(?=a)", r"(a)\1", r"\Ba", r"\C", r"[a--b]", r"\101", "[a", "a)", "a\\", "(?x)a", "(?i-x:a)", "(?u)a",
            "(?R)a",
        ] {
            assert!(compile(pattern).is_none(), "{pattern}");
        }
    }
}
