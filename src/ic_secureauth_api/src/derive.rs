//! Derived ids: the same for every attempt (docs/reference/secureauth-api.md#rules-derived-ids).

use uuid::Uuid;

use super::{PoolId, UserId};

/// Derives the ids of one owner's pool and users as `UUIDv5`. They are never random, so that a repeated request finds what the first
/// one created.
///
/// `generation` is part of every id. The caller raises it after it has deleted a pool, because the server may not accept a deleted id
/// again.
///
/// ```text
/// owner      = UUIDv5(namespace, "{tenant_id}/{owner_id}")
/// pool       = UUIDv5(owner, "pool/{generation}")               as 32 hex digits
/// user       = UUIDv5(owner, "user/{generation}/{guid}")
/// identifier = UUIDv5(owner, "ident/uid/{generation}/{guid}")
/// address    = UUIDv5(owner, "addr/email/{generation}/{guid}")
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DerivedIds {
    owner: Uuid,
    generation: u32,
}

impl DerivedIds {
    /// For one owner within one tenant. `tenant_id` is one that [`SecureAuth::new`](super::SecureAuth::new) accepts. It
    /// contains no `/`, so two different pairs never give the same text.
    pub fn new(namespace: Uuid, tenant_id: &str, owner_id: &str, generation: u32) -> Self {
        let owner = Uuid::new_v5(&namespace, format!("{tenant_id}/{owner_id}").as_bytes());
        Self { owner, generation }
    }

    /// The pool's id: 32 hex digits, the form of the server's own ids.
    pub fn pool_id(&self) -> PoolId {
        self.derive("pool", None).simple().into()
    }

    /// `users.id` of the user with this GUID.
    pub fn user_id(&self, guid: Uuid) -> UserId {
        self.derive("user", Some(guid)).into()
    }

    /// Whether an id has the form of a derived one, whoever derived it.
    pub fn may_be_user_id(id: &str) -> bool {
        Uuid::try_parse(id).is_ok_and(|id| id.get_version_num() == 5)
    }

    /// `user_identifiers.id` of that user's name.
    pub fn identifier_id(&self, guid: Uuid) -> Uuid {
        self.derive("ident/uid", Some(guid))
    }

    /// `user_verifiable_addresses.id` of that user's e-mail address.
    pub fn address_id(&self, guid: Uuid) -> Uuid {
        self.derive("addr/email", Some(guid))
    }

    fn derive(&self, kind: &str, guid: Option<Uuid>) -> Uuid {
        let mut name = [kind, "/", &self.generation.to_string()].concat();
        if let Some(guid) = guid {
            name.push('/');
            name.push_str(guid.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        }
        Uuid::new_v5(&self.owner, name.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::{collection::hash_set, prelude::*};
    use uuid::uuid;

    use super::*;

    const NAMESPACE: Uuid = uuid!("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    const GUID: Uuid = uuid!("7ef9451f-309a-4433-a2b9-3bb023051d96");

    fn all(ids: &DerivedIds, guid: Uuid) -> [String; 4] {
        [
            ids.pool_id().to_string(),
            ids.user_id(guid).to_string(),
            ids.identifier_id(guid).to_string(),
            ids.address_id(guid).to_string(),
        ]
    }

    #[test]
    fn ids_do_not_change_from_release_to_release() {
        let ids = DerivedIds::new(NAMESPACE, "dev-invoicecloud", "1876", 0);
        assert_eq!(
            all(&ids, GUID),
            [
                "907f0b6960ae5127ada9ed009606af4b",
                "763d17a0-b5d2-5661-8442-681011cf3735",
                "e857436d-b679-5b65-a766-7cfa1b826d3a",
                "bcbff430-bcc0-595c-93a2-52ba9148e22e"
            ]
        );
        let next = DerivedIds::new(NAMESPACE, "dev-invoicecloud", "1876", 1);
        assert_eq!(
            all(&next, GUID),
            [
                "89a184f734be53adb62ea911fc98dc03",
                "fd494cf1-af35-520d-97fe-9805ff4ff26f",
                "ae9dcda3-dc6a-5ecc-8d50-05bf453ba859",
                "a070a4ae-668b-571e-a7e4-6cceec3b5b72"
            ]
        );
    }

    proptest! {
        #[test]
        fn no_two_owners_tenants_generations_or_kinds_share_an_id(
            owners in hash_set(("[a-z0-9-]{1,8}", "[A-Za-z0-9_/-]{1,12}", 0_u32..4), 2..12),
            guids in hash_set(any::<u128>(), 1..8),
        ) {
            let mut seen = HashSet::new();
            let mut derived = 0;
            for (tenant, owner, generation) in &owners {
                let ids = DerivedIds::new(NAMESPACE, tenant, owner, *generation);
                seen.insert(ids.pool_id().to_string());
                derived += 1;
                for guid in guids.iter().map(|bits| Uuid::from_u128(*bits)) {
                    seen.extend(all(&ids, guid).into_iter().skip(1));
                    derived += 3;
                }
            }
            prop_assert_eq!(seen.len(), derived);
        }

        #[test]
        fn the_same_input_gives_the_same_ids(tenant in "[a-z]{1,8}", owner in "[A-Za-z0-9_-]{1,64}", generation: u32, guid: u128) {
            let guid = Uuid::from_u128(guid);
            let once = DerivedIds::new(NAMESPACE, &tenant, &owner, generation);
            let again = DerivedIds::new(NAMESPACE, &tenant, &owner, generation);
            prop_assert_eq!(all(&once, guid), all(&again, guid));
        }
    }
}
