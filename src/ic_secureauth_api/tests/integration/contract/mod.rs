//! One exchange per operation, with golden files: the request as sent, and what the client returns for the answer.

mod import;
mod organizations;
mod others;
mod pools;
mod tenants;
mod tokens;
mod users;
