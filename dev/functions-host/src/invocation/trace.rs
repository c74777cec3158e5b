//! W3C trace context of the request to the handler (S19).

use crate::clock::ClockAndRandom;

/// What the handler gets as `traceparent` and `tracestate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceContext {
    trace_id: String,
    flags: String,
    pub(crate) state: Option<String>,
}

impl TraceContext {
    /// A new trace, which is not sampled: requests recorded of real hosts have the flags `00`.
    pub(crate) fn root(clock: &ClockAndRandom) -> Self {
        Self {
            trace_id: clock.hex::<16>(),
            flags: "00".to_owned(),
            state: None,
        }
    }

    /// The caller's trace; `None` when the header is not a valid `traceparent`.
    pub(crate) fn from_caller(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let mut parts = traceparent.trim().split('-');
        let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let well_formed = is_hex(version, 2)
            && version != "ff"
            && is_hex(trace_id, 32)
            && is_hex(span_id, 16)
            && is_hex(flags, 2)
            && [trace_id, span_id]
                .iter()
                .all(|id| id.bytes().any(|digit| digit != b'0'))
            && (parts.next().is_none() || version != "00");
        well_formed.then(|| Self {
            trace_id: trace_id.to_owned(),
            flags: flags.to_owned(),
            state: tracestate.map(str::to_owned),
        })
    }

    /// The header's value, with a new span id.
    pub(crate) fn traceparent(&self, clock: &ClockAndRandom) -> String {
        format!("00-{}-{}-{}", self.trace_id, clock.hex::<8>(), self.flags)
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::system_clock;

    const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn the_callers_trace_goes_on_under_a_new_span() {
        let clock = ClockAndRandom::new(system_clock(), 1);
        let context = TraceContext::from_caller(CALLER, Some("a=1")).unwrap();
        let header = context.traceparent(&clock);
        assert!(header.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
        assert!(header.ends_with("-01"));
        assert!(!header.contains("b7ad6b7169203331"));
        assert_eq!(context.state.as_deref(), Some("a=1"));
    }

    #[test]
    fn a_malformed_traceparent_is_not_followed() {
        for header in [
            "",
            "00-0-0-00",
            &CALLER.to_uppercase(),
            &CALLER.replace("b7ad6b7169203331", "0000000000000000"),
        ] {
            assert_eq!(TraceContext::from_caller(header, None), None, "{header}");
        }
    }

    #[test]
    fn a_trace_of_the_host_is_not_sampled() {
        let clock = ClockAndRandom::new(system_clock(), 1);
        assert!(TraceContext::root(&clock).traceparent(&clock).ends_with("-00"));
    }
}
