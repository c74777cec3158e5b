//! The choices of the switches that are neither on/off, nor a status, nor a number.

use super::values::choice;

choice!(
    /// Row 3.
    UnknownScope { Refused = "invalid_scope", LeftOut = "left-out" }
);
choice!(
    /// Row 9: the three forms of `details`.
    ErrorDetails { Varied = "varied", Text = "string", Object = "object", Absent = "absent" }
);
choice!(
    /// Row 9: what a gateway puts into the body of its own errors.
    GatewayBody { Json = "json", Html = "html", Empty = "empty" }
);
choice!(
    /// Row 11.
    KeyLength { Refused = "400", Ignored = "ignored" }
);
choice!(
    /// Row 11.
    OtherBody { Refused = "422", Conflict = "409", Replayed = "replayed" }
);
choice!(
    /// Row 11.
    ConcurrentKey { Refused = "409", Executed = "executed" }
);
choice!(
    /// Row 12.
    RetryAfterFormat { Seconds = "seconds", Date = "date" }
);
choice!(
    /// Row 14.
    StaleIfMatch { Refused = "412", Ignored = "ignored" }
);
choice!(
    /// Row 16.
    UnknownFields { Ignored = "ignored", Refused = "400" }
);
choice!(
    /// Rows 26, 44, 46.
    Honoured { Honoured = "honoured", Ignored = "ignored" }
);
choice!(
    /// Row 27.
    WorkspaceRead { NotFound = "404", Answered = "200" }
);
choice!(
    /// Row 28.
    LimitRange { Refused = "400", Clamped = "clamped" }
);
choice!(
    /// Row 29.
    PutOmitted { Reset = "reset", Kept = "kept" }
);
choice!(
    /// Row 29.
    PutOtherId { Ignored = "ignored", Refused = "400" }
);
choice!(
    /// Row 29: a member that no specification has.
    NewerMember { Absent = "absent", Kept = "kept", BadRequest = "400", Unprocessable = "422" }
);
choice!(
    /// Row 32.
    DeleteInUse { Refused = "400", Cascade = "cascade", OrphanPools = "orphan-pools" }
);
choice!(
    /// Row 33.
    DeletedId { Freed = "freed", Reserved = "reserved" }
);
choice!(
    /// Row 45.
    NameUnique { Workspace = "workspace", Tenant = "tenant", Off = "off" }
);
choice!(
    /// Row 45.
    NameCharacters { Any = "any", Alphanumeric = "alphanumeric" }
);
choice!(
    /// Row 50.
    UnknownWorkspace { Empty = "empty", NotFound = "404" }
);
choice!(
    /// Row 91.
    EntryAgain { Refused = "409", Unchanged = "unchanged-200" }
);
choice!(
    /// Row 92.
    RemoveAbsent { NotFound = "404", NoContent = "204" }
);
choice!(
    /// Row 92.
    RemoveLast { Allowed = "allowed", Refused = "422" }
);
choice!(
    /// Row 93.
    SetEntryIds { New = "new", Kept = "kept-for-equal-values" }
);
choice!(
    /// Row 93.
    SetEmpty { Allowed = "allowed", Refused = "422" }
);
choice!(
    /// Row 95.
    SubEntryEtag { User = "user", Entry = "entry" }
);
choice!(
    /// Row 96.
    PatchForeignMember { Ignored = "ignored", Refused = "422" }
);
choice!(
    /// Row 103.
    RevokeUnknownUser { Ignored = "ignored", NotFound = "404" }
);
choice!(
    /// Row 121: the form of a 403.
    ForbiddenBody { Api = "api", Rfc6749 = "rfc6749" }
);
choice!(
    /// Row 121: the code of a missing scope.
    ScopeErrorCode { Forbidden = "forbidden", RequestForbidden = "request_forbidden" }
);
choice!(
    /// Row 122.
    ConcurrentImport { Allowed = "allowed", Refused = "refused" }
);
choice!(
    /// Row 124.
    LateConflict { Refused = "refused-at-request", Dropped = "dropped" }
);
choice!(
    /// Row 108: a mechanism of a pool that its organization does not allow.
    MechanismNotAllowed { Accepted = "accepted", Refused = "422" }
);
choice!(
    /// Row 115.
    OrganizationDirectory { Off = "off", Pool = "pool", PoolWithIdp = "pool-with-idp" }
);
choice!(
    /// Row 126.
    SignInFactors { Checked = "checked", NotChecked = "not-checked" }
);
choice!(
    /// Row 110.
    UnknownPool { NotFound = "404", Empty = "empty" }
);
choice!(
    /// Row 110: `method` of a pool's identity provider.
    IdpMethod { IdentityPool = "identity_pool", Oidc = "oidc" }
);
choice!(
    /// Row 28.
    ChildCount { Shown = "shown", Absent = "absent", Text = "text" }
);
choice!(
    /// Row 49.
    UserCount { Shown = "shown", Absent = "absent" }
);
choice!(
    /// Row 61.
    ModeParameter { Ignored = "ignored", Refused = "400" }
);
choice!(
    /// Row 62.
    Subentries { Replaced = "replaced", Kept = "kept" }
);
choice!(
    /// Row 63.
    WithoutId { Generated = "generated", Refused = "422" }
);
choice!(
    /// Row 64.
    Over100 { Slow = "slow", TooLarge = "413", Unprocessable = "422" }
);
choice!(
    /// Row 65.
    ImportRequired { Strict = "strict", Lenient = "lenient" }
);
choice!(
    /// Row 74.
    OtherPool { Refused = "409", Moved = "moved", Separate = "separate" }
);
choice!(
    /// Row 75.
    FailingImport { Nothing = "nothing", Prefix = "prefix" }
);
choice!(
    /// Row 84.
    Management { Allowed = "allowed", Refused = "409" }
);
