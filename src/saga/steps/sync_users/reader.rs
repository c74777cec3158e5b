//! Reads the CRM's rows and the accounts beside them, page by page. The check, the dry run and the import all read with it.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::super::payload_schema::PayloadSchema;
use crate::domain::ids::{BillerId, OnboardingId};
use crate::domain::issue::{Code, Field, Issue};
use crate::domain::user::{BarredUser, Checked, CrmUser, UserRow};
use crate::domain::user_set::Counts;
use crate::store::{Account, GuidRange, PoolNo, Store, StoreError};

/// Where pages are read.
#[derive(Debug, Clone, Copy)]
pub(in super::super::super) struct Reader<'a> {
    pub(in super::super::super) store: &'a dyn Store,
    pub(in super::super::super) biller_id: &'a BillerId,
    /// `None`: no accounts are read.
    pub(in super::super::super) pool: Option<PoolNo>,
    /// The run whose issues are left out; `None`: it has none.
    pub(in super::super::super) run: Option<OnboardingId>,
    /// `None`: the rows are not checked against the payload schema.
    pub(in super::super::super) schema: Option<&'a PayloadSchema>,
    /// Rows per page.
    pub(in super::super::super) limit: u32,
}

/// A page: every user of a range of GUIDs.
#[derive(Debug, Default)]
pub(in super::super::super) struct Page {
    pub(in super::super::super) users: Vec<UserInPage>,
    /// Users who have no account, and whose row gives no access: it is `deleted`, or has a data error too.
    pub(in super::super::super) barred: Vec<BarredUser>,
    /// Data errors that the run does not know yet.
    pub(in super::super::super) issues: Vec<Issue>,
    pub(in super::super::super) counts: Counts,
    /// The end of the range; `None`: it is the last page.
    pub(in super::super::super) last: Option<Uuid>,
    /// The range is the whole view, and the view shows no row.
    pub(in super::super::super) is_empty_view: bool,
}

/// One GUID.
#[derive(Debug)]
pub(in super::super::super) struct UserInPage {
    pub(in super::super::super) user_guid: Uuid,
    pub(in super::super::super) row: CrmRow,
    pub(in super::super::super) account: Option<Account>,
}

/// The CRM's rows with one GUID.
#[derive(Debug, Clone)]
pub(in super::super::super) enum CrmRow {
    Valid(CrmUser),
    /// A data error, also one that the run knows already, or a repeated GUID.
    Invalid {
        /// All the same the rows say that the user has no access: `inactive` or `deleted`.
        is_barred: bool,
    },
    /// Status `deleted`, or no row.
    Gone,
}

impl Reader<'_> {
    /// The first page of the range.
    pub(in super::super::super) async fn page(&self, range: GuidRange) -> Result<Page, StoreError> {
        let mut rows = self.store.users_page(self.biller_id, range, self.limit).await?;
        // Rows may vanish while they are read, so only a page without any row is the last one.
        let mut last = rows.last().and_then(|row| row.user_guid);
        let within = |last: Option<Uuid>| GuidRange {
            after: range.after,
            until: last.or(range.until),
        };
        let mut accounts = Vec::new();
        if let Some(pool) = self.pool {
            accounts = self.store.accounts_page(pool, within(last), self.limit).await?;
            let is_full = accounts.len() >= usize::try_from(self.limit).unwrap_or(usize::MAX);
            let end = accounts.last().map(|account| account.user_guid);
            // More accounts than rows: the page ends with the last account, and so do its rows, however many there are by now.
            if is_full && end != last {
                last = end;
                rows = self.store.users_page(self.biller_id, within(last), u32::MAX).await?;
            }
        }
        let known = match self.run {
            Some(run) => self.store.users_with_issues(run, within(last)).await?,
            None => HashSet::new(),
        };
        let mut page = Page {
            last,
            is_empty_view: rows.is_empty() && range == GuidRange::default(),
            ..Page::default()
        };
        page.merge(rows, accounts, &known, self.schema);
        Ok(page)
    }
}

