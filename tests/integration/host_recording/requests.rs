//! What callers, queue and timer do, in this order.

use local_stack::{FrontDoor, HttpAnswer};
use reqwest::Method;
use serde_json::json;

/// Headers of an answer that the handler decides about.
const HEADERS: [&str; 5] = ["content-type", "cache-control", "location", "retry-after", "allow"];

/// One request to the host.
pub(super) struct Request {
    /// What it is about; part of the file's name.
    pub(super) name: &'static str,
    pub(super) biller: &'static str,
    what: What,
}

enum What {
    Get,
    /// Gets something else than a biller's status.
    Path(&'static str),
    Post(&'static str),
    /// With another content type.
    PostAs(&'static str, &'static str),
    /// Without a `Content-Length`.
    PostChunked(&'static str),
    /// Fires a function with this input, as an operator does.
    Fire(&'static str, &'static str),
}

use What::{Fire, Get, Path, Post, PostAs, PostChunked};

const YES: &str = r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"jane.doe","eventId":"e-1"}"#;
const QUEUE: &str = "function-migrate-users";
const TIMER: &str = "function-recover-onboardings";

const fn of(name: &'static str, biller: &'static str, what: What) -> Request {
    Request { name, biller, what }
}

pub(super) const REQUESTS: &[Request] = &[
    of("status of no biller", "no-such-biller", Get),
    of("status before", "1876", Get),
    of("toggle yes", "1876", Post(YES)),
    of("status of an active biller", "1876", Get),
    of("the same event", "1876", Post(YES)),
    of(
        "the same event id with another body",
        "1876",
        Post(r#"{"source":"crm-toggle","ciamEnabled":false,"requestedBy":"jane.doe","eventId":"e-1"}"#),
    ),
    of(
        "wizard without its checkbox",
        "1876",
        Post(r#"{"source":"biller-wizard","ciamEnabled":false,"requestedBy":"jane.doe"}"#),
    ),
    of(
        "a member that is wrong",
        "1876",
        Post(r#"{"source":"crm-toggle","ciamEnabled":"2026-09-14T15:14:15Z","requestedBy":"j"}"#),
    ),
    of("a biller id that is wrong", "a%2Fb", Get),
    of("a body that is no JSON by its type", "1876", PostAs("text/plain", YES)),
    of("a body in chunks", "1876", PostChunked(YES)),
    of("a body that is too long", "1876", Post(LONG)),
    of(
        "toggle no",
        "1876",
        Post(r#"{"source":"crm-toggle","ciamEnabled":false,"requestedBy":"jane.doe","eventId":"e-2"}"#),
    ),
    of("a message that is not ours", "", Fire(QUEUE, "hello")),
    of(
        "a message of a run that does not exist",
        "",
        Fire(
            QUEUE,
            r#"{"v":1,"onboardingId":"00000000-0000-4000-8000-000000000000"}"#,
        ),
    ),
    of("a message of a newer version", "", Fire(QUEUE, r#"{"v":2,"run":"x"}"#)),
    of("timer without due runs", "", Fire(TIMER, "")),
    of("toggle yes without SecureAuth", "1877", Post(YES)),
    of("timer with a due run", "", Fire(TIMER, "due")),
    of("health", "", Path("/api/health")),
    of("readiness", "", Path("/api/health/ready")),
];

/// Above `MAX_BODY_BYTES` of the recording.
const LONG: &str = concat!(
    r#"{"source":"crm-toggle","ciamEnabled":true,"requestedBy":"jane.doe"}"#,
    "                                                                                                    ",
    "                                                                                                    ",
    "                                                                                                    ",
    "                                                                                                    ",
    "                                                                                                    ",
    "                                                                                                    ",
    "                                                                                                    ",
    "                                                                                                    ",
    "                                                                                                    ",
    "                                                                                                    ",
);

impl Request {
    pub(super) fn is_timer_of_due_runs(&self) -> bool {
        matches!(self.what, Fire(TIMER, "due"))
    }

    fn path(&self) -> String {
        match self.what {
            Fire(function, _) => format!("/admin/functions/{function}"),
            Path(path) => path.to_owned(),
            _ => format!("/api/billers/{}/ciam", self.biller),
        }
    }

    /// The request, for the file.
    pub(super) fn shown(&self) -> String {
        let path = self.path();
        match self.what {
            Get | Path(_) => format!("GET {path}"),
            Post(body) => format!("POST {path}\ncontent-type: application/json\n\n{body}"),
            PostAs(content_type, body) => format!("POST {path}\ncontent-type: {content_type}\n\n{body}"),
            PostChunked(body) => format!("POST {path}\ntransfer-encoding: chunked\n\n{body}"),
            Fire(_, input) => format!("POST {path}\n\n{}", json!({ "input": input })),
        }
    }

    /// Sends the request. Returns what the caller gets: status, headers and body.
    pub(super) async fn send(&self, door: &FrontDoor) -> reqwest::Result<String> {
        let as_json = "application/json";
        let answer = match self.what {
            Get => door.status(self.biller).await?,
            Path(path) => door.get(path).await?,
            Post(body) => door.post_text(self.biller, body).await?,
            PostAs(content_type, body) => {
                let typed = |it: reqwest::RequestBuilder| it.header("content-type", content_type).body(body);
                door.send(Method::POST, self.biller, typed).await?
            }
            PostChunked(body) => {
                let chunk = futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
                let chunked = reqwest::Body::wrap_stream(chunk);
                let typed = |it: reqwest::RequestBuilder| it.header("content-type", as_json).body(chunked);
                door.send(Method::POST, self.biller, typed).await?
            }
            Fire(_, input) => {
                let url = format!("{}{}", door.base_url(), self.path());
                let client = reqwest::Client::builder().no_proxy().build()?;
                let fired = client.post(url).json(&json!({ "input": input })).send().await?;
                return Ok(fired.status().as_u16().to_string());
            }
        };
        Ok(shown(&answer))
    }
}

fn shown(answer: &HttpAnswer) -> String {
    let headers = HEADERS
        .iter()
        .filter_map(|name| Some(format!("{name}: {}\n", answer.header(name)?)));
    format!("{}\n{}\n{}", answer.status, headers.collect::<String>(), answer.text)
}
