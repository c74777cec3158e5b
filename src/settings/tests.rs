use super::*;

const PRODUCTION: [(&str, &str); 3] = [
    ("DATABASE", "sqlserver"),
    ("KEY_VAULT_URL", "https://ic.vault.azure.net"),
    ("SECOND_FACTOR_MECHANISMS", "totp,webauthn"),
];

/// Secrets may be in the environment beside a vault there only.
const DEVELOPMENT: (&str, &str) = ("AZURE_FUNCTIONS_ENVIRONMENT", "Development");

fn read(pairs: &[(&str, &str)]) -> Result<Settings, Findings> {
    Settings::read(&Environment::of(pairs.iter().copied()))
}

fn variables(findings: &Findings) -> Vec<&str> {
    findings.iter().map(|finding| finding.variable.as_ref()).collect()
}

#[test]
fn production_needs_a_database_a_vault_and_a_decision_about_the_second_factor() {
    let settings = read(&PRODUCTION).unwrap();
    assert!(!settings.is_development);
    assert!(settings.sources.need_vault());
}

#[test]
fn everything_that_is_missing_is_found_at_once() {
    let findings = read(&[]).unwrap_err();
    assert_eq!(
        variables(&findings),
        [
            "DATABASE",
            "SECUREAUTH_TENANT_ID",
            "SECUREAUTH_PAYLOAD_SCHEMA_ID",
            "SECUREAUTH_CLIENT_ID",
            "SECUREAUTH_CLIENT_SECRET",
            "SECOND_FACTOR_MECHANISMS",
        ]
    );
}

#[test]
fn without_a_vault_sql_server_needs_its_connection_string() {
    let findings = read(&[("DATABASE", "sqlserver")]).unwrap_err();
    assert!(findings.names("SQLSERVER_CONNECTION_STRING"));
}

#[test]
fn a_secret_in_the_environment_beside_the_vault_is_found_outside_development() {
    for (variable, value) in [
        ("SECUREAUTH_TENANT_ID", "dev"),
        ("SECUREAUTH_CLIENT_SECRET", "S3CRET"),
        (
            "SQLSERVER_CONNECTION_STRING",
            "Server=db;Database=crm;User ID=app;Password=S3CRET",
        ),
    ] {
        let both = [&PRODUCTION[..], &[(variable, value)]].concat();
        let findings = read(&both).unwrap_err();
        assert_eq!(variables(&findings), [variable]);
        assert!(findings.to_string().contains("KEY_VAULT_URL") && !findings.to_string().contains("S3CRET"));
        assert!(read(&[&both[..], &[DEVELOPMENT]].concat()).is_ok());
    }
}

#[test]
fn a_wrong_vault_is_one_finding() {
    let mut pairs = PRODUCTION;
    pairs[1].1 = "ic.vault.azure.net";
    assert_eq!(variables(&read(&pairs).unwrap_err()), ["KEY_VAULT_URL"]);
}

#[test]
fn findings_never_hold_a_value() {
    let marked = "MARKED VALUE";
    let environment = Environment::of(
        Settings::read_all(&Environment::default())
            .1
            .iter()
            .map(|known| (known.name, marked)),
    );
    let findings = Settings::read(&environment).unwrap_err();
    assert!(findings.iter().count() > 50);
    assert!(!findings.to_string().contains("MARKED"));
    assert!(!format!("{findings:?}").contains("MARKED"));
}

/// Variables that the platform sets; any value of them is accepted.
const ANYTHING: [&str; 5] = [
    "AZURE_FUNCTIONS_ENVIRONMENT",
    "FUNCTIONS_APP_ROOT_PATH",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "AZURE_CLIENT_ID",
];

#[test]
fn a_wrong_variable_is_the_only_finding_and_says_what_is_expected() {
    for known in Settings::read_all(&Environment::default()).1 {
        for wrong in ["\u{1}", "{", "\u{e9}", &"MARKED ".repeat(1000)] {
            let mut pairs: Vec<_> = PRODUCTION.into_iter().filter(|(name, _)| *name != known.name).collect();
            pairs.push((known.name, wrong));
            let found = read(&pairs).err().unwrap_or_default();
            // `{` can be a valid client id or client secret.
            let may_be_right = ANYTHING.contains(&known.name) || (wrong == "{" && known.name.contains("_CLIENT_"));
            assert!(
                may_be_right || variables(&found) == [known.name],
                "{}: {found}",
                known.name
            );
            assert!(found.iter().all(|finding| !finding.expected.is_empty()));
        }
    }
}

#[test]
fn a_key_vault_reference_that_was_not_resolved_is_a_finding_for_every_setting() {
    let references = [
        "@Microsoft.KeyVault(SecretUri=https://marked.vault.azure.net/secrets/marked)",
        " @microsoft.keyvault(VaultName=marked;SecretName=marked)",
    ];
    for known in Settings::read_all(&Environment::default()).1 {
        for reference in references {
            let mut pairs: Vec<_> = PRODUCTION.into_iter().filter(|(name, _)| *name != known.name).collect();
            pairs.push((known.name, reference));
            let findings = read(&pairs).expect_err(known.name);
            assert_eq!(variables(&findings), [known.name]);
            let told = findings.to_string();
            assert!(told.contains("did not resolve this Key Vault reference"), "{told}");
            for part in ["identity", "access", "secret's name"] {
                assert!(told.contains(part), "{told}");
            }
            assert!(!told.contains("marked"), "{told}");
        }
    }
}

#[test]
fn what_only_speaks_of_the_vault_is_no_reference() {
    for secret in ["@Microsoft.KeyVault", "x@Microsoft.KeyVault(", "@"] {
        let given = [DEVELOPMENT, ("SECUREAUTH_CLIENT_SECRET", secret)];
        assert!(read(&[PRODUCTION.as_slice(), &given].concat()).is_ok());
    }
}

#[test]
fn debug_output_holds_no_credential() {
    let given = [
        DEVELOPMENT,
        ("SECUREAUTH_CLIENT_ID", "marked-id"),
        ("SECUREAUTH_CLIENT_SECRET", "marked-secret"),
        (
            "SQLSERVER_CONNECTION_STRING",
            "Server=db;Database=crm;User ID=app;Password=marked-password",
        ),
    ];
    let settings = read(&[PRODUCTION.as_slice(), &given].concat()).unwrap();
    assert!(!format!("{settings:?}").contains("marked"));
}

#[test]
#[cfg(feature = "sqlite")]
fn sqlite_plain_http_and_unverified_certificates_are_refused_outside_development() {
    let pairs = [
        ("SECUREAUTH_BASE_URL", "http://127.0.0.1:9000"),
        ("DATABASE", "sqlite:local.db"),
        (
            "SQLSERVER_CONNECTION_STRING",
            "Server=db;Database=crm;User ID=app;Password=p;TrustServerCertificate=true",
        ),
        ("SECOND_FACTOR_MECHANISMS", "none"),
        ("KEY_VAULT_URL", "https://ic.vault.azure.net"),
    ];
    let findings = read(&pairs).unwrap_err();
    assert_eq!(
        variables(&findings),
        ["DATABASE", "SQLSERVER_CONNECTION_STRING", "SECUREAUTH_BASE_URL"]
    );
    let development = [("AZURE_FUNCTIONS_ENVIRONMENT", "Development")];
    assert!(read(&[pairs.as_slice(), &development].concat()).is_ok());
}
