//! `infra/sql/sql_server/sample_crm_other_keys.sql`: the views of a CRM whose keys are no GUIDs, as the handler reads them.

use biller_onboarding::settings::ConnectionString;
use biller_onboarding::store::sql_server::{SqlServerOptions, SqlServerStore};
use biller_onboarding::store::{GuidRange, Store, Verdict};

use super::fixtures::{biller, guid};
use super::own_database::{Connection, OwnDatabase, on_own_database, say, statement};

const SCRIPT: &str = include_str!("../../../infra/sql/sql_server/sample_crm_other_keys.sql");

/// One user with each key: two GUIDs, one of them between blanks, and texts that are none.
const USERS: &str = "INSERT INTO crm2.Biller (BillerNo, BillerCode, BillerName) VALUES (1876, 'A1876', N'City of Sample'); \
    INSERT INTO crm2.BillerUser (BillerNo, BillerCode, UserKey, UserName, Email, Status) \
    SELECT 1876, 'A1876', k.UserKey, N'jane', N'jane@example.org', N'active' FROM (VALUES \
        ('00000000-0000-0000-0000-000000000001'), (' 00000000-0000-0000-0000-00000000000a '), \
        ('00000000-0000-0000-0000-00000000000g'), ('00000000-0000-0000-0000-0000000000010'), \
        ('00000000000000000000000000000001'), ('1234'), (''), (NULL)) AS k (UserKey)";

#[tokio::test]
#[cfg_attr(not(sql_server), ignore = "TEST_SQL_SERVER is not set")]
async fn numbers_and_texts_are_read_as_biller_ids_and_guids() {
    on_own_database(async |own| read(own).await).await;
}

async fn version(connection: &mut Connection) -> String {
    let answer = connection.simple_query("SELECT @@VERSION").await.unwrap();
    let row = answer.into_row().await.unwrap().unwrap();
    row.get::<&str, _>(0).unwrap_or_default().to_owned()
}

async fn read(own: &OwnDatabase) {
    let mut connection = own.connect().await;
    let config = ConnectionString::parse(&own.connection_string(), true)
        .unwrap()
        .config();
    let store = SqlServerStore::connect(&SqlServerOptions::new(config)).unwrap();
    store.migrate().await.unwrap();
    if let Err(error) = statement(&mut connection, SCRIPT).await {
        let is_microsofts = version(&mut connection).await.starts_with("Microsoft");
        assert!(!is_microsofts, "{error}");
        say(&format!(
            "skipped: this engine does not take sample_crm_other_keys.sql: {error}"
        ));
        return;
    }
    statement(&mut connection, USERS).await.unwrap();
    let (id, all) = (biller("1876"), GuidRange::default());
    let view = store.biller(&id, 0).await.unwrap().expect("is found by its number");
    assert_eq!(view.name.as_deref(), Ok("City of Sample"));
    let page = store.users_page(&id, all, 1_000).await.unwrap();
    let guids: Vec<_> = page.iter().map(|user| user.user_guid).collect();
    assert_eq!(guids, [Some(guid(1)), Some(guid(10))]);
    assert_eq!(store.users_without_guid(&id).await.unwrap(), 6);

    let findings = store.check().await.unwrap();
    let of_views = findings
        .iter()
        .filter(|finding| finding.about.starts_with("ciam.Biller"));
    let to_do: Vec<_> = of_views.filter(|finding| finding.verdict == Verdict::ToDo).collect();
    assert!(to_do.is_empty(), "{to_do:?}");
}
