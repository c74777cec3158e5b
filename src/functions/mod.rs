//! All that knows Azure Functions.
