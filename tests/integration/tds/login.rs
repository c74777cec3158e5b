//! Reads what a client sends before its first statement, and the text of a statement.

/// What a client logged in with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogIn {
    pub(crate) user: String,
    pub(crate) password: String,
    /// Of Entra.
    pub(crate) token: Option<String>,
    pub(crate) database: String,
    pub(crate) application: String,
}

const USER: usize = 40;
const PASSWORD: usize = 44;
const APPLICATION: usize = 48;
const EXTENSION: usize = 56;
const DATABASE: usize = 68;
const FEATURE_FEDAUTH: u8 = 2;

impl LogIn {
    /// From the body of a LOGIN7 message.
    pub(super) fn read(body: &[u8]) -> Self {
        let field = |at| {
            let length = 2 * usize::from(number(body, at + 2));
            let start = usize::from(number(body, at));
            &body[start..start + length]
        };
        // Each byte's halves are swapped, then some bits are turned over.
        let plain: Vec<u8> = field(PASSWORD)
            .iter()
            .map(|byte| (byte ^ 0xA5).rotate_left(4))
            .collect();
        Self {
            user: text(field(USER)),
            password: text(&plain),
            token: (number(body, EXTENSION + 2) > 0).then(|| token(body)),
            database: text(field(DATABASE)),
            application: text(field(APPLICATION)),
        }
    }
}

fn token(body: &[u8]) -> String {
    let features = long(body, usize::from(number(body, EXTENSION)));
    assert_eq!(body[features], FEATURE_FEDAUTH);
    let start = features + 10;
    text(&body[start..start + long(body, features + 6)])
}

/// The text of a SQL batch.
pub(super) fn batch(body: &[u8]) -> String {
    text(&body[long(body, 0)..])
}

/// The statement of a call of `sp_executesql`: its first parameter, an NVARCHAR.
pub(super) fn rpc(body: &[u8]) -> String {
    // Headers, the procedure's number, flags.
    let parameter = &body[long(body, 0) + 6..];
    let name = 2 * usize::from(parameter[0]);
    // The name, its length, a status; type, longest length and collation.
    let size_at = 1 + name + 2;
    let value = &parameter[size_at + 7..];
    if number(parameter, size_at) < u16::MAX {
        return text(&value[2..2 + usize::from(number(value, 0))]);
    }
    // The length of all, then chunks with a length each; the last one is empty.
    let (mut at, mut whole) = (8, Vec::new());
    while long(value, at) > 0 {
        let end = at + 4 + long(value, at);
        whole.extend_from_slice(&value[at + 4..end]);
        at = end;
    }
    text(&whole)
}

fn number(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> usize {
    let bytes = bytes[at..at + 4].try_into().unwrap();
    usize::try_from(u32::from_le_bytes(bytes)).unwrap()
}

fn text(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16(&units).unwrap()
}
