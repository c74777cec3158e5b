//! An answer of SecureAuth, and how it is changed: status, header and body, cut off or not.

use serde_json::{Value, json};

use super::mutator::Mutator;

/// The header lines of a good answer.
const HEAD: &[u8] = b"content-type: application/json\r\netag: \"v1\"\r\nx-trace-id: trace\r\n";
/// Statuses that say what happens next; those that ask for a pause are rare, because each one makes the client slower.
const STATUSES: [u16; 18] = [
    200, 201, 202, 204, 206, 301, 304, 400, 401, 404, 405, 409, 412, 413, 422, 500, 502, 503,
];
pub(super) const PAUSES: [u16; 2] = [403, 429];

/// One answer.
#[derive(Clone, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The header lines, without the length of the body.
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
    /// The connection ends after so many bytes of the body.
    cut: Option<usize>,
    /// The head may be no HTTP, so the connection ends after it.
    broken: bool,
}

impl Reply {
    /// A whole answer with these header lines.
    pub(super) fn whole(status: u16, head: Vec<u8>, body: Vec<u8>) -> Self {
        Self {
            status,
            head,
            body,
            cut: None,
            broken: false,
        }
    }

    pub(super) fn good(status: u16, body: &Value) -> Self {
        Self::whole(status, HEAD.to_vec(), body.to_string().into_bytes())
    }

    /// The same answer with changes; perhaps none.
    pub(super) fn changed(&self, random: &mut Mutator) -> Self {
        let status = match random.below(4) {
            0 if random.once_in(50) => *random.one_of(&PAUSES),
            0 => *random.one_of(&STATUSES),
            _ => self.status,
        };
        self.with_status(random, status)
    }

    /// The same with this status.
    pub(super) fn with_status(&self, random: &mut Mutator, status: u16) -> Self {
        let error = json!({ "status_code": status, "error": "Not found", "error_code": "not_found", "cause": "cause" });
        let body = match self.json() {
            Some(body) if status < 400 => random.document(&body),
            None if status < 400 => self.body.clone(),
            _ => random.document(&error),
        };
        let mut head = self.head.clone();
        if random.once_in(300) {
            let value = random.text(&json!("1")).replace(['\r', '\n', '"'], "");
            head.extend(format!("retry-after: {value}\r\n").bytes());
        }
        if random.once_in(50) {
            let lines = [
                "content-encoding: gzip\r\n",
                "location: http://127.0.0.1:1/\r\n",
                "etag: W/\"\r\n",
            ];
            head.extend(random.one_of(&lines).bytes());
        }
        let broken = random.once_in(20);
        if broken {
            random.change_bytes(&mut head);
        }
        let cut = random.once_in(20).then(|| random.below(body.len() + 1));
        Self {
            status,
            head,
            body,
            cut,
            broken,
        }
    }

    /// The same without `Retry-After`, which may be a day.
    pub(super) fn without_a_wait(mut self) -> Self {
        let is_wait = |line: &&[u8]| line.to_ascii_lowercase().starts_with(b"retry-after");
        let lines = self.head.split_inclusive(|byte| *byte == b'\n');
        self.head = lines.filter(|line| !is_wait(line)).flatten().copied().collect();
        self
    }

    /// The body; `None` if it is no JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether all of the body is sent.
    pub(super) fn is_whole(&self) -> bool {
        self.cut.is_none_or(|cut| cut == self.body.len())
    }

    /// The bytes of the answer, and whether the connection ends after them.
    pub(super) fn bytes(&self) -> (Vec<u8>, bool) {
        let without_body = matches!(self.status, 204 | 304);
        let ends = self.broken || without_body || self.cut.is_some();
        let mut bytes = format!("HTTP/1.1 {} X\r\n", self.status).into_bytes();
        bytes.extend(&self.head);
        bytes.extend(format!("content-length: {}\r\n\r\n", self.body.len()).bytes());
        let cut = self.cut.unwrap_or(self.body.len());
        bytes.extend(&self.body[..cut]);
        (bytes, ends)
    }

    pub(super) fn describe(&self) -> String {
        let (head, body) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&self.body));
        format!("{} cut {:?}\n{head}\n{body}", self.status, self.cut)
    }
}
