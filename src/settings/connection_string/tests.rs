//! Strings as people copy them from the Azure portal, from other programs and from memory: what is connected to, or the finding.

use secrecy::ExposeSecret;

use super::*;

const PORTAL: &str = "Server=tcp:crm.database.windows.net,1433;Initial Catalog=crm;Persist Security Info=False;User ID=app;\
    Password=S3cret;MultipleActiveResultSets=False;Encrypt=True;TrustServerCertificate=False;Connection Timeout=30;";
const PLAIN: &str = "Server=db;Database=crm;User ID=app;Password=S3cret";
const CONNECTED: &str = "db:1433 crm app S3cret Required";

/// Outside Development: host, port, database, user, password, encryption, and what else the string says.
fn outcome(text: &str) -> String {
    ConnectionString::parse(text, false).map_or_else(|expected| expected, |it| shown(&it))
}

fn shown(string: &ConnectionString) -> String {
    let ConnectionString {
        server,
        database,
        log_in,
        encryption,
        ..
    } = string;
    let log_in = match log_in {
        LogIn::Sql { user, password } => format!("{user} {}", password.expose_secret()),
        LogIn::Entra(Entra::ServicePrincipal {
            tenant,
            client_id,
            secret,
        }) => {
            format!("{client_id} of {tenant} {}", secret.expose_secret())
        }
        LogIn::Entra(entra) => format!("{entra:?}"),
    };
    let mut text = format!("{}:{} {database} {log_in} {encryption:?}", server.host, server.port);
    let application = Some(&string.application_name).filter(|name| *name != APPLICATION_NAME);
    for name in string
        .certificate_host
        .iter()
        .chain(&string.workstation)
        .chain(application)
    {
        text = format!("{text} {name}");
    }
    if string.trust != Trust::Machine {
        text = format!("{text} {:?}", string.trust);
    }
    text
}

/// What is added to [`PLAIN`], and what is connected to.
const USABLE: [(&str, &str); 28] = [
    ("", CONNECTED),
    (";", CONNECTED),
    (";Encrypt=true", CONNECTED),
    (";Encrypt=Mandatory", CONNECTED),
    (";encrypt = Strict", "db:1433 crm app S3cret Strict"),
    (";TrustServerCertificate=No", CONNECTED),
    (
        ";TrustServerCertificateCA=/etc/ca.pem",
        "db:1433 crm app S3cret Required Ca(\"/etc/ca.pem\")",
    ),
    (
        ";HostNameInCertificate=crm.local",
        "db:1433 crm app S3cret Required crm.local",
    ),
    (
        ";Application Name=CIAM onboarding",
        "db:1433 crm app S3cret Required CIAM onboarding",
    ),
    (";Workstation ID=func-1", "db:1433 crm app S3cret Required func-1"),
    (";ApplicationIntent=ReadWrite;MultiSubnetFailover=True", CONNECTED),
    (";Authentication=Sql Password;Integrated Security=False", CONNECTED),
    (";Trusted_Connection=no;Max Pool Size=100;Pooling=true", CONNECTED),
    (";Data Source=other,1444", "other:1444 crm app S3cret Required"),
    (r";Server=tcp:other\crm,1444", "other:1444 crm app S3cret Required"),
    (";Server=fd00::1,1433", "fd00::1:1433 crm app S3cret Required"),
    (";Server=.", "localhost:1433 crm app S3cret Required"),
    (";UID=jane;PWD=other", "db:1433 crm jane other Required"),
    (";Password=a=b==", "db:1433 crm app a=b== Required"),
    (";Password=pässwörd–密", "db:1433 crm app pässwörd–密 Required"),
    (";Password={a}b", "db:1433 crm app {a}b Required"),
    (
        ";Password=\"a;b\"\"c'd\" ; Encrypt=yes",
        "db:1433 crm app a;b\"c'd Required",
    ),
    (
        ";Password='it''s; \"quoted\"'",
        "db:1433 crm app it's; \"quoted\" Required",
    ),
    ("; Password =  S3cret  ;", CONNECTED),
    (
        ";Password=;Authentication=\"Active Directory Default\"",
        "db:1433 crm Default(Some(\"app\")) Required",
    ),
    (
        ";Password=;Authentication=Active Directory Managed Identity;User ID=0a1b",
        "db:1433 crm Managed(Some(\"0a1b\")) Required",
    ),
    (
        ";Password=;Authentication=ActiveDirectoryMSI;User ID=",
        "db:1433 crm Managed(None) Required",
    ),
    (
        ";Authentication=Active Directory Service Principal;User ID=0a1b@contoso.com",
        "db:1433 crm 0a1b of contoso.com S3cret Required",
    ),
];

