//! SecureAuth's answers to the client: any status, header and body, cut off or not. Every call ends soon with a value or an error; a value
//! only follows from a status that means one, and is about the resource that was asked for.

mod calls;
mod samples;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ic_secureauth_api::{Api, ApiError, Backoff, CallContext, Class, ClientAuthMethod, Config, Deadlines, SecureAuth};
use secrecy::SecretString;
use serde_json::json;

use super::campaign::{Target, Wrong};
use super::mutator::Mutator;
use super::reply::{PAUSES, Reply};
use super::server::{Source, serve};
use calls::call;
use samples::{Sample, TENANT, samples};

/// Time limit of a call in the settings, and what a busy machine may add.
const DEADLINE: Duration = Duration::from_secs(2);
const SLOW_MACHINE: Duration = Duration::from_secs(20);

pub(super) struct Answers {
    base_url: String,
    told: Arc<Told>,
    api: Api,
    samples: Vec<Sample>,
}

impl Target for Answers {
    const NAME: &'static str = "answers";
    const FLOORS: &[(&str, u64)] = &[("value", 100)];

    async fn start() -> Self {
        let told = Arc::new(Told::default());
        let base_url = serve(Arc::clone(&told)).await;
        Self {
            samples: samples(),
            api: client(&base_url),
            base_url,
            told,
        }
    }

    async fn try_one(&mut self, random: &mut Mutator) -> Result<String, Wrong> {
        let sample = random.one_of(&self.samples);
        let reply = sample.good.changed(random);
        let token = random.once_in(20).then(|| token(random));
        let is_good = token.is_none() && reply == sample.good;
        self.told.tell(reply.clone(), token);
        let begun = Instant::now();
        let outcome = call(&self.api, sample.call).await;
        let problem = match &outcome {
            _ if begun.elapsed() > DEADLINE + SLOW_MACHINE => Some(format!("the answer took {:?}", begun.elapsed())),
            Ok(Some(other)) => Some(format!("an answer about {other} was accepted")),
            // Whether a pool has its identity provider stays open after a refusal.
            Ok(None) if sample.call == "identity_provider" => None,
            Ok(None) if !matches!(reply.status, 200..=299 | 404) => {
                Some(format!("{} was taken for success", reply.status))
            }
            Err(error) if is_good => Some(format!("a good answer was refused: {error}")),
            _ => None,
        };
        if let Some(problem) = problem {
            let input = format!("{} {}", sample.call, reply.describe());
            return Err(Wrong { problem, input });
        }
        let word = match &outcome {
            Ok(_) => "value".to_owned(),
            Err(error) => format!("{:?}", error.class())
                .chars()
                .take_while(char::is_ascii_alphabetic)
                .collect(),
        };
        if outcome.is_err_and(|error| asks_for_a_pause(&error)) {
            self.api = client(&self.base_url);
        }
        Ok(word)
    }
}

/// After that a client waits, or sends at a lower rate.
fn asks_for_a_pause(error: &ApiError) -> bool {
    let paused = matches!(error.class(), Class::Paused { .. } | Class::NoTurn { .. });
    paused || error.retry_after().is_some() || error.status().is_some_and(|status| PAUSES.contains(&status))
}

fn client(base_url: &str) -> Api {
    let config = Config {
        base_url: base_url.parse().unwrap(),
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

fn good_token() -> Reply {
    let token = json!({
        "access_token": "token", "token_type": "bearer", "expires_in": 3600, "scope": "manage_configuration identity",
    });
    Reply::good(200, &token)
}

fn token(random: &mut Mutator) -> Reply {
    if random.once_in(4) {
        return good_token().changed(random);
    }
    good_token().with_status(random, 200)
}

/// What the next requests get.
#[derive(Default)]
struct Told(Mutex<Next>);

#[derive(Default)]
struct Next {
    reply: Option<Reply>,
    /// Instead of a good token; then the first answer is a 401, so that the client asks for a token.
    token: Option<Reply>,
    renew: bool,
}

impl Told {
    /// Gives this answer from now on.
    fn tell(&self, reply: Reply, token: Option<Reply>) {
        let renew = token.is_some();
        let reply = Some(reply);
        *self.next() = Next { reply, token, renew };
    }

    fn next(&self) -> MutexGuard<'_, Next> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Told {
    async fn reply(&self, request: &[u8]) -> Reply {
        let is_token = String::from_utf8_lossy(&request[..request.len().min(200)]).contains("/oauth2/token");
        let mut next = self.next();
        if is_token {
            return next.token.take().unwrap_or_else(good_token);
        }
        if std::mem::take(&mut next.renew) {
            return Reply::good(401, &json!({}));
        }
        next.reply.clone().unwrap_or_else(|| Reply::good(500, &json!({})))
    }
}
