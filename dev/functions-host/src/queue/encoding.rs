//! Encodes the texts of messages: `extensions.queues.messageEncoding`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageEncoding {
    Base64,
    None,
}

impl MessageEncoding {
    pub(crate) fn encode(self, content: &[u8]) -> String {
        match self {
            Self::Base64 => STANDARD.encode(content),
            Self::None => String::from_utf8_lossy(content).into_owned(),
        }
    }

    /// The content of a message; `None` when it is not in this encoding.
    pub(crate) fn decode(self, body: &str) -> Option<Vec<u8>> {
        match self {
            Self::Base64 => dotnet_base64(body),
            Self::None => Some(body.as_bytes().to_vec()),
        }
    }
}

/// Decodes base64 as .NET does: padded, with white space anywhere; the empty text is valid too.
pub(crate) fn dotnet_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text
        .chars()
        .filter(|character| !matches!(character, ' ' | '\t' | '\r' | '\n'))
        .collect();
    STANDARD.decode(compact).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_four_letters_are_base64() {
        for text in ["test", "user1234", "", "dGV zdA=="] {
            assert!(dotnet_base64(text).is_some(), "{text}");
        }
        for text in ["tes", "test!", "{\"a\":1}"] {
            assert!(dotnet_base64(text).is_none(), "{text}");
        }
    }

    #[test]
    fn without_encoding_a_text_stands_as_it_is() {
        assert_eq!(MessageEncoding::None.encode(b"hello!!"), "hello!!");
        assert_eq!(MessageEncoding::None.decode("hello!!"), Some(b"hello!!".to_vec()));
        assert_eq!(MessageEncoding::Base64.encode(b"hello!!"), "aGVsbG8hIQ==");
    }
}
