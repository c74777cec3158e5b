//! JSON as the host's library reads and writes it: members keep their order, texts that look like dates become dates, and
//! scalars have a text of their own (reference 2.2–2.4, 3.4 and 3.5).

mod date;
mod node;
mod text;

pub(crate) use node::{Members, Node};
pub(crate) use text::{looks_like_json, metadata_text, text_of};
