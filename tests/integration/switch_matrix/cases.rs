//! Every value of every switch, and the course in which a handler meets it.

use local_stack::StackOptions;
use secureauth_simulator::{SwitchInfo, Switches};

use super::cannot::CANNOT_MEET;
use crate::support::options;

/// What happens to the biller of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// A biller is enabled, people leave, move and join, it is synced and disabled. The run of another one is rolled back, and then it
    /// is enabled.
    Life,
    /// As `Life`, and the answer to the creation of the pool comes too late.
    Late,
    /// As `Life`, and a gateway refuses the creation of the pool at first.
    Gateway,
    /// As `Life`, with users for several imports at once.
    Many,
    /// A regular workspace has the biller's id.
    TakenId,
    /// A user of a found pool has somebody's user name as a verified address.
    Held,
    /// A user of a found pool has somebody's address, verified.
    HeldAddress,
    /// Somebody else creates a user with somebody's user name, and SecureAuth does not show it yet.
    HeldSoon,
    /// SecureAuth refuses a user whom the handler could not judge.
    Unfit,
    /// As `Life`, and answers to changes of users are lost.
    Lost,
    /// Somebody else changes the organization while the run does.
    Raced,
    /// Two people swap their user names.
    Swapped,
    /// The biller is enabled, no more.
    Enable,
}

/// How the stack differs from the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setup {
    Plain,
    /// The handler waits for answers half a second, and until then where there was none.
    Hasty,
    /// The client may neither end sessions nor read the providers of pools.
    FewScopes,
    /// The handler's tenant is another one.
    Elsewhere,
    /// The configured parent does not exist.
    NoParent,
    /// Addresses are sent verified.
    Verified,
    /// The payload schema is in a dialect that only SecureAuth knows.
    OwnDialect,
    /// A stack of its own, because the rates that it teaches are low; its runs wait patiently.
    Throttled,
}

impl Setup {
    pub(super) const ALL: [Self; 8] = [
        Self::Plain,
        Self::Hasty,
        Self::FewScopes,
        Self::Elsewhere,
        Self::NoParent,
        Self::Verified,
        Self::OwnDialect,
        Self::Throttled,
    ];

    pub(super) fn options(self) -> fn() -> StackOptions {
        match self {
            Self::Plain => plain,
            Self::Hasty => hasty,
            Self::FewScopes => few_scopes,
            Self::Elsewhere => || plain().set("SECUREAUTH_TENANT_ID", "no-such-tenant"),
            Self::NoParent => || plain().set("PARENT_ORGANIZATION_ID", "no-such-parent"),
            Self::Verified => || plain().set("ADDRESS_VERIFIED", "true"),
            Self::Throttled => || plain().set("RUN_PAUSES", "1s, 1s, 1s, 1s, 1s"),
            Self::OwnDialect => || plain().set("SECUREAUTH_PAYLOAD_SCHEMA_ID", crate::payload_schema::UNKNOWN_DIALECT),
        }
    }
}

/// No call is given up because the machine is busy. Few users, of whom one may be left out.
fn plain() -> StackOptions {
    let long = ["CONNECT", "CRUD", "IMPORT", "TOKEN"].map(|call| format!("SECUREAUTH_{call}_DEADLINE"));
    let options = long.iter().fold(options(), |options, name| options.set(name, "15s"));
    options
        .set("ROLLBACK_TIME_LIMIT", "3s")
        .set("ON_INVALID_USER", "skip")
        .set("MAX_SKIPPED_PERCENT", "60")
}

fn hasty() -> StackOptions {
    let short = ["CONNECT", "CRUD", "IMPORT", "TOKEN"].map(|call| format!("SECUREAUTH_{call}_DEADLINE"));
    short.iter().fold(plain(), |options, name| options.set(name, "500ms"))
}

fn few_scopes() -> StackOptions {
    let mut options = plain();
    for client in &mut options.simulator.clients {
        client
            .scopes
            .retain(|scope| !["revoke_tokens", "manage_idps"].contains(&scope.as_str()));
    }
    options
}

/// One value of a switch.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) switch: String,
    pub(super) value: String,
    /// Other switches that let the handler meet the value.
    pub(super) with: &'static [(&'static str, &'static str)],
    pub(super) setup: Setup,
    pub(super) course: Course,
}

impl Case {
    pub(super) fn label(&self) -> String {
        format!("{}={}", self.switch, self.value)
    }
}

