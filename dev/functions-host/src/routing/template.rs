//! A whole route: parsing, matching, precedence.

use percent_encoding::percent_decode_str;

use super::segment::{Segment, split_outside_brackets};

/// Route values by parameter name; an optional parameter that is missing is `None`.
pub(crate) type RouteValues = Vec<(String, Option<String>)>;

#[derive(Debug)]
pub(crate) struct RouteTemplate {
    text: String,
    segments: Vec<Segment>,
}

impl RouteTemplate {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_matches('/');
        let segments = split_outside_brackets(text, '/')
            .into_iter()
            .map(Segment::parse)
            .collect::<Result<Vec<_>, _>>()?;
        if let Some((_, before)) = segments.split_last() {
            let is_open_ended = |segment: &Segment| {
                matches!(
                    segment,
                    Segment::CatchAll { .. } | Segment::Parameter { optional: true, .. }
                )
            };
            if before.iter().any(is_open_ended) {
                return Err(format!(
                    "only the last parameter of {text:?} may be optional or catch all"
                ));
            }
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
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

    /// Sorting key: the most specific template first.
    pub(crate) fn precedence(&self) -> Vec<u8> {
        self.segments.iter().map(Segment::rank).collect()
    }

    /// Matches a path below the route prefix, still percent-encoded. Literals ignore case.
    pub(crate) fn matches(&self, path: &str) -> Option<RouteValues> {
        let path = path.trim_matches('/');
        let parts: Vec<&str> = if path.is_empty() {
            Vec::new()
        } else {
            path.split('/').collect()
        };
        let mut rest = parts.as_slice();
        let mut values = RouteValues::new();
        for segment in &self.segments {
            match (segment, rest.split_first()) {
                (Segment::CatchAll { name }, _) => {
                    let tail = (!rest.is_empty()).then(|| decode(&rest.join("/")));
                    values.push((name.clone(), tail));
                    return Some(values);
                }
                (Segment::Literal(literal), Some((part, tail))) => {
                    if !decode(part).eq_ignore_ascii_case(literal) {
                        return None;
                    }
                    rest = tail;
                }
                (Segment::Parameter { name, constraints, .. }, Some((part, tail))) => {
                    let value = decode(part);
                    if value.is_empty() || !constraints.iter().all(|constraint| constraint.accepts(&value)) {
                        return None;
                    }
                    values.push((name.clone(), Some(value)));
                    rest = tail;
                }
                (
                    Segment::Parameter {
                        name, optional: true, ..
                    },
                    None,
                ) => values.push((name.clone(), None)),
                (_, None) => return None,
            }
        }
        rest.is_empty().then_some(values)
    }
}

fn decode(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, path: &str) -> Option<Vec<(String, Option<String>)>> {
        RouteTemplate::parse(template).unwrap().matches(path)
    }

    fn one(name: &str, value: Option<&str>) -> RouteValues {
        vec![(name.to_owned(), value.map(str::to_owned))]
    }

    #[test]
    fn literals_ignore_case_and_parameters_are_decoded() {
        let expected = Some(one("billerId", Some("a b")));
        assert_eq!(values("billers/{billerId}/ciam", "Billers/a%20b/CIAM/"), expected);
        assert_eq!(values("billers/{billerId}/ciam", "billers/a"), None);
        assert_eq!(values("billers/{billerId}/ciam", "billers/a/ciam/more"), None);
        assert_eq!(values("billers/{billerId}/ciam", "billers//ciam"), None);
    }

    #[test]
    fn an_optional_parameter_may_be_missing_at_the_end_only() {
        assert_eq!(values("billers/{id?}", "billers"), Some(one("id", None)));
        assert_eq!(values("billers/{id?}", "billers/7"), Some(one("id", Some("7"))));
        assert!(RouteTemplate::parse("{id?}/ciam").is_err());
    }

    #[test]
    fn a_catch_all_takes_the_rest_with_its_slashes() {
        assert_eq!(
            values("files/{*path}", "files/a/b%20c"),
            Some(one("path", Some("a/b c")))
        );
        assert_eq!(values("files/{*path}", "files"), Some(one("path", None)));
    }

    #[test]
    fn constraints_decide_whether_a_route_matches() {
        for (template, good, bad) in [
            ("{p:int}", "-12", "12a"),
            ("{p:guid}", "52d53c5f-e212-487e-998b-abbe3b9d51e4", "52d53c5f"),
            ("{p:alpha}", "Abc", "Ab1"),
            ("{p:length(2,3)}", "abc", "abcd"),
            ("{p:length(2)}", "ab", "a"),
            ("{p:minlength(2)}", "ab", "a"),
            ("{p:maxlength(2)}", "ab", "abc"),
            (r"{p:regex(^[a-z]:\d+$)}", "Q:12", "Q:x"),
            ("{p:int:length(2)?}", "12", "123"),
        ] {
            assert_eq!(values(template, good), Some(one("p", Some(good))), "{template} {good}");
            assert_eq!(values(template, bad), None, "{template} {bad}");
        }
    }

    #[test]
    fn what_this_stand_in_cannot_match_is_refused_when_the_app_starts() {
        for template in [
            "{p:range(1,2)}",
            "file-{p}",
            "{p=7}",
            "{}",
            "{p:length(x)}",
            "{p:regex(()}",
        ] {
            assert!(RouteTemplate::parse(template).is_err(), "{template}");
        }
    }
}
