//! The repository against its own documents: imports against the map, citations against their anchors.

mod citations;
mod documents;
mod files;
mod layering;
mod log_fields;
mod recipes;
mod rules;
