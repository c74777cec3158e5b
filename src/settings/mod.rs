//! Settings: environment first, Key Vault behind it.
