//! JSON as the host's library reads and writes it: members keep their order, texts that look like dates become dates, and
//! scalars are printed as .NET prints them (S17, S24, S25, S35).

mod date;
mod node;
mod text;

pub(crate) use node::{Members, Node};
pub(crate) use text::{looks_like_json, text_of};
