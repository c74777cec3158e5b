//! Refuses faults that can apply to no call: a test with one would prove nothing.

use serde_json::{Map, Value};

use super::wrong_subject::is_read_of_one;
use super::{Fault, FaultKind};
use crate::server::operation::all;

/// Members that select calls.
const WHICH: [&str; 6] = ["operation", "path_contains", "nth", "every", "count", "kind"];

/// The only operation that can be partial.
const IMPORT: &str = "import_identity_configuration";

impl Fault {
    /// Parses a fault of the admin API, in which every member has to be known.
    pub(crate) fn of_members(members: Map<String, Value>) -> Result<Self, String> {
        let names: Vec<String> = members.keys().cloned().collect();
        let fault: Self = serde_json::from_value(Value::Object(members)).map_err(|error| error.to_string())?;
        let known = |name: &str| WHICH.contains(&name) || fault.kind.members().contains(&name);
        match names.iter().find(|name| !known(name)) {
            Some(name) => Err(format!("unknown member `{name}`")),
            None => Ok(fault),
        }
    }

    /// Checks that it can apply to a call of its operation.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn check(&self) -> Result<(), String> {
        if let Some(name) = &self.operation
            && !all().any(|operation| operation.name == name)
        {
            return Err(format!("there is no operation `{name}`"));
        }
        if [self.nth, self.every, self.count].contains(&Some(0)) {
            return Err("`nth`, `every` and `count` count from 1".to_owned());
        }
        match &self.kind {
            FaultKind::Status(status) if !(400..600).contains(&status.status) => {
                Err("`status` takes 400 to 599".to_owned())
            }
            FaultKind::PartialImport { .. } if self.operation.as_deref().is_some_and(|name| name != IMPORT) => {
                Err(format!("only `{IMPORT}` can be partial"))
            }
            FaultKind::WrongSubject if self.operation.as_deref().is_some_and(|name| !is_read_of_one(name)) => {
                Err("only a read of one resource can be answered with another".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl FaultKind {
    /// Its members besides `kind`.
    fn members(&self) -> &'static [&'static str] {
        match self {
            Self::Delay { .. } => &["ms", "after_effect"],
            Self::Hold { .. } => &["after_effect"],
            Self::ResetBefore | Self::ResetAfter | Self::WrongSubject => &[],
            Self::Status(_) => &[
                "status",
                "body",
                "error_code",
                "retry_after",
                "www_authenticate",
                "external_error",
                "after_effect",
            ],
            Self::PartialImport { .. } => &["users"],
            Self::ReadLag { .. } => &["ms"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{FaultBody, FaultStatus};

    /// Every kind with every member set.
    fn all_kinds() -> [FaultKind; 8] {
        let status = FaultStatus {
            status: 503,
            body: Some(FaultBody::Html),
            error_code: Some("code".to_owned()),
            retry_after: Some("7".to_owned()),
            www_authenticate: Some("Bearer".to_owned()),
            external_error: true,
            after_effect: true,
        };
        [
            FaultKind::Delay {
                ms: 1,
                after_effect: true,
            },
            FaultKind::Hold { after_effect: true },
            FaultKind::ResetBefore,
            FaultKind::ResetAfter,
            FaultKind::Status(status),
            FaultKind::PartialImport { users: Some(1) },
            FaultKind::WrongSubject,
            FaultKind::ReadLag { ms: 1 },
        ]
    }

    fn members(fault: &Fault) -> Map<String, Value> {
        let Ok(Value::Object(members)) = serde_json::to_value(fault) else {
            panic!("a fault is an object");
        };
        members
    }

    #[test]
    fn every_member_of_a_fault_is_known_and_no_other() {
        for kind in all_kinds() {
            let fault = Fault::on(IMPORT, kind).nth(1).every(2).times(3).path("/x");
            assert_eq!(Fault::of_members(members(&fault)).as_ref(), Ok(&fault));
            let mut misspelt = members(&fault);
            misspelt.insert("nht".to_owned(), 1.into());
            assert_eq!(Fault::of_members(misspelt), Err("unknown member `nht`".to_owned()));
        }
    }

    #[test]
    fn a_member_of_another_kind_is_unknown() {
        let mut reset = members(&Fault::on(IMPORT, FaultKind::ResetAfter));
        reset.insert("ms".to_owned(), 5.into());
        assert_eq!(Fault::of_members(reset), Err("unknown member `ms`".to_owned()));
    }

    #[test]
    fn a_fault_that_meets_no_call_is_refused() {
        assert!(Fault::on("get_pool", FaultKind::ResetAfter).check().is_ok());
        assert!(Fault::on("get_pol", FaultKind::ResetAfter).check().is_err());
        assert!(Fault::on("get_pool", FaultKind::ResetAfter).nth(0).check().is_err());
        let partial = || FaultKind::PartialImport { users: None };
        assert!(Fault::on(IMPORT, partial()).check().is_ok());
        assert!(Fault::on("get_pool", partial()).check().is_err());
        assert!(Fault::on("get_pool", FaultKind::WrongSubject).check().is_ok());
        for name in ["create_pool", "list_schemas", "token"] {
            assert!(Fault::on(name, FaultKind::WrongSubject).check().is_err(), "{name}");
        }
        let status = FaultStatus {
            status: 200,
            ..FaultStatus::default()
        };
        assert!(Fault::on("get_pool", FaultKind::Status(status)).check().is_err());
    }
}
