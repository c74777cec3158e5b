//! The kinds of value a switch can have.

use std::time::Duration;

/// A value of a switch: parsed from and printed as text, so that the command line, the admin
/// route and a test all set it the same way.
pub(crate) trait SwitchValue: Sized {
    /// The value written as `text`, or `None` when it is not one of [`Self::allowed`].
    fn parse(text: &str) -> Option<Self>;
    /// The text that [`Self::parse`] reads back.
    fn text(&self) -> String;
    /// The values that it takes, for people.
    fn allowed() -> String;
}

impl SwitchValue for u64 {
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn allowed() -> String {
        "a whole number".to_owned()
    }
}

/// A string enum. The table of switches names its default.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames)]
        pub(crate) enum $name { $($(#[$variant_meta])* #[strum(serialize = $text)] $variant),+ }

        impl $crate::switches::values::SwitchValue for $name {
            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn text(&self) -> String {
                <&str>::from(self).to_owned()
            }

            fn allowed() -> String {
                <Self as strum::VariantNames>::VARIANTS.join("|")
            }
        }
    };
}
pub(crate) use choice;

choice!(
    /// A behaviour that can be switched off.
    Toggle { On = "on", Off = "off" }
);

impl Toggle {
    /// True for `on`.
    pub(crate) fn is_on(self) -> bool {
        self == Self::On
    }
}

choice!(
    /// The status of a refusal that the vendor does not name (docs/reference/secureauth-api.md#a12).
    Refusal {
        BadRequest = "400",
        Unauthorized = "401",
        Forbidden = "403",
        NotFound = "404",
        MethodNotAllowed = "405",
        Conflict = "409",
        PayloadTooLarge = "413",
        Unprocessable = "422",
    }
);

impl Refusal {
    /// The HTTP status of the refusal.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::PayloadTooLarge => 413,
            Self::Unprocessable => 422,
        }
    }
}

/// A token bucket `{rate, period, burst}` (row 12): `rate` tokens flow in per `period`, at most
/// `burst` are kept. Written `off` or `rate/period-ms/burst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RateLimit {
    /// No limit.
    Off,
    /// At most `burst` requests at once, and `rate` per `period` on average.
    Bucket {
        /// Tokens that flow in per period.
        rate: u32,
        /// In whole milliseconds, never zero.
        period: Duration,
        /// Most tokens kept.
        burst: u32,
    },
}

impl RateLimit {
    /// Tokens that flow in per second.
    pub(crate) fn per_second(self) -> f64 {
        match self {
            Self::Off => f64::INFINITY,
            Self::Bucket { rate, period, .. } => f64::from(rate) / period.as_secs_f64(),
        }
    }

    /// Most tokens kept.
    pub(crate) fn burst(self) -> f64 {
        match self {
            Self::Off => f64::INFINITY,
            Self::Bucket { burst, .. } => f64::from(burst),
        }
    }
}

impl SwitchValue for RateLimit {
    fn parse(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self::Off);
        }
        let mut parts = text.split('/');
        let rate = parts.next()?.parse().ok().filter(|rate| *rate > 0)?;
        let period = parts.next()?.parse().ok().filter(|period| *period > 0)?;
        let burst = parts.next()?.parse().ok().filter(|burst| *burst > 0)?;
        parts.next().is_none().then_some(Self::Bucket {
            rate,
            period: Duration::from_millis(period),
            burst,
        })
    }

    fn text(&self) -> String {
        match self {
            Self::Off => "off".to_owned(),
            Self::Bucket { rate, period, burst } => {
                format!("{rate}/{}/{burst}", period.as_millis())
            }
        }
    }

    fn allowed() -> String {
        "off|rate/period-ms/burst".to_owned()
    }
}
