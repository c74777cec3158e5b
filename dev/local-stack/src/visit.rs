//! A person who signs in with nothing but user name, e-mail address and mailbox, as somebody does after the biller was enabled.

use std::fmt;

use secureauth_simulator::{MessageKind, SignIn, Simulator};

use crate::crm::UserRow;

/// What the person chooses as password; whoever comes again knows it.
const PASSWORD: &str = "correct horse battery staple";

/// How a person got in, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The message whose code the person entered before; `None`: the person needed none.
    pub by: Option<MessageKind>,
    /// The last sign-in.
    pub sign_in: SignIn,
}

/// The person of a CRM row comes to the sign-in page of a biller's organization. Where the page takes passwords, whoever has none asks
/// for a reset by user name and address; where it does not, a code is asked for. A new user gets the message that invites to the
/// activation.
pub fn visit(simulator: &Simulator, organization: &str, row: &UserRow) -> Visit {
    let name = row.user_name.as_deref().unwrap_or_default();
    let address = row.email.as_deref().unwrap_or_default();
    let offered = simulator.offered_factors(organization);
    let takes_passwords = offered.iter().any(|factor| factor == "password");
    let sign_in = || {
        if takes_passwords {
            simulator.sign_in_with_password(organization, name, PASSWORD)
        } else {
            simulator.sign_in(organization, name)
        }
    };
    let first = sign_in();
    let sent = simulator.outbox().len();
    match first.reason.as_str() {
        "no-first-factor" if takes_passwords => simulator.ask_for_reset(organization, Some(name), address),
        "user-not-active" => {
            simulator.invite(organization, name);
        }
        _ => {}
    }
    let mut messages = simulator.outbox().into_iter().skip(sent);
    let received = messages.rfind(|message| message.address == address);
    let entered = received.filter(|message| simulator.enter_code(&message.code, Some(PASSWORD)).accepted);
    match entered {
        Some(message) => Visit {
            by: Some(message.kind),
            sign_in: sign_in(),
        },
        None => Visit {
            by: None,
            sign_in: first,
        },
    }
}

impl fmt::Display for Visit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.by {
            Some(MessageKind::PasswordReset) => "password reset, ",
            Some(MessageKind::Activation) => "activation, ",
            Some(MessageKind::SignIn) | None => "",
        })?;
        let SignIn {
            allowed,
            reason,
            first_factor,
            second_factor,
        } = &self.sign_in;
        if !allowed {
            return write!(formatter, "refused: {reason}");
        }
        write!(
            formatter,
            "signed in: {}",
            first_factor.as_deref().unwrap_or("not checked")
        )?;
        match second_factor {
            Some(second) => write!(formatter, ", second factor {second}"),
            None => Ok(()),
        }
    }
}
