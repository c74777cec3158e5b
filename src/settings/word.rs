//! Settings that take one word of a fixed set.

/// An enumeration with a word per value.
pub(super) trait Word: Copy + PartialEq + Sized + 'static {
    /// Every value.
    const ALL: &'static [Self];

    /// Its word.
    fn as_str(self) -> &'static str;

    /// The value with this word.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == text)
    }

    /// All words for a person: `a`, `b` or `c`.
    fn choices() -> String {
        let quoted: Vec<String> = Self::ALL.iter().map(|value| format!("`{}`", value.as_str())).collect();
        match quoted.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => String::new(),
        }
    }
}

/// Declares an enumeration of words.
macro_rules! words {
    ($(#[$doc:meta])* $visibility:vis $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $name {
            $($(#[$value_doc])* $value),+
        }

        impl $name {
            /// The word it has in the settings.
            $visibility const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word),+
                }
            }
        }

        impl $crate::settings::word::Word for $name {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn as_str(self) -> &'static str {
                self.as_str()
            }
        }
    };
}
pub(super) use words;

#[cfg(test)]
mod tests {
    use super::Word;

    words! {
        Colour {
            /// Red.
            Red = "red",
            /// Blue.
            Blue = "blue",
            /// Green.
            Green = "green",
        }
    }

    #[test]
    fn a_word_is_matched_exactly() {
        assert_eq!(Colour::parse("blue"), Some(Colour::Blue));
        assert_eq!(Colour::parse("Blue"), None);
        assert_eq!(Colour::choices(), "`red`, `blue` or `green`");
    }
}
