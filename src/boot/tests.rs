use tempfile::TempDir;

use super::secret_reader::fake::{Answer, Fake, HOUR, OLD, ended};
use super::*;

const NEW: &str = "Server=db;Database=crm;User ID=app;Password=new";

/// With a database of its own; time and secrets are those of `fake`.
async fn boot(fake: &Arc<Fake>) -> (Boot, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("database").display());
    let environment = [
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("DATABASE", database.as_str()),
        ("SECOND_FACTOR_MECHANISMS", "none"),
        ("KEY_VAULT_URL", "https://ic.vault.azure.net"),
    ];
    let boot = Boot {
        clock: Arc::clone(fake) as Arc<dyn Clock>,
        secrets: Some(fake.reader()),
        ..Boot::new(&Environment::of(environment), 1)
    };
    boot.database().await.unwrap().migrate().await.unwrap();
    (boot, folder)
}

/// Whether the next request gets these services too, and whether the one after the read does that this has begun.
async fn stay(boot: &Boot, services: &Arc<Services>) -> (bool, bool) {
    let first = boot.services().await.unwrap();
    ended(boot.secrets.as_ref().unwrap()).await;
    let second = boot.services().await.unwrap();
    (Arc::ptr_eq(services, &first), Arc::ptr_eq(services, &second))
}

#[tokio::test]
async fn the_services_are_built_anew_when_the_schedule_finds_another_secret_and_only_then() {
    let fake = Fake::new();
    let (boot, _folder) = boot(&fake).await;
    let services = boot.services().await.unwrap();
    fake.has("new", OLD);
    fake.pass(HOUR / 2);
    assert_eq!(stay(&boot, &services).await, (true, true), "it is not time yet");
    assert_eq!(fake.reads(), 1);
    fake.pass(HOUR / 2);
    assert_eq!(
        stay(&boot, &services).await,
        (true, false),
        "no request waits for the vault"
    );
    let services = boot.services().await.unwrap();
    fake.pass(HOUR);
    assert_eq!(stay(&boot, &services).await, (true, true), "nothing has changed");
    fake.has("new", NEW);
    fake.pass(HOUR);
    assert_eq!(
        stay(&boot, &services).await,
        (true, true),
        "connections find their string themselves"
    );
    fake.answers(Answer::TimedOut);
    fake.pass(HOUR);
    assert_eq!(stay(&boot, &services).await, (true, true), "the vault is down");
    assert_eq!(fake.reads(), 5, "once each time");
}

#[test]
fn the_limits_without_settings_are_the_defaults_of_the_settings() {
    let unset = Boot::new(&Environment::default(), 1);
    assert!(unset.settings().is_err());
    let set = Boot::new(
        &Environment::of([
            ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
            ("DATABASE", "sqlserver"),
            ("SECOND_FACTOR_MECHANISMS", "none"),
            ("KEY_VAULT_URL", "https://ic.vault.azure.net"),
        ]),
        1,
    );
    assert!(set.settings().is_ok(), "{:?}", set.settings());
    assert_eq!(set.limits(), unset.limits());
}
