//! Contract of the SecureAuth client.
