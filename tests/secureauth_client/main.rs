//! The SecureAuth client against a scripted server: what it sends, what it makes of the answers, and how it behaves when there
//! are none.

mod contract;
mod guards;
mod limits;
mod paging;
mod redaction;
mod retries;
mod round_trip;
mod support;
mod token;
