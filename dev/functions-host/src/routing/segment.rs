//! One segment of a route template, and how a template is cut into segments.

use super::constraint::Constraint;

#[derive(Debug)]
pub(crate) enum Segment {
    Literal(String),
    Parameter {
        name: String,
        optional: bool,
        constraints: Vec<Constraint>,
    },
    CatchAll {
        name: String,
    },
}

impl Segment {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let Some(inner) = inner else {
            if text.contains(['{', '}']) {
                return Err(format!("the segment {text:?} mixes text and parameters"));
            }
            return Ok(Self::Literal(text.to_owned()));
        };
        if let Some(name) = inner.strip_prefix('*') {
            return Ok(Self::CatchAll {
                name: parameter_name(name.trim_start_matches('*'))?,
            });
        }
        let (inner, optional) = inner.strip_suffix('?').map_or((inner, false), |inner| (inner, true));
        let mut parts = split_outside_brackets(inner, ':').into_iter();
        let name = parameter_name(parts.next().unwrap_or_default())?;
        Ok(Self::Parameter {
            name,
            optional,
            constraints: parts.map(Constraint::parse).collect::<Result<_, _>>()?,
        })
    }

    /// Lower is tried first: literals before constrained, free and catch-all parameters.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Parameter { constraints, .. } if !constraints.is_empty() => 1,
            Self::Parameter { .. } => 2,
            Self::CatchAll { .. } => 3,
        }
    }
}

fn parameter_name(name: &str) -> Result<String, String> {
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain {
        Ok(name.to_owned())
    } else {
        Err(format!("{name:?} is not a route parameter"))
    }
}

/// Splits at `separator`, but not inside `()` or `{}`, because a regular expression may contain it.
pub(crate) fn split_outside_brackets(text: &str, separator: char) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|character| {
        match character {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == separator && depth == 0
    })
    .collect()
}
