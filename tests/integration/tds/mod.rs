//! The SQL Server store against a server that speaks TDS 7.4 and nothing else: log-ins, TLS, errors and cut connections. It knows no
//! SQL; what statements mean is proved by `tests/integration/store/` on a T-SQL server.

mod entra;
mod faults;
mod log_in;
mod login;
mod packet;
mod reconnecting;
pub(crate) mod script;
pub(crate) mod server;
mod statements;
pub(crate) mod tls;
mod tokens;

use biller_onboarding::domain::ids::BillerId;
use biller_onboarding::domain::user::UserRow;
use biller_onboarding::settings::ConnectionString;
use biller_onboarding::store::sql_server::{SqlServerOptions, SqlServerStore};
use biller_onboarding::store::{GuidRange, Store, StoreError};

use self::server::TdsServer;

/// A store on this server. `more` is added to the connection string.
fn store(server: &TdsServer, more: &str) -> SqlServerStore {
    SqlServerStore::connect(&options(server, more)).unwrap()
}

fn options(server: &TdsServer, more: &str) -> SqlServerOptions {
    SqlServerOptions::new(config(server.address.port(), more))
}

fn config(port: u16, more: &str) -> tiberius::Config {
    let text =
        format!("Server=127.0.0.1,{port};Database=crm;User ID=app;Password=pä{{'x;Encrypt=DANGER_PLAINTEXT;{more}");
    ConnectionString::parse(&text, true).unwrap().config()
}

/// A page of users: one statement.
async fn page(store: &SqlServerStore) -> Result<Vec<UserRow>, StoreError> {
    let biller = BillerId::try_new("1876").unwrap();
    let range = GuidRange {
        after: None,
        until: None,
    };
    store.users_page(&biller, range, 100).await
}

/// What the log says of a failed call.
fn failure<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    let error = result.unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string);
    format!("{error}: {}", source.unwrap_or_default())
}
