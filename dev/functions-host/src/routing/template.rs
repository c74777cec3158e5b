//! A route: parsing and matching. Constraints, optional and catch-all parameters are refused, because no app here has them.

use percent_encoding::percent_decode_str;

/// Route values by parameter name.
pub(crate) type RouteValues = Vec<(String, String)>;

#[derive(Debug)]
pub(crate) struct RouteTemplate {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl RouteTemplate {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_matches('/');
        Ok(Self {
            text: text.to_owned(),
            segments: text.split('/').map(Segment::parse).collect::<Result<_, _>>()?,
        })
    }

    /// The template without leading and trailing slashes.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// True if the route would hide one of the host's own paths when there is no route prefix.
    pub(crate) fn is_reserved(&self) -> bool {
        matches!(self.segments.first(), Some(Segment::Literal(first))
            if ["admin", "runtime"].iter().any(|reserved| first.eq_ignore_ascii_case(reserved)))
    }

    /// Matches a path below the route prefix, still percent-encoded. Literals ignore case.
    pub(crate) fn matches(&self, path: &str) -> Option<RouteValues> {
        let parts: Vec<String> = path.trim_matches('/').split('/').map(decode).collect();
        if parts.len() != self.segments.len() {
            return None;
        }
        let mut values = RouteValues::new();
        for (segment, part) in self.segments.iter().zip(parts) {
            match segment {
                Segment::Literal(literal) if part.eq_ignore_ascii_case(literal) => {}
                Segment::Parameter(name) if !part.is_empty() => values.push((name.clone(), part)),
                _ => return None,
            }
        }
        Some(values)
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        match inner {
            None if text.contains(['{', '}']) => Err(format!("the segment {text:?} mixes text and parameters")),
            None => Ok(Self::Literal(text.to_owned())),
            Some(name) if is_parameter_name(name) => Ok(Self::Parameter(name.to_owned())),
            Some(name) => Err(format!("{name:?} is not a plain route parameter")),
        }
    }
}

fn is_parameter_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Decodes a part of a path. An encoded slash stays encoded, as the real host's server leaves it (S39).
fn decode(part: &str) -> String {
    let kept = part.replace("%2F", "%252F").replace("%2f", "%252f");
    percent_decode_str(&kept).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(path: &str) -> Option<RouteValues> {
        RouteTemplate::parse("billers/{billerId}/ciam").unwrap().matches(path)
    }

    fn one(value: &str) -> RouteValues {
        vec![("billerId".to_owned(), value.to_owned())]
    }

    #[test]
    fn literals_ignore_case_and_parameters_are_decoded() {
        assert_eq!(values("Billers/a%20b/CIAM/"), Some(one("a b")));
        for other in ["billers/a", "billers/a/ciam/more", "billers//ciam", ""] {
            assert_eq!(values(other), None, "{other}");
        }
    }

    #[test]
    fn an_encoded_slash_stays_as_it_was_sent() {
        assert_eq!(values("billers/a%2Fb%20%2f/ciam"), Some(one("a%2Fb %2f")));
        assert_eq!(values("billers/%252F/ciam"), Some(one("%2F")));
    }

    #[test]
    fn what_this_stand_in_cannot_match_is_refused_when_the_app_starts() {
        for template in ["{p:int}", "{p?}", "{*p}", "file-{p}", "{p=7}", "{}"] {
            assert!(RouteTemplate::parse(template).is_err(), "{template}");
        }
    }
}
