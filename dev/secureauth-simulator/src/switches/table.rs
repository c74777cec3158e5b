//! The table of switches: field, type, default, row of README.md, meaning.

use super::choices::{
    ChildCount, ConcurrentImport, ConcurrentKey, DeleteInUse, DeletedId, EntryAgain, ErrorDetails, FailingImport,
    ForbiddenBody, GatewayBody, Honoured, IdpMethod, ImportRequired, KeyLength, LateConflict, LimitRange, Management,
    MechanismNotAllowed, ModeParameter, NameCharacters, NameUnique, NewerMember, OrganizationDirectory, OtherBody,
    OtherPool, Over100, PatchForeignMember, PutOmitted, PutOtherId, RemoveAbsent, RemoveLast, RetryAfterFormat,
    RevokeUnknownUser, ScopeErrorCode, SetEmpty, SetEntryIds, SignInFactors, StaleIfMatch, SubEntryEtag, Subentries,
    UnknownFields, UnknownPool, UnknownScope, UnknownWorkspace, UserCount, WithoutId, WorkspaceRead,
};
use super::switch::Switch;
use super::values::{RateLimit, Refusal, SwitchValue, Toggle};
use super::{SwitchError, SwitchInfo};

macro_rules! switches {
    ($(#[doc = $about:literal] $field:ident: $kind:ty = $default:expr, $row:literal;)+) => {
        /// The values of all switches. Names are the field names with dashes.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Switches { $(#[doc = $about] pub(crate) $field: Switch<$kind>,)+ }

        impl Default for Switches {
            fn default() -> Self {
                Self { $($field: Switch::new($default),)+ }
            }
        }

        impl Switches {
            /// Sets one switch.
            ///
            /// # Errors
            /// [`SwitchError`] when the name or the value is not known; nothing is changed then.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), SwitchError> {
                let unknown_value = |allowed: String| SwitchError::UnknownValue {
                    name: name.to_owned(),
                    value: value.to_owned(),
                    allowed,
                };
                match name.replace('-', "_").as_str() {
                    $(stringify!($field) => {
                        let parsed = <$kind as SwitchValue>::parse(value)
                            .ok_or_else(|| unknown_value(<$kind as SwitchValue>::allowed()))?;
                        self.$field = Switch::new(parsed);
                        Ok(())
                    })+
                    _ => Err(SwitchError::UnknownName(name.to_owned())),
                }
            }

            /// Every switch, in the order of README.md's rows.
            pub fn list(&self) -> Vec<SwitchInfo> {
                let defaults = Self::default();
                vec![$(SwitchInfo {
                    name: stringify!($field).replace('_', "-"),
                    row: $row,
                    value: self.$field.text(),
                    default: defaults.$field.text(),
                    reached: self.$field.is_reached(),
                    allowed: <$kind as SwitchValue>::allowed(),
                    about: $about.trim().to_owned(),
                },)+]
            }
        }
    };
}

