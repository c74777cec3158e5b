//! Request bodies.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, TENANT, Tenant, identity, organizations, pools, send};

/// Timestamp on every record.
const USER_AT: &str = "2026-01-02T03:04:05Z";

/// The body of an import, built user by user.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    pool: String,
    pub(crate) body: Value,
}

impl Chunk {
    pub(crate) fn new(pool: &str) -> Self {
        let body = json!({
            "users": [],
            "user_identifiers": [],
            "user_verifiable_addresses": [],
            "user_credentials": [],
        });
        Self {
            pool: pool.to_owned(),
            body,
        }
    }

    /// A user `u-{name}` with the identifier `{name}` and the e-mail `{name}@example.com`.
    pub(crate) fn user(self, name: &str) -> Self {
        let id = format!("u-{name}");
        self.bare_user(&id).identifier(&format!("i-{name}"), &id, name).address(
            &format!("a-{name}"),
            &id,
            &format!("{name}@example.com"),
            false,
        )
    }

    /// A user without sub-records.
    pub(crate) fn bare_user(self, id: &str) -> Self {
        let record = json!({
            "id": id,
            "tenant_id": TENANT,
            "user_pool_id": self.pool,
            "status": "active",
            "payload": { "name": id },
            "created_at": USER_AT,
            "updated_at": USER_AT,
        });
        self.with("users", record)
    }

    pub(crate) fn identifier(self, id: &str, user: &str, identifier: &str) -> Self {
        let record = json!({
            "id": id,
            "tenant_id": TENANT,
            "user_pool_id": self.pool,
            "user_id": user,
            "identifier": identifier,
            "identifier_lc": identifier.to_lowercase(),
            "type": "uid",
            "created_at": USER_AT,
            "updated_at": USER_AT,
        });
        self.with("user_identifiers", record)
    }

    pub(crate) fn address(self, id: &str, user: &str, address: &str, verified: bool) -> Self {
        let record = json!({
            "id": id,
            "tenant_id": TENANT,
            "user_pool_id": self.pool,
            "user_id": user,
            "address": address,
            "address_lc": address.to_lowercase(),
            "type": "email",
            "status": "active",
            "verified": verified,
            "created_at": USER_AT,
            "updated_at": USER_AT,
        });
        self.with("user_verifiable_addresses", record)
    }

    pub(crate) fn credential(self, id: &str, user: &str) -> Self {
        let record = json!({
            "id": id,
            "tenant_id": TENANT,
            "user_pool_id": self.pool,
            "user_id": user,
            "type": "password",
            "payload": { "hashed_password": "hash" },
            "created_at": USER_AT,
            "updated_at": USER_AT,
        });
        self.with("user_credentials", record)
    }

    /// Appends a record to an array.
    pub(crate) fn with(mut self, array: &str, record: Value) -> Self {
        if !self.body[array].is_array() {
            self.body[array] = json!([]);
        }
        self.body[array].as_array_mut().expect("an array").push(record);
        self
    }

    /// Sets a member of the last record of an array; null removes it.
    pub(crate) fn set(mut self, array: &str, member: &str, value: Value) -> Self {
        let record = self.body[array].as_array_mut().and_then(|list| list.last_mut());
        let record = record.and_then(Value::as_object_mut).expect("a record");
        if value.is_null() {
            record.remove(member);
        } else {
            record.insert(member.to_owned(), value);
        }
        self
    }
}

impl Tenant {
    /// Creates an organization under the default parent.
    pub(crate) async fn organization(&self, id: &str) -> Answer {
        let body = json!({ "id": id, "name": format!("Biller {id}"), "parent_id": "invoice-cloud" });
        self.post(&organizations(""), &body).await.expect(201)
    }

    /// Creates a pool with its identity provider.
    pub(crate) async fn pool(&self, id: &str, workspace: &str) -> Answer {
        let body = json!({
            "id": id,
            "name": format!("Pool {id}"),
            "tenant_id": TENANT,
            "workspace_id": workspace,
            "identifier_case_insensitive": true,
        });
        self.post(&pools("?with_idp=true"), &body).await.expect(201)
    }

    /// Organization `biller` with pool `pool`, both empty.
    pub(crate) async fn biller(&self) {
        self.organization("biller").await;
        self.pool("pool", "biller").await;
    }

    pub(crate) async fn import(&self, chunk: &Chunk) -> Answer {
        self.put(&identity("/configuration"), &chunk.body).await
    }

    /// A simulator with organization `biller`, pool `pool` and these switches.
    pub(crate) async fn with_pool(switches: &[(&str, &str)]) -> Self {
        let tenant = Self::with(switches).await;
        tenant.biller().await;
        tenant
    }

    /// Imports a chunk, expects a refusal and that nothing was written.
    pub(crate) async fn refused(&self, chunk: &Chunk, status: u16) {
        let before = self.simulator.pool_users("pool", None, 1000);
        self.import(chunk).await.expect(status);
        assert_eq!(self.simulator.pool_users("pool", None, 1000), before);
    }

    /// Ids in the users list of a pool, all pages.
    pub(crate) async fn listed(&self, pool: &str) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        loop {
            let after = ids.last().map(|id| format!("&after_user_id={id}")).unwrap_or_default();
            let page = self
                .get(&pools(&format!("/{pool}/users?limit=100{after}")))
                .await
                .expect(200);
            let page = page.at("/users");
            let rows = page.as_array().expect("users");
            ids.extend(rows.iter().map(|user| user["id"].as_str().expect("an id").to_owned()));
            if rows.len() < 100 {
                return ids;
            }
            assert!(
                ids.len() <= 10_000,
                "the pages do not end; the last one ended with {:?}",
                ids.last()
            );
        }
    }

    /// A POST with an idempotency key.
    pub(crate) async fn post_with_key(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("X-Idempotency-Key", key)
            .json(body);
        send(request).await.expect("an answer")
    }
}
