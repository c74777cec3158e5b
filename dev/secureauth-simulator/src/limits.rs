//! Token buckets per module (row 12).

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;

use crate::errors::ApiError;
use crate::server::operation::Module;
use crate::switches::Switches;
use crate::switches::choices::RetryAfterFormat;
use crate::switches::values::RateLimit;

/// A token bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) limit: RateLimit,
    tokens: f64,
    filled_at: OffsetDateTime,
}

impl Bucket {
    pub(crate) fn full(limit: RateLimit, now: OffsetDateTime) -> Self {
        Self {
            limit,
            tokens: limit.burst(),
            filled_at: now,
        }
    }

    /// Adds what flowed in.
    pub(crate) fn fill(&mut self, now: OffsetDateTime) {
        let elapsed = (now - self.filled_at).as_seconds_f64().max(0.0);
        self.tokens = (self.tokens + elapsed * self.limit.per_second()).min(self.limit.burst());
        self.filled_at = now;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.tokens >= self.limit.burst()
    }

    /// Takes a token; false when there is none.
    pub(crate) fn take(&mut self) -> bool {
        let has_one = self.tokens >= 1.0;
        if has_one {
            self.tokens -= 1.0;
        }
        has_one
    }

    /// Until there is a token.
    fn wait(&self) -> Duration {
        Duration::from_secs_f64((1.0 - self.tokens) / self.limit.per_second())
    }
}

/// The buckets in use. A bucket whose limit was changed starts full.
#[derive(Debug, Default)]
pub(crate) struct Limits(HashMap<Module, Bucket>);

impl Limits {
    /// Takes a token of the module's bucket, or refuses with 429 and `retry-after`.
    pub(crate) fn take(&mut self, module: Module, now: OffsetDateTime, switches: &Switches) -> Result<(), ApiError> {
        let limit = match module {
            Module::OAuth2 => *switches.rate_limit_oauth2,
            Module::System => *switches.rate_limit_system,
            Module::Identity => *switches.rate_limit_identity,
        };
        if limit == RateLimit::Off {
            return Ok(());
        }
        let bucket = self.0.entry(module).or_insert_with(|| Bucket::full(limit, now));
        if bucket.limit != limit {
            *bucket = Bucket::full(limit, now);
        }
        bucket.fill(now);
        if bucket.take() {
            return Ok(());
        }
        Err(refusal(bucket.wait(), now, *switches.retry_after_format))
    }
}

/// 429. The wait is rounded up to whole seconds, as the header has no fractions.
fn refusal(wait: Duration, now: OffsetDateTime, format: RetryAfterFormat) -> ApiError {
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let after = match format {
        RetryAfterFormat::Seconds => whole.to_string(),
        RetryAfterFormat::Date => httpdate::fmt_http_date((now + Duration::from_secs(whole)).into()),
    };
    ApiError {
        retry_after: Some(after),
        ..ApiError::new(429, "Too many requests")
    }
}