impl Page {
    /// The range of GUIDs after this page; `None`: there is no further page.
    pub(in super::super::super) fn rest(&self, range: GuidRange) -> Option<GuidRange> {
        self.last.map(|last| GuidRange {
            after: Some(last),
            until: range.until,
        })
    }

    /// The CRM's users without data errors.
    pub(in super::super::super) fn valid(&self) -> impl Iterator<Item = &CrmUser> {
        self.users.iter().filter_map(|user| match &user.row {
            CrmRow::Valid(user) => Some(user),
            CrmRow::Invalid { .. } | CrmRow::Gone => None,
        })
    }

    fn merge(
        &mut self,
        rows: Vec<UserRow>,
        accounts: Vec<Account>,
        known: &HashSet<Uuid>,
        schema: Option<&PayloadSchema>,
    ) {
        let mut accounts: HashMap<Uuid, Account> = accounts
            .into_iter()
            .map(|account| (account.user_guid, account))
            .collect();
        self.users.reserve(rows.len());
        let mut rows = rows.into_iter().peekable();
        while let Some(row) = rows.next() {
            let Some(user_guid) = row.user_guid else { continue };
            let mut repeated = Vec::new();
            while let Some(next) = rows.next_if(|next| next.user_guid == Some(user_guid)) {
                repeated.push(next);
            }
            let mut judged = judge(user_guid, row, repeated, schema);
            if known.contains(&user_guid) {
                judged.is_known();
            }
            self.counts.add(judged.counts);
            self.issues.append(&mut judged.issues);
            let row = judged.row;
            let account = accounts.remove(&user_guid);
            self.barred.extend(judged.barred.filter(|_| account.is_none()));
            self.users.push(UserInPage {
                user_guid,
                row,
                account,
            });
        }
        self.users.extend(accounts.into_values().map(|account| UserInPage {
            user_guid: account.user_guid,
            row: CrmRow::Gone,
            account: Some(account),
        }));
        self.issues.sort_unstable();
        self.issues.dedup();
    }
}

/// What the rows with one GUID amount to.
pub(super) struct Judged {
    pub(super) row: CrmRow,
    /// If no row gives access, and none is valid.
    barred: Option<BarredUser>,
    issues: Vec<Issue>,
    counts: Counts,
    is_barred: bool,
}

/// Judges all rows with one GUID.
pub(super) fn judge(guid: Uuid, row: UserRow, repeated: Vec<UserRow>, schema: Option<&PayloadSchema>) -> Judged {
    let is_repeated = !repeated.is_empty();
    let is_barred = row.is_barred() && repeated.iter().all(UserRow::is_barred);
    let mut issues = Vec::new();
    let mut counts = Counts::default();
    let mut user = None;
    let barred = is_barred.then(|| row.barred_user(guid));
    for row in std::iter::once(row).chain(repeated) {
        match row.check() {
            Ok(Checked::Deleted) => {
                counts.deleted += 1;
                continue;
            }
            Ok(Checked::User(valid)) => {
                issues.extend(schema.map(|schema| schema.issues(&valid)).unwrap_or_default());
                user = Some(valid);
            }
            Err(found) => issues.extend(found),
        }
        counts.total += 1;
    }
    if is_repeated && counts.total > 0 {
        issues.push(Issue::of(Some(guid), Field::UserGuid, Code::Duplicate));
    }
    let row = match user {
        _ if !issues.is_empty() => CrmRow::Invalid { is_barred },
        Some(user) => CrmRow::Valid(user),
        None => CrmRow::Gone,
    };
    let mut judged = Judged {
        barred: barred.filter(|_| !matches!(row, CrmRow::Valid(_))),
        row,
        issues,
        counts,
        is_barred,
    };
    judged.count_invalid();
    judged
}

impl Judged {
    /// The run knows a data error of the rows already.
    fn is_known(&mut self) {
        self.issues.clear();
        if !matches!(self.row, CrmRow::Gone) {
            self.row = CrmRow::Invalid {
                is_barred: self.is_barred,
            };
        }
        self.count_invalid();
    }

    fn count_invalid(&mut self) {
        if matches!(self.row, CrmRow::Invalid { .. }) {
            self.counts.invalid = self.counts.total;
        }
    }
}
