//! Messages to people (rows 97, 99 and 126). A code is as secret as a password: only the person's own view of the outbox shows it, and
//! no `Debug` output and no log line does.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::state::State;
use crate::state::record_id::RecordId;

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Its code completes the activation of a new user.
    Activation,
    /// Its code sets a password.
    PasswordReset,
    /// Its code is a factor of a sign-in, which takes it at once.
    SignIn,
}

impl MessageKind {
    /// How long the code works, as a new pool has it (row 40).
    fn lifetime(self) -> Duration {
        match self {
            Self::Activation => Duration::from_hours(168),
            Self::PasswordReset => Duration::from_hours(1),
            Self::SignIn => Duration::from_mins(5),
        }
    }
}

/// A message to a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Why it was sent.
    pub kind: MessageKind,
    /// Pool of the user.
    pub pool_id: String,
    /// `userID` in paths.
    pub user_id: String,
    /// Address of the user that it went to.
    pub address: String,
    /// `mode` of an activation message.
    pub mode: Option<String>,
    /// `server_id` as sent, which names the theme.
    pub server_id: Option<String>,
    /// The code, which works once.
    pub code: String,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// Messages in the order in which they were sent, and the codes that still work.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    messages: Vec<Message>,
    /// The newest message of each kind and user, and when its code expires.
    open: Vec<(Message, OffsetDateTime)>,
}

impl Outbox {
    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Sends a message. The codes of earlier ones of this kind to this user do not work any more.
    fn send(&mut self, now: OffsetDateTime, message: Message) {
        self.open.retain(|(it, _)| {
            (it.kind, &it.pool_id, &it.user_id) != (message.kind, &message.pool_id, &message.user_id)
        });
        if message.kind != MessageKind::SignIn {
            self.open.push((message.clone(), now + message.kind.lifetime()));
        }
        self.messages.push(message);
    }

    /// The message whose code this is, unless the code was used, replaced or has expired.
    pub(crate) fn by_code(&self, now: OffsetDateTime, code: &str) -> Option<&Message> {
        let mut open = self.open.iter().filter(|(_, expires_at)| now < *expires_at);
        open.find(|(message, _)| message.code == code)
            .map(|(message, _)| message)
    }

    /// The code does not work any more.
    pub(crate) fn used(&mut self, code: &str) {
        self.open.retain(|(message, _)| message.code != code);
    }
}

impl State {
    /// Sends a message with a new code to an address of a user.
    pub(crate) fn send_message(
        &mut self,
        now: OffsetDateTime,
        kind: MessageKind,
        to: (&str, &RecordId, &str),
        [mode, server_id]: [Option<&str>; 2],
    ) {
        let (pool_id, user_id, address) = to;
        let message = Message {
            kind,
            pool_id: pool_id.to_owned(),
            user_id: user_id.to_string(),
            address: address.to_owned(),
            mode: mode.map(str::to_owned),
            server_id: server_id.map(str::to_owned),
            code: self.random.secret(),
        };
        self.outbox.send(now, message);
    }
}
