//! One exchange per operation. A golden file holds the request and what the client returns for the answer.

mod entries;
mod import;
mod newer;
mod organizations;
mod others;
mod pools;
mod tenants;
mod tokens;
mod users;
mod workspaces;
