//! JSON values as .NET prints them.

use serde_json::Number;

use super::date::DotnetDate;
use super::node::{Members, Node};

/// `ToString()` of a value: `True`, numbers, containers indented, null empty. A string stays as it is, unless it looks like a
/// date: then the host has read a date (S17, S35).
pub(crate) fn text_of(node: &Node) -> String {
    match node {
        Node::Null => String::new(),
        Node::Bool(true) => "True".to_owned(),
        Node::Bool(false) => "False".to_owned(),
        Node::Number(number) => number_text(number),
        Node::Text(text) => DotnetDate::parse(text).map_or_else(|| text.clone(), |date| date.invariant()),
        Node::List(_) | Node::Object(_) => indented(node),
    }
}

/// Indented JSON, with dates written anew (S24, S25).
fn indented(node: &Node) -> String {
    #[expect(clippy::expect_used, reason = "JSON that was read can be written")]
    serde_json::to_string_pretty(&node.clone().with_dates()).expect("a node is plain JSON")
}

/// Whether the host tries to read a string as JSON. Only its first and last characters count.
pub(crate) fn looks_like_json(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}

impl Node {
    /// The same value, with every text that looks like a date written anew.
    pub(crate) fn with_dates(self) -> Self {
        match self {
            Self::Text(text) => match DotnetDate::parse(&text) {
                Some(date) => Self::Text(date.iso()),
                None => Self::Text(text),
            },
            Self::List(items) => Self::List(items.into_iter().map(Self::with_dates).collect()),
            Self::Object(members) => {
                let members = members.into_iter().map(|(name, node)| (name, node.with_dates()));
                Self::Object(members.collect::<Members>())
            }
            scalar => scalar,
        }
    }
}

/// Whole numbers as they are; others in the shortest form, from 15 digits on with an exponent of two digits.
fn number_text(number: &Number) -> String {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let magnitude = value.abs();
    if value == 0.0 || (1e-5..1e15).contains(&magnitude) {
        return format!("{value}");
    }
    let text = format!("{value:E}");
    let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let (sign, digits) = exponent
        .strip_prefix('-')
        .map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}E{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str) -> Node {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn scalars_have_the_texts_of_dotnet() {
        for (json, text) in [
            ("null", ""),
            ("true", "True"),
            ("false", "False"),
            ("12", "12"),
            ("-12", "-12"),
            ("2.0", "2"),
            ("1.5", "1.5"),
            ("1e21", "1E+21"),
            ("1.25e-7", "1.25E-07"),
            (r#""a""#, "a"),
            (r#""2025-02-18T03:06:19.0Z""#, "02/18/2025 03:06:19"),
        ] {
            assert_eq!(text_of(&node(json)), text, "{json}");
        }
    }

    #[test]
    fn containers_are_indented_in_their_order_with_dates_written_anew() {
        let json = r#"{"z":["2025-02-18T03:06:19.500Z"],"a":{},"d":"2025-02-18"}"#;
        let text = "{\n  \"z\": [\n    \"2025-02-18T03:06:19.5Z\"\n  ],\n  \"a\": {},\n  \"d\": \"2025-02-18\"\n}";
        assert_eq!(text_of(&node(json)), text);
    }
}
