//! What the server answers.

/// The answer to one statement.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// No rows.
    Done,
    Rows(Rows),
    /// An error of this number.
    Error(u32),
    /// These rows, and then the connection is closed in the middle of the answer.
    Cut(Rows),
    /// No answer; the connection stays open.
    Silence,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) columns: Vec<Column>,
    /// Each cell as it goes over the wire; an empty one of a GUID or a number is NULL.
    pub(crate) rows: Vec<Vec<Vec<u8>>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) of: Type,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Type {
    Bit,
    BigInt,
    Guid,
    Int,
    NVarchar,
    VarcharJapanese,
}

/// NVARCHAR on the wire.
pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