/// What is added to [`PLAIN`], and how the finding goes on after [`NOUN`].
const REFUSED: [(&str, &str); 28] = [
    (";Server=", " with `Server`"),
    (";Database=", " with `Database` (or `Initial Catalog`)"),
    (";User ID=", " with `User ID`"),
    (";Password=", " with `Password`"),
    (
        ";Password={your_password}",
        " with the password itself in the place of `{your_password}`",
    ),
    (
        ";Server=db:1433",
        " whose `Server` has a comma before the port, not a colon",
    ),
    (";Server=db,sql", " whose `Server` ends with a port, 1 to 65535"),
    (r";Server=db\crm", " whose `Server` names the port of the instance"),
    (r";Server=np:\\db\pipe", " whose `Server` is reached over TCP"),
    (r";Server=(localdb)\MSSQLLocalDB", " whose `Server` is not LocalDB"),
    (";Server=https://db", " whose `Server` "),
    (
        ";ApplicationIntent=ReadOnly",
        " without `ApplicationIntent=ReadOnly`: the program writes",
    ),
    (
        ";Encrypt=Optional",
        " whose `Encrypt` is `Mandatory` or `Strict` (without TLS only",
    ),
    (
        ";Encrypt=DANGER_PLAINTEXT",
        " whose `Encrypt` is `Mandatory` or `Strict` (without TLS only",
    ),
    (
        ";Encrypt=maybe",
        " whose `Encrypt` is `Mandatory`, `Strict` or `Optional`",
    ),
    (";TrustServerCertificate=True", " without `TrustServerCertificate=True`"),
    (
        ";TrustServerCertificateCA=/etc/ca.p12",
        " whose `TrustServerCertificateCA` is the path of a file `.pem`",
    ),
    (
        ";ServerCertificate=/etc/db.pem",
        " without `ServerCertificate`: `TrustServerCertificateCA=/path/ca.pem`",
    ),
    (";Failover Partner=db2", " without `Failover Partner`"),
    (";Integrated Security=SSPI", " without `Integrated Security`"),
    (
        ";Authentication=Active Directory Interactive",
        " whose `Authentication` is `Sql Password`, `Active Directory Managed Identity`",
    ),
    (
        ";Authentication=Active Directory Default",
        " without `Password`, because this `Authentication` needs none",
    ),
    (
        ";Authentication=Active Directory Service Principal",
        " whose `User ID` is `<client id>@<tenant id>`",
    ),
    (
        ";databaseName=crm",
        " of known keywords: that of pair 5 is not known, the nearest is `Database`",
    ),
    (
        ";Encrypts=true",
        " of known keywords: that of pair 5 is not known, the nearest is `Encrypt`",
    ),
    (";Password=a;b=c", " of known keywords: that of pair 6 is not known"),
    (
        ";Password=a;b",
        " of pairs `keyword=value`, but there is no `=` in pair 6",
    ),
    (
        ";Password='a",
        " in which the quotes around the value of pair 5 are closed",
    ),
];

/// Whole strings of other libraries.
const FOREIGN: [(&str, &str); 6] = [
    (
        "jdbc:sqlserver://db:1433;databaseName=crm;user=app;password=S3cret",
        ", not one of JDBC",
    ),
    (
        "Driver={ODBC Driver 18 for SQL Server};Server=tcp:db,1433;Database=crm;Uid=app;Pwd={S3cret};Encrypt=yes",
        ", not one of ODBC",
    ),
    (
        "Server=db;Database=crm;Driver={SQL Server};Uid=app;Pwd=S3cret",
        ", not one of ODBC",
    ),
    (
        "Provider=MSOLEDBSQL;Data Source=db;Initial Catalog=crm;User ID=app;Password=S3cret",
        ", not one of OLE DB",
    ),
    ("sqlserver://app:S3cret@db:1433/crm", ", not a URL"),
    ("sqlserver", " of pairs `keyword=value`, but there is no `=` in pair 1"),
];

#[test]
fn a_string_is_connected_with_as_ado_net_reads_it() {
    assert_eq!(outcome(PORTAL), "crm.database.windows.net:1433 crm app S3cret Required");
    for (added, expected) in USABLE {
        assert_eq!(outcome(&format!("{PLAIN}{added}")), expected, "{added}");
    }
}

#[test]
fn a_finding_says_which_part_is_wrong_and_never_a_value() {
    let added = REFUSED.map(|(added, expected)| (format!("{PLAIN}{added}"), expected));
    let whole = FOREIGN.map(|(text, expected)| (text.to_owned(), expected));
    for (text, expected) in added.into_iter().chain(whole) {
        let outcome = outcome(&text);
        assert!(outcome.starts_with(&format!("{NOUN}{expected}")), "{text}: {outcome}");
        assert!(!outcome.contains("S3cret"), "{outcome}");
    }
}

#[test]
fn connections_that_nobody_verifies_are_for_development() {
    for (added, expected) in [
        (";Encrypt=Optional", "db:1433 crm app S3cret Off"),
        (";Encrypt=DANGER_PLAINTEXT", "db:1433 crm app S3cret NotSupported"),
        (";TrustServerCertificate = 'Yes'", "db:1433 crm app S3cret Required Any"),
    ] {
        let string = ConnectionString::parse(&format!("{PLAIN}{added}"), true);
        assert_eq!(string.as_ref().map(shown).as_deref(), Ok(expected));
    }
    let both = format!("{PLAIN};TrustServerCertificate=True;TrustServerCertificateCA=ca.pem");
    assert!(ConnectionString::parse(&both, true).is_err());
}

#[test]
fn the_driver_gets_the_address_and_no_text_shows_the_password() {
    let string = ConnectionString::parse(PORTAL, false).unwrap();
    assert_eq!(string.config().get_addr(), "crm.database.windows.net:1433");
    assert!(!format!("{string:?}{:?}", string.config()).contains("S3cret"));
}
