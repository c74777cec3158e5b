//! An access token with its scopes and its lifetime.

use std::{fmt, time::Duration};

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

/// Lifetime of a token whose answer has no usable `expires_in`. It is short, because no document promises the default of one hour. If
/// the token ends sooner, the API answers 401 and the client renews it.
const UNNAMED_LIFETIME: Duration = Duration::from_mins(5);

/// Longest lifetime that the client relies on.
const LONGEST_LIFETIME: Duration = Duration::from_hours(24);

/// `TokenResponse` (OA). Only `access_token` is required, because some servers write `expires_in` as a text or with a fraction, or leave
/// `token_type` out.
#[derive(Deserialize)]
pub(super) struct TokenResponse {
    access_token: SecretString,
    token_type: Option<String>,
    expires_in: Option<Value>,
    scope: Option<String>,
}

/// A token that an API can be called with.
pub(crate) struct AccessToken {
    header: HeaderValue,
    scopes: Vec<String>,
    usable_until: Instant,
}

impl AccessToken {
    /// `None` when the answer is not a bearer token. The lifetime counts from `asked_at`, the moment before the request was sent.
    pub(super) fn granted(
        answer: TokenResponse,
        requested: &[&str],
        asked_at: Instant,
        margin: Duration,
    ) -> Option<Self> {
        let kind = answer.token_type.as_deref().unwrap_or("bearer");
        if !kind.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {}", answer.access_token.expose_secret())).ok()?;
        header.set_sensitive(true);
        let scopes = match answer.scope {
            Some(granted) => granted.split_ascii_whitespace().map(str::to_owned).collect(),
            // RFC 6749, section 5.1: an answer without `scope` grants what was requested.
            None => requested.iter().map(ToString::to_string).collect(),
        };
        let lifetime = lifetime(answer.expires_in.as_ref());
        Some(Self {
            header,
            scopes,
            usable_until: asked_at + usable(lifetime, margin),
        })
    }

    /// The value of `Authorization`, marked as sensitive.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The scopes of the token.
    pub(crate) fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whether the token has a scope.
    pub(crate) fn grants(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }

    /// False from the margin before its end on.
    pub(super) fn is_usable_at(&self, now: Instant) -> bool {
        now < self.usable_until
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// `expires_in` as a number or a text, whole or not.
fn lifetime(expires_in: Option<&Value>) -> Duration {
    let seconds = match expires_in {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    match seconds.filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0) {
        Some(seconds) => Duration::try_from_secs_f64(seconds).map_or(LONGEST_LIFETIME, |it| it.min(LONGEST_LIFETIME)),
        None => UNNAMED_LIFETIME,
    }
}

/// The lifetime minus the margin, but at least half of the lifetime: a token that is shorter than the margin has to be used, too.
fn usable(lifetime: Duration, margin: Duration) -> Duration {
    lifetime.saturating_sub(margin).max(lifetime / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(token_type: &str, expires_in: Option<u64>, scope: Option<&str>) -> TokenResponse {
        TokenResponse {
            access_token: SecretString::from("t0k3n"),
            token_type: Some(token_type.into()),
            expires_in: expires_in.map(Value::from),
            scope: scope.map(Into::into),
        }
    }

    fn granted(answer: TokenResponse) -> Option<AccessToken> {
        AccessToken::granted(answer, &["asked"], Instant::now(), Duration::from_mins(1))
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_ends_a_margin_before_its_time() {
        let token = granted(answer("bearer", Some(3600), None)).unwrap();
        let now = Instant::now();
        assert!(token.is_usable_at(now + Duration::from_secs(3539)));
        assert!(!token.is_usable_at(now + Duration::from_mins(59)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_shorter_than_the_margin_is_used_for_half_its_life() {
        let token = granted(answer("Bearer", Some(30), None)).unwrap();
        assert!(token.is_usable_at(Instant::now() + Duration::from_secs(14)));
        assert!(!token.is_usable_at(Instant::now() + Duration::from_secs(15)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_never_kept_longer_than_a_day() {
        let token = granted(answer("bearer", Some(u64::MAX), None)).unwrap();
        assert!(!token.is_usable_at(Instant::now() + Duration::from_hours(24)));
    }

    #[test]
    fn a_lifetime_is_read_in_any_form_and_one_that_is_no_time_is_short() {
        let seconds = |text: &str| lifetime(Some(&serde_json::from_str(text).unwrap())).as_secs_f64();
        for (text, expected) in [
            ("60", 60.0),
            ("\"60\"", 60.0),
            ("\" 60.5 \"", 60.5),
            ("60.5", 60.5),
            ("0", 0.0),
        ] {
            assert!((seconds(text) - expected).abs() < f64::EPSILON, "{text}");
        }
        for text in ["-1", "\"-1\"", "\"soon\"", "\"NaN\"", "\"inf\"", "null", "true", "[]"] {
            assert!((seconds(text) - 300.0).abs() < f64::EPSILON, "{text}");
        }
        assert_eq!(lifetime(None), UNNAMED_LIFETIME);
    }

    #[tokio::test]
    async fn scopes_are_those_granted_or_when_unnamed_those_asked_for() {
        assert_eq!(
            granted(answer("bearer", None, Some("b  a"))).unwrap().scopes(),
            ["b", "a"]
        );
        assert_eq!(granted(answer("bearer", None, None)).unwrap().scopes(), ["asked"]);
    }

    #[tokio::test]
    async fn another_kind_of_token_is_not_sent_as_a_bearer_token() {
        assert!(granted(answer("DPoP", None, None)).is_none());
    }

    #[tokio::test]
    async fn a_token_does_not_show_in_debug() {
        let token = granted(answer("bearer", None, None)).unwrap();
        assert!(!format!("{token:?} {:?}", token.header()).contains("t0k3n"));
    }
}
