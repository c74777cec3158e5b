//! The keywords of ADO.NET, and what they mean to this program.

use tiberius::EncryptionLevel;

use super::form::of_another_library;
use super::pairs::{Pair, normal};
use super::{Expected, Trust};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Server,
    Database,
    User,
    Password,
    Authentication,
    IntegratedSecurity,
    Encrypt,
    TrustServerCertificate,
    TrustServerCertificateCa,
    HostNameInCertificate,
    ApplicationName,
    WorkstationId,
    ApplicationIntent,
    /// About what this program does in its own way: its pool, its time limits, its statements.
    NoEffect,
    /// With this finding.
    Refused(&'static str),
    /// Of another library.
    Foreign(&'static str),
}

use Keyword as K;

/// As people write them; blanks, underscores and case do not count.
const KEYWORDS: [(&str, Keyword); 57] = [
    ("Server", K::Server),
    ("Data Source", K::Server),
    ("Address", K::Server),
    ("Addr", K::Server),
    ("Network Address", K::Server),
    ("Database", K::Database),
    ("Initial Catalog", K::Database),
    ("User ID", K::User),
    ("UID", K::User),
    ("User", K::User),
    ("Username", K::User),
    ("Password", K::Password),
    ("PWD", K::Password),
    ("Authentication", K::Authentication),
    ("Integrated Security", K::IntegratedSecurity),
    ("Trusted_Connection", K::IntegratedSecurity),
    ("Encrypt", K::Encrypt),
    ("TrustServerCertificate", K::TrustServerCertificate),
    ("TrustServerCertificateCA", K::TrustServerCertificateCa),
    ("HostNameInCertificate", K::HostNameInCertificate),
    ("Application Name", K::ApplicationName),
    ("App", K::ApplicationName),
    ("Workstation ID", K::WorkstationId),
    ("WSID", K::WorkstationId),
    ("ApplicationIntent", K::ApplicationIntent),
    ("Persist Security Info", K::NoEffect),
    ("PersistSecurityInfo", K::NoEffect),
    ("MultipleActiveResultSets", K::NoEffect),
    ("MultiSubnetFailover", K::NoEffect),
    ("TransparentNetworkIPResolution", K::NoEffect),
    ("IPAddressPreference", K::NoEffect),
    ("Connection Timeout", K::NoEffect),
    ("Connect Timeout", K::NoEffect),
    ("Timeout", K::NoEffect),
    ("Command Timeout", K::NoEffect),
    ("ConnectRetryCount", K::NoEffect),
    ("ConnectRetryInterval", K::NoEffect),
    ("Pooling", K::NoEffect),
    ("Min Pool Size", K::NoEffect),
    ("Max Pool Size", K::NoEffect),
    ("Pool Blocking Period", K::NoEffect),
    ("Load Balance Timeout", K::NoEffect),
    ("Connection Lifetime", K::NoEffect),
    ("Packet Size", K::NoEffect),
    ("Enlist", K::NoEffect),
    ("Replication", K::NoEffect),
    ("Transaction Binding", K::NoEffect),
    ("Type System Version", K::NoEffect),
    (
        "ServerCertificate",
        K::Refused(
            " without `ServerCertificate`: `TrustServerCertificateCA=/path/ca.pem` names the certificate of the CA, or of a server \
             that signed its own",
        ),
    ),
    (
        "Failover Partner",
        K::Refused(" without `Failover Partner`: `Server` names the listener of an availability group"),
    ),
    (
        "AttachDBFilename",
        K::Refused(" without `AttachDBFilename`, which is for LocalDB"),
    ),
    (
        "User Instance",
        K::Refused(" without `User Instance`, which is for LocalDB"),
    ),
    (
        "Column Encryption Setting",
        K::Refused(" without `Column Encryption Setting`: the driver cannot read columns that are always encrypted"),
    ),
    (
        "Network Library",
        K::Refused(" without `Network Library`: the server is reached over TCP"),
    ),
    ("Driver", K::Foreign("one of ODBC")),
    ("DSN", K::Foreign("one of ODBC")),
    ("Provider", K::Foreign("one of OLE DB")),
];

/// The values that have a meaning; of several for one keyword the last one counts, as in ADO.NET.
pub(super) struct Values(Vec<(Keyword, String)>);

impl Values {
    pub(super) fn of(pairs: Vec<Pair>) -> Result<Self, Expected> {
        let mut values = Vec::new();
        for pair in pairs {
            let known = KEYWORDS.iter().find(|(name, _)| normal(name) == pair.keyword);
            match known.map(|(_, keyword)| *keyword) {
                Some(K::Refused(expected)) => return Err(expected.to_owned()),
                Some(K::Foreign(library)) => return Err(of_another_library(library)),
                Some(keyword) => values.push((keyword, pair.value)),
                None => return Err(unknown(&pair)),
            }
        }
        Ok(Self(values))
    }

    /// `None` for one that is empty too.
    pub(super) fn text(&self, keyword: Keyword) -> Option<&str> {
        let last = self.0.iter().rev().find(|(of, _)| *of == keyword);
        last.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// In lower case, without blanks.
    pub(super) fn choice(&self, keyword: Keyword) -> Option<String> {
        self.text(keyword).map(normal)
    }

    pub(super) fn refuse_read_only(&self) -> Result<(), Expected> {
        match self.choice(K::ApplicationIntent).as_deref() {
            None | Some("readwrite") => Ok(()),
            Some(_) => Err(" without `ApplicationIntent=ReadOnly`: the program writes".to_owned()),
        }
    }

    pub(super) fn encryption(&self, is_development: bool) -> Result<EncryptionLevel, Expected> {
        let level = match self.choice(K::Encrypt).as_deref() {
            None | Some("true" | "yes" | "mandatory") => EncryptionLevel::Required,
            Some("strict") => EncryptionLevel::Strict,
            Some("false" | "no" | "optional") => EncryptionLevel::Off,
            Some("dangerplaintext") => EncryptionLevel::NotSupported,
            Some(_) => return Err(" whose `Encrypt` is `Mandatory`, `Strict` or `Optional`".to_owned()),
        };
        match level {
            EncryptionLevel::Off | EncryptionLevel::NotSupported if !is_development => Err(
                " whose `Encrypt` is `Mandatory` or `Strict` (without TLS only where AZURE_FUNCTIONS_ENVIRONMENT=Development)"
                    .to_owned(),
            ),
            level => Ok(level),
        }
    }

    pub(super) fn trust(&self, is_development: bool) -> Result<Trust, Expected> {
        let any = match self.choice(K::TrustServerCertificate).as_deref() {
            None | Some("false" | "no") => false,
            Some("true" | "yes") if is_development => true,
            Some("true" | "yes") => {
                return Err(
                    " without `TrustServerCertificate=True`, which is for AZURE_FUNCTIONS_ENVIRONMENT=Development: \
                     `TrustServerCertificateCA=/path/ca.pem` names the certificate of a CA of your own"
                        .to_owned(),
                );
            }
            Some(_) => return Err(" whose `TrustServerCertificate` is `True` or `False`".to_owned()),
        };
        match self.text(K::TrustServerCertificateCa) {
            None if any => Ok(Trust::Any),
            None => Ok(Trust::Machine),
            Some(_) if any => Err(" with `TrustServerCertificate` or `TrustServerCertificateCA`, not both".to_owned()),
            Some(file) if is_certificate_file(file) => Ok(Trust::Ca(file.to_owned())),
            Some(_) => Err(
                " whose `TrustServerCertificateCA` is the path of a file `.pem`, `.crt` (both in PEM) or `.der`"
                    .to_owned(),
            ),
        }
    }
}

fn is_certificate_file(file: &str) -> bool {
    let ending = std::path::Path::new(file).extension().unwrap_or_default();
    ["pem", "crt", "der"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}

/// The keyword itself is not shown: it may be the rest of a password with a `;` in it.
fn unknown(pair: &Pair) -> Expected {
    let edits = |(name, _): &&(&'static str, Keyword)| strsim::osa_distance(&normal(name), &pair.keyword);
    let nearest = KEYWORDS.iter().min_by_key(edits).map_or("Server", |(name, _)| *name);
    let number = pair.number;
    format!(
        " of known keywords: that of pair {number} is not known, the nearest is `{nearest}`; a value with `;` needs quotes around it"
    )
}
