//! String enums: settings that take one text of a fixed set.

/// An enum with one text per value.
pub(super) trait Word: Copy + PartialEq + Sized + 'static {
    /// All values, in the order in which they are declared.
    const ALL: &'static [Self];

    /// The value's text.
    fn as_str(self) -> &'static str;

    /// The value with exactly this text.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == text)
    }

    /// All texts, for people: `a`, `b` or `c`.
    fn choices() -> String {
        let quoted: Vec<String> = Self::ALL.iter().map(|value| format!("`{}`", value.as_str())).collect();
        match quoted.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => String::new(),
        }
    }
}

/// Declares a string enum.
macro_rules! words {
    ($(#[$doc:meta])* $visibility:vis $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $name {
            $($(#[$value_doc])* $value),+
        }

        impl $name {
            /// The value's text in the settings.
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
            Red = "red",
            Blue = "blue",
            Green = "green",
        }
    }

    #[test]
    fn only_the_exact_text_is_a_value() {
        assert_eq!(Colour::parse("blue"), Some(Colour::Blue));
        assert_eq!(Colour::parse("Blue"), None);
        assert_eq!(Colour::choices(), "`red`, `blue` or `green`");
    }
}
