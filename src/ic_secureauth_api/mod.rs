//! `ICSecureAuthAPI` (L1): a client for the SecureAuth Connect APIs.
