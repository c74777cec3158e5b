//! Constraints of a route parameter: `{id:int}`.

use regex::{Regex, RegexBuilder};
use uuid::Uuid;

#[derive(Debug)]
pub(crate) enum Constraint {
    Int,
    Guid,
    Alpha,
    Length { min: usize, max: usize },
    Regex(Regex),
}

impl Constraint {
    /// Parses `int`, `length(1,64)`, `regex(^x$)` and so on.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (
                name,
                Some(
                    rest.strip_suffix(')')
                        .ok_or_else(|| format!("{text:?} is not closed"))?,
                ),
            ),
            None => (text, None),
        };
        match (name.to_ascii_lowercase().as_str(), arguments) {
            ("int", None) => Ok(Self::Int),
            ("guid", None) => Ok(Self::Guid),
            ("alpha", None) => Ok(Self::Alpha),
            ("length", Some(arguments)) => {
                let (min, max) = arguments.split_once(',').unwrap_or((arguments, arguments));
                Ok(Self::Length {
                    min: bound(min)?,
                    max: bound(max)?,
                })
            }
            ("minlength", Some(min)) => Ok(Self::Length {
                min: bound(min)?,
                max: usize::MAX,
            }),
            ("maxlength", Some(max)) => Ok(Self::Length {
                min: 0,
                max: bound(max)?,
            }),
            ("regex", Some(pattern)) => RegexBuilder::new(pattern)
                .case_insensitive(true)
                .build()
                .map(Self::Regex)
                .map_err(|error| error.to_string()),
            _ => Err(format!(
                "the route constraint {text:?} is not supported by this stand-in"
            )),
        }
    }

    pub(crate) fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Int => value.parse::<i32>().is_ok(),
            Self::Guid => Uuid::try_parse(value).is_ok(),
            Self::Alpha => value.bytes().all(|byte| byte.is_ascii_alphabetic()),
            Self::Length { min, max } => (*min..=*max).contains(&value.encode_utf16().count()),
            Self::Regex(pattern) => pattern.is_match(value),
        }
    }
}

fn bound(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is not a length"))
}
