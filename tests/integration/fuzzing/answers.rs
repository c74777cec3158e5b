//! SecureAuth's answers to the client: any status, header and body, cut off or not. Every call ends soon with a value or an error; a value
//! only follows from a status that means one, and is about the resource that was asked for.

use std::time::{Duration, Instant};

use ic_secureauth_api::{
    Api, ApiError, AuditQuery, Backoff, CallContext, Class, ClientAuthMethod, Config, Deadlines, IdempotencyKey,
    Marker, NewOrganization, OrganizationId, OrganizationQuery, PoolId, SchemaId, SecureAuth, UserId, UserUpdate,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use super::campaign::{Target, Wrong};
use super::mutator::Mutator;
use super::server::{Reply, Server};

const TENANT: &str = "dev-invoicecloud";
const POOL: &str = "4a943cc8bb7d48b4b1d3b20cf650895d";
const USER: Uuid = uuid!("7ef9451f-309a-4433-a2b9-3bb023051d96");
/// Time limit of a call in the settings, and what a busy machine may add.
const DEADLINE: Duration = Duration::from_secs(2);
const SLOW_MACHINE: Duration = Duration::from_secs(20);
/// Statuses that say what happens next; those that ask for a pause are rare, because each one needs a new client.
const STATUSES: [u16; 18] = [
    200, 201, 202, 204, 206, 301, 304, 400, 401, 404, 405, 409, 412, 413, 422, 500, 502, 503,
];
const PAUSES: [u16; 2] = [403, 429];
const CALLS: [&str; 18] = [
    "organization",
    "update_organization",
    "list_organizations",
    "pool",
    "pools_of",
    "user",
    "users_page",
    "find_user_by_identifier",
    "update_user",
    "identity_provider",
    "schema",
    "audit_events",
    "revoke_tokens",
    "patch_user",
    "delete_user",
    "delete_pool",
    "delete_organization",
    "create_organization",
];

/// What an answer's header lines are if nothing is changed.
const HEAD: &[u8] = b"content-type: application/json\r\netag: \"v1\"\r\nx-trace-id: trace\r\n";

pub(super) struct Answers {
    server: Server,
    api: Api,
    samples: Vec<Value>,
}

impl Target for Answers {
    const NAME: &'static str = "answers";
    const FLOORS: &[(&str, u64)] = &[("value", 100)];

    async fn start() -> Self {
        let server = Server::start().await;
        let api = client(&server);
        Self {
            samples: samples(),
            api,
            server,
        }
    }

    async fn try_one(&mut self, random: &mut Mutator) -> Result<String, Wrong> {
        let number = random.below(CALLS.len());
        let good = good_status(CALLS[number]);
        let reply = reply(random, good, &self.samples[number]);
        let token = random.once_in(20).then(|| reply_with_token(random));
        let is_good = token.is_none() && reply.is_good(good, &self.samples[number]);
        self.server.answer(reply.clone(), token);
        let begun = Instant::now();
        let outcome = self.call(CALLS[number]).await;
        let problem = match &outcome {
            _ if begun.elapsed() > DEADLINE + SLOW_MACHINE => Some(format!("the answer took {:?}", begun.elapsed())),
            Ok(Some(other)) => Some(format!("an answer about {other} was accepted")),
            // Whether a pool has its identity provider stays open after a refusal.
            Ok(None) if CALLS[number] == "identity_provider" => None,
            Ok(None) if !matches!(reply.status, 200..=299 | 404) => {
                Some(format!("{} was taken for success", reply.status))
            }
            Err(error) if is_good => Some(format!("a good answer was refused: {error}")),
            _ => None,
        };
        let called = format!("{} {}", CALLS[number], reply.describe());
        if let Some(problem) = problem {
            return Err(Wrong { problem, input: called });
        }
        let word = match &outcome {
            Ok(_) => "value".to_owned(),
            Err(error) => format!("{:?}", error.class())
                .chars()
                .take_while(char::is_ascii_alphabetic)
                .collect(),
        };
        if outcome.is_err_and(|error| asks_for_a_pause(&error)) {
            self.api = client(&self.server);
        }
        Ok(word)
    }
}

impl Answers {
    /// Makes a call. Returns the id of the answer if it is another one than was asked for.
    async fn call(&self, name: &str) -> Result<Option<String>, ApiError> {
        let api = &self.api;
        let (organization, pool) = (OrganizationId::parse("1876").unwrap(), PoolId::parse(POOL).unwrap());
        let user = UserId::from(USER);
        // The server may spell an id in another way.
        let plain = |id: &str| id.replace('-', "").to_lowercase();
        let other = |id: &str, asked: &str| (plain(id) != plain(asked)).then(|| id.to_owned());
        match name {
            "organization" => {
                let read = api.organization(&organization).await?;
                return Ok(read.and_then(|read| other(read.value.id().as_str(), organization.as_str())));
            }
            "update_organization" => {
                if let Some(read) = api.organization(&organization).await? {
                    let updated = api.update_organization(&read).await?;
                    return Ok(other(updated.value.id().as_str(), organization.as_str()));
                }
            }
            "list_organizations" => drop(api.list_organizations(&OrganizationQuery::default(), None).await?),
            "pool" => {
                let read = api.pool(&pool).await?;
                return Ok(read.and_then(|read| other(read.value.id.as_str(), pool.as_str())));
            }
            "pools_of" => drop(api.pools_of(&organization).await?),
            "user" => {
                let read = api.user(&pool, &user).await?;
                return Ok(read.and_then(|read| other(read.value.id.as_str(), user.as_str())));
            }
            "users_page" => drop(api.users_page(&pool, None, 100).await?),
            "find_user_by_identifier" => drop(api.find_user_by_identifier(&pool, "rsable").await?),
            "update_user" => drop(api.update_user(&pool, &user, &UserUpdate::default()).await?),
            "identity_provider" => drop(api.identity_provider(&organization, &pool).await?),
            "schema" => drop(api.schema(&SchemaId::parse("s").unwrap()).await?),
            "audit_events" => drop(api.audit_events(&organization, &AuditQuery::default()).await?),
            "revoke_tokens" => drop(api.revoke_tokens(&pool, &[user]).await?),
            "patch_user" => drop(api.patch_user(&pool, &user, &UserUpdate::default()).await?),
            "delete_user" => drop(api.delete_user(&pool, &user, None).await?),
            "delete_pool" => drop(api.delete_pool(&pool).await?),
            "delete_organization" => drop(api.delete_organization(&organization).await?),
            _ => {
                let key = IdempotencyKey::derive("run", "step", 1);
                let created = api.create_organization(&new_organization(), &key).await?;
                return Ok(other(created.value.id().as_str(), organization.as_str()));
            }
        }
        Ok(None)
    }
}

fn new_organization() -> NewOrganization {
    NewOrganization {
        id: OrganizationId::parse("1876").unwrap(),
        name: "TestOrg-1".into(),
        parent_id: OrganizationId::parse("invoice-cloud").unwrap(),
        deactivated: true,
        authentication_mechanisms: Vec::new(),
        marker: Marker {
            onboarding_id: "01980f3e-0000-7000-8000-000000000001".into(),
            owner_id: "1876".into(),
            created_by: "biller-onboarding".into(),
            created_at: None,
        },
    }
}

/// After that a client waits, or sends at a lower rate.
fn asks_for_a_pause(error: &ApiError) -> bool {
    let paused = matches!(error.class(), Class::Paused { .. } | Class::NoTurn { .. });
    paused || error.retry_after().is_some() || error.status().is_some_and(|status| PAUSES.contains(&status))
}

fn client(server: &Server) -> Api {
    let config = Config {
        base_url: server.base_url().parse().unwrap(),
        tenant_id: TENANT.into(),
        client_id: "client".into(),
        client_secret: SecretString::from("secret"),
        auth_method: ClientAuthMethod::Basic,
        scopes: ["manage_configuration", "identity"].map(String::from).to_vec(),
        import_path: None,
        attempts: 1,
        backoff: Backoff {
            first: Duration::from_millis(1),
            factor: 2.0,
            max: Duration::from_millis(1),
            retry_after_cap: Duration::from_millis(1),
            forbidden: Duration::from_millis(1),
        },
        deadlines: Deadlines {
            connect: DEADLINE,
            crud: DEADLINE,
            import: DEADLINE,
            token: DEADLINE,
        },
        max_in_flight: 8,
        expiry_margin: Duration::from_mins(1),
        jitter_seed: 7,
        product: None,
    };
    let context = CallContext {
        correlation_id: "01980f3e-0000-7000-8000-000000000001".into(),
        traceparent: None,
        guard: None,
    };
    SecureAuth::new(config).unwrap().call(context)
}

/// The good answers, in the order of [`CALLS`].
fn samples() -> Vec<Value> {
    let sample = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let organization = sample(include_str!(
        "../../../src/ic_secureauth_api/tests/integration/samples/organization.json"
    ));
    let pool = sample(include_str!(
        "../../../src/ic_secureauth_api/tests/integration/samples/pool.json"
    ));
    let user = sample(include_str!(
        "../../../src/ic_secureauth_api/tests/integration/samples/user.json"
    ));
    let listed = json!({
        "id": USER, "tenant_id": TENANT, "status": "new", "payload": { "user_name": "rsable" }, "identifiers": ["rsable"],
        "addresses": [{ "address": "a@b.example", "verified": true }],
    });
    let definition = json!({ "type": "object", "properties": { "user_name": { "type": "string" } } });
    vec![
        organization.clone(),
        organization.clone(),
        json!({ "organizations": [organization.clone()] }),
        pool.clone(),
        json!({ "pools": [pool] }),
        user.clone(),
        json!({ "users": [listed] }),
        user.clone(),
        user.clone(),
        json!({ "idps": [{ "id": "other" }, { "id": "idp", "identity_pool_id": POOL }], "clients": [] }),
        json!({ "id": "s", "tenant_id": TENANT, "name": "Users", "schema": definition, "system": false }),
        json!({ "audit_events": [{ "event_id": "1", "metadata": {}, "payload": {} }] }),
        json!({}),
        user,
        json!({}),
        json!({}),
        json!({}),
        organization,
    ]
}

impl Reply {
    /// Nothing was changed.
    fn is_good(&self, good: u16, sample: &Value) -> bool {
        let is_whole = self.cut.is_none() && !self.broken && self.head == HEAD;
        is_whole && self.status == good && self.body == sample.to_string().into_bytes()
    }
}

/// The status of a good answer.
fn good_status(call: &str) -> u16 {
    match call {
        "revoke_tokens" | "delete_user" | "delete_pool" | "delete_organization" => 204,
        _ => 200,
    }
}

fn reply(random: &mut Mutator, good: u16, sample: &Value) -> Reply {
    let status = match random.below(4) {
        0 if random.once_in(50) => *random.one_of(&PAUSES),
        0 => *random.one_of(&STATUSES),
        _ => good,
    };
    let error = json!({ "status_code": status, "error": "Not found", "error_code": "not_found", "cause": "cause" });
    let body = random.document(if status < 400 { sample } else { &error });
    with_head(random, status, body)
}

fn reply_with_token(random: &mut Mutator) -> Reply {
    let token = json!({
        "access_token": "token", "token_type": "bearer", "expires_in": 3600, "scope": "manage_configuration identity",
    });
    let status = if random.once_in(4) {
        *random.one_of(&STATUSES)
    } else {
        200
    };
    let body = random.document(&token);
    with_head(random, status, body)
}

fn with_head(random: &mut Mutator, status: u16, body: Vec<u8>) -> Reply {
    let mut head = HEAD.to_vec();
    if random.once_in(300) {
        let value = random.text(&json!("1")).replace(['\r', '\n', '"'], "");
        head.extend(format!("retry-after: {value}\r\n").bytes());
    }
    if random.once_in(50) {
        head.extend(
            random
                .one_of(&[
                    "content-encoding: gzip\r\n",
                    "location: http://127.0.0.1:1/\r\n",
                    "etag: W/\"\r\n",
                ])
                .bytes(),
        );
    }
    let broken = random.once_in(20);
    if broken {
        random.change_bytes(&mut head);
    }
    let cut = random.once_in(20).then(|| random.below(body.len() + 1));
    Reply {
        status,
        head,
        body,
        cut,
        broken,
    }
}