switches! {
    /// Keep request bodies in the call log (never those of the token endpoint).
    keep_request_bodies: Toggle = Toggle::Off, 0;
    /// The on-premise Tenant Management API (`/api/system/tenants`); off as in the cloud: 404.
    tenant_management: Toggle = Toggle::On, 0;
    /// Status of a grant other than the client credentials (`unsupported_grant_type`).
    unsupported_grant: Refusal = Refusal::BadRequest, 3;
    /// A scope the client does not have: refused with `invalid_scope`, or left out of the token.
    unknown_scope: UnknownScope = UnknownScope::Refused, 3;
    /// Lifetime of an access token in seconds.
    token_ttl_seconds: u64 = 3600, 5;
    /// Check that a token carries the scope of the operation.
    scope_check: Toggle = Toggle::On, 6;
    /// Status when the tenant in the path is not the simulator's.
    foreign_tenant: Refusal = Refusal::NotFound, 8;
    /// How `details` of an error body looks; `varied` goes through the three forms in turn.
    error_details: ErrorDetails = ErrorDetails::Varied, 9;
    /// Body of an injected 502, 503 or 504 whose fault does not name one.
    gateway_error_body: GatewayBody = GatewayBody::Json, 9;
    /// `x-trace-id` on every answer, not only on those documented to carry it.
    trace_id_everywhere: Toggle = Toggle::On, 10;
    /// An `X-Idempotency-Key` shorter than 32 or longer than 255: refused with 400, or ignored.
    idempotency_key_length: KeyLength = KeyLength::Refused, 11;
    /// Same key, other body: a refusal, or the stored answer all the same.
    idempotency_other_body: OtherBody = OtherBody::Refused, 11;
    /// Same key while the first request runs: 409, or executed a second time.
    idempotency_concurrent: ConcurrentKey = ConcurrentKey::Refused, 11;
    /// Token bucket of the token endpoint.
    rate_limit_oauth2: RateLimit = RateLimit::Off, 12;
    /// Token bucket of the System API.
    rate_limit_system: RateLimit = RateLimit::Off, 12;
    /// Token bucket of the Identity API.
    rate_limit_identity: RateLimit = RateLimit::Off, 12;
    /// Form of `retry-after` on a 429 of the token buckets.
    retry_after_format: RetryAfterFormat = RetryAfterFormat::Seconds, 12;
    /// A stale `If-Match` on a write: 412, or ignored.
    stale_if_match: StaleIfMatch = StaleIfMatch::Refused, 14;
    /// Milliseconds for which GET of an organization, pool or user may answer the state before a write.
    read_lag_ms: u64 = 0, 15;
    /// Milliseconds for which the users list shows the state before a write.
    users_list_lag_ms: u64 = 0, 15;
    /// Unknown members of a JSON body: ignored, or refused with 400.
    unknown_fields: UnknownFields = UnknownFields::Ignored, 16;
    /// Largest request body in bytes; above it 413.
    body_limit_bytes: u64 = 1_048_576, 17;
    /// Status for an organization id that an organization or a workspace already has.
    existing_organization_id: Refusal = Refusal::Conflict, 22;
    /// Status for a parent that does not exist.
    unknown_parent: Refusal = Refusal::NotFound, 23;
    /// Status for an unknown enum value, a bad colour or a member of the wrong type.
    invalid_value: Refusal = Refusal::Unprocessable, 24;
    /// Status for a body that is not JSON.
    malformed_json: Refusal = Refusal::BadRequest, 24;
    /// Check an organization's `metadata.payload` against `metadata.schema`.
    metadata_schema_check: Toggle = Toggle::On, 25;
    /// `deactivated` on create: honoured, or ignored (the organization is live).
    create_deactivated: Honoured = Honoured::Honoured, 26;
    /// GET of a regular workspace through the organizations path: 404, or its data.
    workspace_as_organization: WorkspaceRead = WorkspaceRead::NotFound, 27;
    /// `limit` outside 1..100: 400, or the nearest bound.
    limit_out_of_range: LimitRange = LimitRange::Refused, 28;
    /// `number_of_child_organizations`: a number, left out, or a text.
    child_count: ChildCount = ChildCount::Shown, 28;
    /// Members left out of an organization's PUT: zero value, or kept.
    put_omitted_members: PutOmitted = PutOmitted::Reset, 29;
    /// Another `id` in an organization's PUT: ignored, or refused with 400.
    put_other_id: PutOtherId = PutOtherId::Ignored, 29;
    /// A member that no specification has (`data_residency`): not in answers, kept by a PUT, or refused by name in a PUT.
    newer_member: NewerMember = NewerMember::Absent, 29;
    /// Status of PATCH on an organization.
    patch_organization: Refusal = Refusal::MethodNotAllowed, 30;
    /// DELETE of an organization with children or pools: 400, all deleted, or pools left without workspace.
    delete_organization_in_use: DeleteInUse = DeleteInUse::Refused, 32;
    /// The id of a deleted organization: free again, or reserved (409).
    deleted_organization_id: DeletedId = DeletedId::Freed, 33;
    /// Status for a pool without `name` or `tenant_id`.
    pool_required_missing: Refusal = Refusal::Unprocessable, 41;
    /// Status for a pool whose `tenant_id` is not the tenant of the path.
    pool_foreign_tenant: Refusal = Refusal::Forbidden, 42;
    /// Status for a pool in a workspace that does not exist.
    pool_unknown_workspace: Refusal = Refusal::NotFound, 43;
    /// Status for a pool with a schema id that does not exist.
    pool_unknown_schema: Refusal = Refusal::NotFound, 43;
    /// The `id` a client sends for a pool: honoured, or replaced by a random one.
    pool_client_id: Honoured = Honoured::Honoured, 44;
    /// Where pool names must be unique.
    pool_name_unique: NameUnique = NameUnique::Workspace, 45;
    /// Characters of a pool name: any, or only letters, digits and space (422).
    pool_name_characters: NameCharacters = NameCharacters::Any, 45;
    /// `with_idp` when a pool is created: honoured, or ignored.
    create_with_idp: Honoured = Honoured::Honoured, 46;
    /// Creating the identity provider fails after the pool was created: 500.
    idp_creation_fails: Toggle = Toggle::Off, 46;
    /// A pool deleted without `with_idp` leaves its identity provider behind.
    delete_leaves_idp: Toggle = Toggle::On, 47;
    /// Milliseconds a deleted pool stays readable with `deleted: true` before it is purged.
    pool_purge_ms: u64 = 0, 48;
    /// The id of a deleted pool stays unusable (409).
    pool_tombstone: Toggle = Toggle::Off, 48;
    /// Milliseconds by which `number_of_users` lags.
    user_count_lag_ms: u64 = 0, 49;
    /// The number of users of a pool: shown, or left out.
    user_count: UserCount = UserCount::Shown, 49;
    /// Pools of a workspace that does not exist: an empty list, or 404.
    pools_of_unknown_workspace: UnknownWorkspace = UnknownWorkspace::Empty, 50;
    /// The query parameter `mode` of an import: ignored, or refused with 400.
    import_mode_parameter: ModeParameter = ModeParameter::Ignored, 61;
    /// Sub-entries a re-imported user had and the payload does not name: lost, or kept.
    reimport_subentries: Subentries = Subentries::Replaced, 62;
    /// A record without `id`: the server makes one, or 422.
    import_without_id: WithoutId = WithoutId::Generated, 63;
    /// More than 100 users in one import: slow, 413 or 422.
    import_over_100: Over100 = Over100::Slow, 64;
    /// Milliseconds each user above 100 adds to a slow import.
    import_slow_ms_per_user: u64 = 5, 64;
    /// Required members of an import record that are missing: 422, or filled in.
    import_required: ImportRequired = ImportRequired::Strict, 65;
    /// Status for an enum value the model does not have.
    unknown_enum: Refusal = Refusal::Unprocessable, 66;
    /// Status for an identifier, address or credential of a user that does not exist.
    orphan_subrecord: Refusal = Refusal::Unprocessable, 67;
    /// Status for a record of a pool that does not exist or is deleted.
    import_unknown_pool: Refusal = Refusal::NotFound, 68;
    /// Status for an identifier another user of the pool has.
    identifier_conflict: Refusal = Refusal::Conflict, 69;
    /// Status for a duplicate inside one import.
    duplicate_in_payload: Refusal = Refusal::Conflict, 70;
    /// Status for a verified address another user has verified or uses as identifier.
    verified_address_conflict: Refusal = Refusal::Conflict, 71;
    /// Status for an identifier or address that is not valid for its type.
    invalid_identifier: Refusal = Refusal::Unprocessable, 72;
    /// Status for a payload or metadata that its schema refuses, or a schema that does not exist.
    schema_violation: Refusal = Refusal::Unprocessable, 73;
    /// A user id that another pool has: 409, moved here, or a second user.
    user_id_in_other_pool: OtherPool = OtherPool::Refused, 74;
    /// What a failing import leaves: nothing, or the users before the offending one.
    failing_import: FailingImport = FailingImport::Nothing, 75;
    /// Whether `details` of an import error names the offending record.
    import_error_names_record: Toggle = Toggle::Off, 77;
    /// Pools and imports of a deactivated organization: allowed, or 409.
    deactivated_management: Management = Management::Allowed, 84;
    /// An identifier or address that the user has, added again: 409, or answered with the present one.
    identifier_again: EntryAgain = EntryAgain::Refused, 91;
    /// Removing an identifier or address that the user does not have.
    remove_absent: RemoveAbsent = RemoveAbsent::NotFound, 92;
    /// Removing the last identifier or address of a user: allowed, or 422.
    remove_last: RemoveLast = RemoveLast::Allowed, 92;
    /// Ids of what `set` finds with the same value and type: new ones, or kept.
    set_entry_ids: SetEntryIds = SetEntryIds::New, 93;
    /// `set` with an empty list: allowed, or 422.
    set_empty: SetEmpty = SetEmpty::Allowed, 93;
    /// Whose etag a change of an identifier or address moves: the user's, or only that of its own answer.
    sub_entry_etag: SubEntryEtag = SubEntryEtag::User, 95;
    /// Members of a patch that PATCH does not change: ignored, or 422.
    patch_foreign_member: PatchForeignMember = PatchForeignMember::Ignored, 96;
    /// A user who becomes inactive or deleted loses all sessions.
    inactive_ends_sessions: Toggle = Toggle::Off, 102;
    /// Ids of users that do not exist when tokens are revoked: ignored, or 404 and nothing is revoked.
    revoke_unknown_user: RevokeUnknownUser = RevokeUnknownUser::Ignored, 103;
    /// A mechanism of a pool that its organization does not allow: stored, and never usable at sign-in, or refused with 422.
    mechanism_not_allowed: MechanismNotAllowed = MechanismNotAllowed::Accepted, 108;
    /// Identity providers of an unknown or deleted pool: 404, or an empty list.
    idps_of_unknown_pool: UnknownPool = UnknownPool::NotFound, 110;
    /// Every identity provider is switched off.
    idp_disabled: Toggle = Toggle::Off, 110;
    /// The kind of every identity provider.
    idp_method: IdpMethod = IdpMethod::IdentityPool, 110;
    /// The directory that a new organization brings: none, a pool without a marker, or one with an identity provider.
    organization_directory: OrganizationDirectory = OrganizationDirectory::Off, 115;
    /// Milliseconds after which the directory of a new organization is there.
    organization_directory_delay_ms: u64 = 0, 115;
    /// Token bucket of each module whose refusal is a 403 `request_forbidden` without `retry-after`, until the bucket is full again.
    forbidden_bursts: RateLimit = RateLimit::Off, 120;
    /// Form of a 403 of a burst or of a missing scope: that of the APIs, or that of RFC 6749.
    forbidden_body: ForbiddenBody = ForbiddenBody::Api, 121;
    /// The code of the 403 of a missing scope.
    scope_error_code: ScopeErrorCode = ScopeErrorCode::Forbidden, 121;
    /// A second import of a client while one runs: allowed, or 403 `request_forbidden`.
    concurrent_import: ConcurrentImport = ConcurrentImport::Allowed, 122;
    /// Milliseconds for which calls on a new workspace are a 403 `request_forbidden`.
    new_workspace_forbidden_ms: u64 = 0, 123;
    /// Milliseconds after which a write of a user is applied. It is answered at once; all reads show the old state until then.
    user_persistence_lag_ms: u64 = 0, 124;
    /// A conflict with a write that is not applied yet: refused at once, or the later write is answered and has no effect.
    late_conflict: LateConflict = LateConflict::Refused, 124;
    /// A sign-in needs factors that the person has and that pool and organization allow, or an active user is enough.
    sign_in_factors: SignInFactors = SignInFactors::Checked, 126;
    /// A code that is a factor goes to a verified address only.
    otp_needs_verified_address: Toggle = Toggle::On, 126;
}
