//! Switches that a handler cannot meet, each with the reason.

/// Name of the switch, and why no value of it changes anything for a handler.
pub(super) const CANNOT_MEET: [(&str, &str); 36] = [
    ("keep-request-bodies", "it changes the simulator's own call log only"),
    ("scope-check", "the client calls nothing whose scope its token lacks"),
    (
        "scope-error-code",
        "the client calls nothing whose scope its token lacks",
    ),
    ("delete-leaves-idp", "every pool is deleted with `with_idp`"),
    (
        "import-required",
        "the records have all members that the specification requires",
    ),
    (
        "identifier-again",
        "an addition is repeated under its key only, and before another one the user is read",
    ),
    ("patch-foreign-member", "a PATCH holds payload and status only"),
    (
        "idps-of-unknown-pool",
        "the run has seen the pool before; that a replica does not know it yet is a 404 in robustness/servers.rs",
    ),
    ("tenant-management", "the handler calls no operation on tenants"),
    ("unsupported-grant", "the client asks for client credentials only"),
    ("idempotency-key-length", "every key of the client has 64 characters"),
    (
        "idempotency-other-body",
        "the key is made of run, step and try, and a try has one body",
    ),
    (
        "invalid-value",
        "enum values come from settings, which are checked at start",
    ),
    ("malformed-json", "the client sends what a JSON library wrote"),
    ("metadata-schema-check", "the handler sends metadata without a schema"),
    ("limit-out-of-range", "every list is asked for with at most 100 entries"),
    ("put-other-id", "the organization goes back with the id that was read"),
    ("patch-organization", "the client has no PATCH of an organization"),
    ("pool-required-missing", "every new pool has a name and a tenant"),
    (
        "pool-foreign-tenant",
        "path and body name one setting, `SECUREAUTH_TENANT_ID`",
    ),
    (
        "pool-unknown-workspace",
        "the run has seen the organization before; that a replica does not know it yet is a 404 in robustness/servers.rs",
    ),
    (
        "pool-unknown-schema",
        "the run reads the schema before it creates the pool, and ends there without one",
    ),
    ("import-mode-parameter", "the client sends no `mode`"),
    ("import-without-id", "every imported record has an id"),
    ("import-over-100", "a chunk has at most 100 users"),
    ("import-slow-ms-per-user", "a chunk has at most 100 users"),
    ("unknown-enum", "the records hold values of the client's own enums"),
    ("orphan-subrecord", "a chunk holds each user with its entries"),
    (
        "import-unknown-pool",
        "the run has seen the pool before; that a replica does not know it yet is a 404 in robustness/servers.rs",
    ),
    (
        "duplicate-in-payload",
        "rows with equal user names or verified addresses are data errors before the first write",
    ),
    (
        "invalid-identifier",
        "user names and addresses that the simulator refuses are data errors before the first write",
    ),
    ("user-id-in-other-pool", "biller and generation are in every id"),
    ("set-entry-ids", "the handler adds and removes, it sets no lists"),
    ("set-empty", "the handler adds and removes, it sets no lists"),
    ("sign-in-factors", "it meets people at the sign-in page only"),
    ("otp-needs-verified-address", "it meets people at the sign-in page only"),
];

/// Operations that the reasons above say are never called.
pub(super) const NEVER_CALLED: [&str; 8] = [
    "patch_organization",
    "set_identifiers",
    "set_addresses",
    "send_activation",
    "request_password_reset",
    "create_tenant",
    "update_tenant",
    "delete_tenant",
];
