//! String enums: one text per value, for database, HTTP and log (docs/decisions.md#values-on-the-wire).

/// Implements `as_str` and `parse` for an enum from one table, so that the two cannot disagree.
macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// Every value.
            #[cfg(test)]
            #[allow(dead_code, reason = "not every enum has a test that needs all of its values")]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text used in the database, over HTTP and in logs.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a text; `None` for a text that only a newer version knows.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;