/// Values of the switches that take numbers.
const NUMBERS: [(&str, &str); 13] = [
    ("token-ttl-seconds", "1"),
    ("rate-limit-oauth2", "2/100/2"),
    ("rate-limit-system", "20/200/5"),
    ("rate-limit-identity", "20/200/5"),
    ("read-lag-ms", "100"),
    ("users-list-lag-ms", "3600000"),
    ("body-limit-bytes", "4000"),
    ("pool-purge-ms", "3600000"),
    ("user-count-lag-ms", "3600000"),
    ("organization-directory-delay-ms", "1"),
    ("forbidden-bursts", "20/200/5"),
    ("new-workspace-forbidden-ms", "100"),
    ("user-persistence-lag-ms", "100"),
];

/// Switches that a handler meets in a course or a setup of their own.
const ELSEWHERE: [(&str, Setup, Course); 21] = [
    ("unknown-scope", Setup::FewScopes, Course::Life),
    ("stale-if-match", Setup::Plain, Course::Raced),
    ("reimport-subentries", Setup::Plain, Course::Lost),
    ("remove-absent", Setup::Plain, Course::Lost),
    ("remove-last", Setup::Plain, Course::Swapped),
    ("late-conflict", Setup::Plain, Course::HeldSoon),
    ("retry-after-format", Setup::Throttled, Course::Enable),
    ("forbidden-body", Setup::Throttled, Course::Life),
    ("concurrent-import", Setup::Plain, Course::Many),
    ("foreign-tenant", Setup::Elsewhere, Course::Enable),
    ("unknown-parent", Setup::NoParent, Course::Enable),
    ("idempotency-concurrent", Setup::Hasty, Course::Late),
    ("gateway-error-body", Setup::Hasty, Course::Gateway),
    // A 5xx may have had its effect, so the run waits for the deadline of the call each time.
    ("idp-creation-fails", Setup::Hasty, Course::Life),
    ("existing-organization-id", Setup::Plain, Course::TakenId),
    ("workspace-as-organization", Setup::Plain, Course::TakenId),
    ("identifier-conflict", Setup::Plain, Course::Held),
    ("failing-import", Setup::Plain, Course::Held),
    ("import-error-names-record", Setup::Plain, Course::Held),
    ("verified-address-conflict", Setup::Verified, Course::HeldAddress),
    ("schema-violation", Setup::OwnDialect, Course::Unfit),
];

/// Switches that only do something beside another one.
const BESIDE: [(&str, &[(&str, &str)]); 5] = [
    ("delete-organization-in-use", &[("pool-purge-ms", "3600000")]),
    // So few calls that some are refused, however slow the machine is.
    ("retry-after-format", &[("rate-limit-identity", "2/1000/1")]),
    ("forbidden-body", &[("forbidden-bursts", "20/500/1")]),
    ("organization-directory-delay-ms", &[("organization-directory", "pool")]),
    ("late-conflict", &[("user-persistence-lag-ms", "1500")]),
];

/// Every value but the default of every switch that a handler can meet.
pub(super) fn all() -> Vec<Case> {
    let switches = Switches::default().list().into_iter();
    let met = switches.filter(|switch| !CANNOT_MEET.iter().any(|(name, _)| *name == switch.name));
    met.flat_map(|switch| values(&switch).into_iter().map(move |value| case(&switch, value)))
        .collect()
}

fn case(switch: &SwitchInfo, value: String) -> Case {
    let own = ELSEWHERE.iter().find(|(name, _, _)| *name == switch.name);
    let (setup, course) = own.map_or((Setup::Plain, Course::Life), |(_, setup, course)| (*setup, *course));
    let beside = BESIDE.iter().find(|(name, _)| *name == switch.name);
    Case {
        switch: switch.name.clone(),
        value,
        with: beside.map_or(&[], |(_, with)| *with),
        setup,
        course,
    }
}

/// The values of a switch but its default; of a number the one in the table, so that a new switch fails the test without a line there.
pub(super) fn values(switch: &SwitchInfo) -> Vec<String> {
    let takes_numbers = switch.allowed == "a whole number" || switch.allowed.contains("rate/period-ms/burst");
    if takes_numbers {
        let number = NUMBERS.iter().find(|(name, _)| *name == switch.name);
        let (_, value) = number.unwrap_or_else(|| panic!("no value for the switch `{}`", switch.name));
        return vec![(*value).to_owned()];
    }
    let values = switch.allowed.split('|').filter(|value| *value != switch.default);
    values.map(str::to_owned).collect()
}
