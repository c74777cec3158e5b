//! W3C Trace Context: the `traceparent` header.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Identifies one trace through all systems: 32 hex digits, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

/// Identifies one unit of work in a trace: 16 hex digits, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(u64);

/// A position in a trace: which trace, which unit of work in it, and its flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: TraceId,
    span_id: SpanId,
    flags: u8,
}

/// A text is no `traceparent`. The error does not repeat the text, because it came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent")]
pub struct InvalidTraceParent;

impl From<Uuid> for TraceId {
    /// A UUID with a version is never all zero.
    fn from(random: Uuid) -> Self {
        Self(random.as_u128().max(1))
    }
}

impl From<Uuid> for SpanId {
    /// Takes the half of the UUID that has no version in it.
    fn from(random: Uuid) -> Self {
        Self(random.as_u64_pair().1.max(1))
    }
}

impl TraceParent {
    /// Begins a new trace. Its flags say that it is recorded.
    pub fn root(trace_id: TraceId, span_id: SpanId) -> Self {
        Self {
            trace_id,
            span_id,
            flags: 1,
        }
    }

    /// The trace's id, the same in all its units of work.
    pub fn trace_id(self) -> TraceId {
        self.trace_id
    }
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or(InvalidTraceParent)
    }
}

/// Accepts version 00 exactly as it is specified. Of a later version it reads the fields that version 00 has.
fn parse(text: &str) -> Option<TraceParent> {
    let mut parts = text.splitn(5, '-');
    let mut next = |digits| hex(parts.next()?, digits);
    let version = next(2)?;
    let trace_id = next(32)?;
    let span_id = u64::try_from(next(16)?).ok()?;
    let flags = u8::try_from(next(2)?).ok()?;
    let has_more = parts.next().is_some();
    let is_known = version != 0xff && !(version == 0 && has_more);
    (is_known && trace_id != 0 && span_id != 0).then_some(TraceParent {
        trace_id: TraceId(trace_id),
        span_id: SpanId(span_id),
        flags,
    })
}

/// A number written in exactly `digits` lower-case hex digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_hex = text.len() == digits && text.bytes().all(is_digit);
    is_hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trace_id,
            span_id,
            flags,
        } = self;
        write!(formatter, "00-{trace_id}-{span_id}-{flags:02x}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    #[test]
    fn a_trace_parent_is_read_and_written_alike() {
        let parsed: TraceParent = EXAMPLE.parse().unwrap();
        assert_eq!(parsed.to_string(), EXAMPLE);
        assert_eq!(parsed.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(parsed.span_id.to_string(), "00f067aa0ba902b7");
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        let zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let zero_span = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
        let longer = format!("{EXAMPLE}-more");
        let upper = EXAMPLE.to_uppercase();
        let version_ff = EXAMPLE.replacen("00", "ff", 1);
        for bad in [
            "",
            "00",
            zero_trace,
            zero_span,
            &longer,
            &upper,
            &version_ff,
            &EXAMPLE[..54],
        ] {
            assert_eq!(bad.parse::<TraceParent>(), Err(InvalidTraceParent), "{bad}");
        }
    }

    #[test]
    fn a_later_version_may_have_more() {
        let later = EXAMPLE.replacen("00", "01", 1) + "-more";
        assert_eq!(later.parse::<TraceParent>(), EXAMPLE.parse());
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_panic(text: String) {
            let parsed = text.parse::<TraceParent>();
            prop_assert!(parsed.is_err() || text.len() >= 55);
        }
    }
}
