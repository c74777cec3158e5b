//! What the store sends for many rows: the same texts for any number of them, and few bytes for each user.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use biller_onboarding::domain::ids::{BillerId, OnboardingId, WorkerId};
use biller_onboarding::domain::issue::{Code, Field, Issue};
use biller_onboarding::domain::journal::Entry;
use biller_onboarding::domain::run::Progress;
use biller_onboarding::domain::tally::{Effect, Tally};
use biller_onboarding::domain::user::Status;
use biller_onboarding::store::sql_server::SqlServerStore;
use biller_onboarding::store::{
    Account, AccountChanges, Batch, Cursor, GuidRange, HashedValue, Lease, PoolNo, PoolUser, Store,
};
use uuid::Uuid;

use super::script::{Answer, Column, Rows, Type};
use super::server::{Behaviour, TdsServer};
use super::store;

const RUN: OnboardingId = OnboardingId(Uuid::from_u128(7));
const LEASE: Lease = Lease {
    onboarding_id: RUN,
    worker: WorkerId(Uuid::from_u128(8)),
    version: 1,
};
const POOL: PoolNo = PoolNo(3);

/// A store, and what it sends.
struct Sending {
    server: TdsServer,
    store: SqlServerStore,
    texts: Arc<Mutex<BTreeSet<String>>>,
}

impl Sending {
    async fn start() -> Self {
        let texts = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = Arc::clone(&texts);
        let statements = move |text: &str| {
            seen.lock().unwrap().insert(text.to_owned());
            answer(text)
        };
        let server = TdsServer::start(Behaviour {
            statements: Box::new(statements),
            ..Behaviour::default()
        })
        .await;
        let store = store(&server, "");
        Self { server, store, texts }
    }

    async fn write(&self, batch: &Batch) {
        self.store.write(&LEASE, batch).await.unwrap();
    }

    /// The three statements with which a run reads a page.
    async fn read_page(&self, limit: u32) {
        let range = GuidRange {
            after: Some(guid(0)),
            until: None,
        };
        self.store.users_page(&biller(), range, limit).await.unwrap();
        self.store.accounts_page(POOL, range, limit).await.unwrap();
        self.store.users_with_issues(RUN, range).await.unwrap();
    }
}

/// A leased row was changed, issues were kept, and there is nothing to read.
fn answer(text: &str) -> Answer {
    let one = |name, of, cell: &[u8]| {
        Answer::Rows(Rows {
            columns: vec![Column { name, of }],
            rows: vec![vec![cell.to_vec()]],
        })
    };
    if text.contains("AS Changed") {
        one("Changed", Type::Int, &1_i32.to_le_bytes())
    } else if text.contains("AS [Kept]") {
        one("Kept", Type::BigInt, &1_i64.to_le_bytes())
    } else {
        Answer::Done
    }
}

fn biller() -> BillerId {
    BillerId::try_new("1876").unwrap()
}

fn guid(number: usize) -> Uuid {
    Uuid::from_u128(0x5A3C_91E7_0000_4000_8000_0000_0000_0000 + u128::try_from(number).unwrap())
}

fn guids(number: usize) -> Vec<Uuid> {
    (1..=number).map(guid).collect()
}

/// An account as an import opens it.
fn joiner(user_guid: Uuid) -> Account {
    let hash = Some(*user_guid.as_bytes());
    Account {
        user_id: None,
        open: true,
        created_by: Some(RUN),
        name_hash: hash,
        address_hash: hash,
        profile_hash: hash,
        status_sent: Some(Status::Active),
        ..Account::linked(user_guid, String::new()).adopted()
    }
}

fn opening(users: &[Uuid]) -> Batch {
    let changes = AccountChanges {
        put: users.iter().copied().map(joiner).collect(),
        ..AccountChanges::of(POOL)
    };
    Batch {
        accounts: Some(changes),
        ..Batch::default()
    }
}

/// What is recorded of an import that was accepted.
fn settling(users: &[Uuid], tally: Option<Tally>, cursor: Option<Uuid>) -> Batch {
    let changes = AccountChanges {
        settled: users.to_vec(),
        ..AccountChanges::of(POOL)
    };
    let imported = u64::try_from(users.len()).unwrap();
    Batch {
        accounts: Some(changes),
        progress: Some(Progress {
            users_total: 100_000,
            imported,
            ..Progress::default()
        }),
        tally,
        is_progress: true,
        cursor: cursor.map(Cursor::At),
        ..Batch::default()
    }
}

/// Every kind of record, this many of each.
fn everything(number: usize) -> Batch {
    let users = guids(number);
    let pool_user = |user: &Uuid| PoolUser {
        user_id: user.to_string(),
        identifier: "jane".to_owned(),
    };
    let changes = AccountChanges {
        put: users.iter().copied().map(joiner).collect(),
        settled: users.clone(),
        opened: users.clone(),
        nameless: users.clone(),
        addressless: users.clone(),
        removed: users.clone(),
        ..AccountChanges::of(POOL)
    };
    let issue = |user: &Uuid| Issue::of(Some(*user), Field::Email, Code::Missing);
    Batch {
        entries: vec![
            Entry::DeletePool {
                pool_id: "pool-1".into()
            };
            number.min(9)
        ],
        accounts: Some(changes),
        pool_users_before: users.iter().map(pool_user).collect(),
        issues: users.iter().map(issue).collect(),
        ..Batch::default()
    }
}

/// The texts of all statements that carry a list.
async fn texts(number: usize) -> BTreeSet<String> {
    let sending = Sending::start().await;
    sending.write(&everything(number)).await;
    let (store, users) = (&sending.store, guids(number));
    store.users_by_guid(&biller(), &users).await.unwrap();
    let hashes: Vec<_> = users.iter().map(|user| *user.as_bytes()).collect();
    for value in [HashedValue::UserName, HashedValue::Address] {
        store.accounts_by(value, &hashes, POOL).await.unwrap();
    }
    let ids: Vec<String> = users.iter().map(Uuid::to_string).collect();
    store.accounts_by_user_id(&ids, POOL).await.unwrap();
    store
        .pool_users_before(RUN, &everything(number).pool_users_before)
        .await
        .unwrap();
    sending.read_page(u32::try_from(number).unwrap()).await;
    sending.texts.lock().unwrap().clone()
}

#[tokio::test]
async fn no_text_of_a_statement_depends_on_the_number_of_its_rows() {
    let few = texts(10).await;
    assert!(few.len() > 15, "{few:#?}");
    assert_eq!(few, texts(100).await);
    assert_eq!(few, texts(1_000).await);
}

/// A page of 1,000 new users, as a run sends it: read by the check and by the import, opened at once, and settled by chunks of 100 in a
/// transaction each.
#[tokio::test]
async fn an_imported_user_costs_at_most_300_bytes_on_the_way_to_the_server() {
    let sending = Sending::start().await;
    sending.read_page(1).await;
    let connected = sending.server.received();
    sending.read_page(1_000).await;
    sending.read_page(1_000).await;
    let users = guids(1_000);
    sending.write(&opening(&users)).await;
    let mut tally = Tally::default();
    for user in &users {
        tally.name(Effect::Imported, *user);
    }
    let mut tally = Some(tally);
    for chunk in users.chunks(100) {
        let is_last = chunk.last() == users.last();
        let cursor = users.last().copied().filter(|_| is_last);
        sending.write(&settling(chunk, tally.take(), cursor)).await;
    }
    let sent = sending.server.received() - connected;
    let each = sent / users.len();
    assert!(each <= 300, "{each} bytes for each user");
}
