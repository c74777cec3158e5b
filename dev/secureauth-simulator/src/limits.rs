//! Token buckets per module (row 12).

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;

use crate::errors::ApiError;
use crate::server::operation::Module;
use crate::switches::Switches;
use crate::switches::choices::RetryAfterFormat;
use crate::switches::values::RateLimit;

#[derive(Debug)]
struct Bucket {
    limit: RateLimit,
    tokens: f64,
    filled_at: OffsetDateTime,
}

/// The buckets in use. A bucket whose limit was changed starts full.
#[derive(Debug, Default)]
pub(crate) struct Limits(HashMap<Module, Bucket>);

impl Limits {
    /// Takes a token of the module's bucket, or refuses with 429 and `retry-after`.
    pub(crate) fn take(&mut self, module: Module, now: OffsetDateTime, switches: &Switches) -> Result<(), ApiError> {
        let limit = match module {
            Module::OAuth2 => switches.rate_limit_oauth2,
            Module::System => switches.rate_limit_system,
            Module::Identity => switches.rate_limit_identity,
        };
        let RateLimit::Bucket { rate, period, burst } = limit else {
            return Ok(());
        };
        let full = || Bucket {
            limit,
            tokens: f64::from(burst),
            filled_at: now,
        };
        let bucket = self.0.entry(module).or_insert_with(full);
        if bucket.limit != limit {
            *bucket = full();
        }
        let per_second = f64::from(rate) / period.as_secs_f64();
        let elapsed = (now - bucket.filled_at).as_seconds_f64().max(0.0);
        bucket.tokens = (bucket.tokens + elapsed * per_second).min(f64::from(burst));
        bucket.filled_at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = Duration::from_secs_f64((1.0 - bucket.tokens) / per_second);
        Err(refusal(wait, now, switches.retry_after_format))
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
