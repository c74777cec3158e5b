//! A running simulator, with the admin API as methods.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::admin::{self, Activation, CodeEntry, Inventory, Person, PoolUser, Seed, SeedError, SignIn};
use crate::app::App;
use crate::calls::CallRecord;
use crate::faults::{ActiveFault, Fault};
use crate::options::Options;
use crate::outbox::Message;
use crate::server::{Connection, CuttableListener, router};
use crate::switches::{SwitchError, SwitchInfo};

/// A simulator that listens until it is dropped.
///
/// It runs on threads of its own, so that tests can start and drop it inside and outside an async
/// runtime, and so that it does not stop when a test pauses the time.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    app: Arc<App>,
    runtime: Option<Runtime>,
}

impl Simulator {
    /// Starts listening.
    ///
    /// # Errors
    /// When the address cannot be bound or threads cannot be started.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.worker_threads.max(1))
            .thread_name("simulator")
            .enable_all()
            .build()?;
        let app = Arc::new(App::new(options));
        let service = router(Arc::clone(&app)).into_make_service_with_connect_info::<Connection>();
        let listener = {
            let _context = runtime.enter();
            CuttableListener(TcpListener::from_std(listener)?)
        };
        runtime.spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(%error, "the simulator stopped listening");
            }
        });
        Ok(Self {
            address,
            app,
            runtime: Some(runtime),
        })
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The tenant id, in every path.
    pub fn tenant(&self) -> &str {
        &self.app.tenant
    }

    /// Organizations, pools and user counts as they are now, without lag.
    pub fn inventory(&self) -> Inventory {
        admin::take_inventory(&self.app)
    }

    /// Up to `limit` users of a pool after an id, by id; `None` when there is no such pool.
    pub fn pool_users(&self, pool: &str, after: Option<&str>, limit: usize) -> Option<Vec<PoolUser>> {
        admin::pool_users(&self.app, pool, after, limit)
    }

    /// The calls so far, oldest first.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.app.calls().all()
    }

    /// Empties the call log.
    pub fn clear_calls(&self) {
        self.app.calls().clear();
    }

    /// The faults in force.
    pub fn faults(&self) -> Faults<'_> {
        Faults(&self.app)
    }

    /// Every switch with its value, and whether that decided something since it was set.
    pub fn switches(&self) -> Vec<SwitchInfo> {
        self.app.switches().list()
    }

    /// Sets a switch.
    ///
    /// # Errors
    /// [`SwitchError`] when there is no such switch or it does not take the value.
    pub fn set_switch(&self, name: &str, value: &str) -> Result<(), SwitchError> {
        self.app.change_switches(|switches| switches.set(name, value))
    }

    /// Creates the resources of a seed.
    ///
    /// # Errors
    /// [`SeedError`] when the API's checks refuse a part. The parts before it were created.
    pub fn seed(&self, seed: Seed) -> Result<(), SeedError> {
        admin::plant(&self.app, seed)
    }

    /// Moves the clock forward: token expiry, idempotency keys, lag.
    pub fn advance(&self, by: Duration) {
        self.app.clock.advance(by);
    }

    /// Makes every token issued so far invalid.
    pub fn revoke_tokens(&self) {
        self.app.tokens().revoke_all();
    }

    /// An administrator rotates a client's secret: the old one is refused from now on, and tokens that it got stay valid. `false` when
    /// there is no such client.
    pub fn rotate_secret(&self, client_id: &str, secret: &str) -> bool {
        let mut clients = self.app.clients();
        let client = clients.iter_mut().find(|client| client.id == client_id);
        client.map(|client| secret.clone_into(&mut client.secret)).is_some()
    }

    /// A user of a pool enrolls a password, as a person does; `false` when there is no such user or nobody may sign in.
    pub fn enroll(&self, pool: &str, user: &str) -> bool {
        admin::enroll(&self.app, pool, user, "password")
    }

    /// A user of a pool enrolls `password`, `totp` or `webauthn`, as a person does; `false` when there is no such user or kind, or
    /// nobody may sign in.
    pub fn enroll_factor(&self, pool: &str, user: &str, kind: &str) -> bool {
        admin::enroll(&self.app, pool, user, kind)
    }

    /// An administrator sets an organization's `deactivated` flag in the console; `false` when there is no such organization.
    pub fn set_deactivated(&self, organization: &str, deactivated: bool) -> bool {
        admin::set_deactivated(&self.app, organization, deactivated)
    }

    /// An administrator deletes a user in the console; `false` when the pool has no such user.
    pub fn remove_user(&self, pool: &str, user: &str) -> bool {
        admin::remove_user(&self.app, pool, user)
    }

    /// A new user of a pool completes the activation by this address, or by the only one: the user becomes active, the address
    /// verified and an identifier of the user.
    pub fn activate(&self, pool: &str, user: &str, address: Option<&str>) -> Activation {
        admin::activate(&self.app, pool, user, address)
    }

    /// Signs a user in to a workspace, which opens a session.
    pub fn sign_in(&self, workspace_id: &str, identifier: &str) -> SignIn {
        admin::sign_in(&self.app, anybody(workspace_id, identifier))
    }

    /// Whether a user could sign in to a workspace. Opens no session.
    pub fn may_sign_in(&self, workspace_id: &str, identifier: &str) -> SignIn {
        admin::may_sign_in(&self.app, anybody(workspace_id, identifier))
    }

    /// As [`Simulator::sign_in`], with this password as the first factor.
    pub fn sign_in_with_password(&self, workspace_id: &str, identifier: &str, password: &str) -> SignIn {
        let person = Person {
            password: Some(password),
            ..anybody(workspace_id, identifier)
        };
        admin::sign_in(&self.app, person)
    }

    /// The first factors on a workspace's sign-in page: those that pool and organization allow. None where there is no page.
    pub fn offered_factors(&self, workspace_id: &str) -> Vec<String> {
        admin::offered_factors(&self.app, workspace_id)
    }

    /// A person asks on a workspace's sign-in page for a password reset, by user name and address or by a verified address alone. The
    /// page tells nobody whether a message is sent.
    pub fn ask_for_reset(&self, workspace_id: &str, user_name: Option<&str>, address: &str) {
        admin::ask_for_reset(&self.app, workspace_id, user_name, address);
    }

    /// An administrator has an activation message sent to a new user of the organization; `false` when there is no such user.
    pub fn invite(&self, organization: &str, user_name: &str) -> bool {
        admin::invite(&self.app, organization, user_name)
    }

    /// The messages so far, oldest first: what people find in their mail, with the codes.
    pub fn outbox(&self) -> Vec<Message> {
        admin::outbox(&self.app)
    }

    /// A person enters the code of a message: a reset takes the new password, an activation may take one.
    pub fn enter_code(&self, code: &str, password: Option<&str>) -> CodeEntry {
        admin::enter_code(&self.app, code, password)
    }

    /// Number of a user's open sessions, also of one who was deleted.
    pub fn sessions(&self, pool: &str, user: &str) -> usize {
        admin::sessions(&self.app, pool, user)
    }
}

/// A person who uses any factor at hand.
fn anybody<'a>(workspace_id: &'a str, identifier: &'a str) -> Person<'a> {
    Person {
        workspace_id,
        identifier,
        password: None,
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Does not block, so it may be called inside another runtime.
            runtime.shutdown_background();
        }
    }
}

/// The faults of a simulator.
#[derive(Debug)]
pub struct Faults<'a>(&'a App);

impl Faults<'_> {
    /// Adds a fault. Returns its number.
    ///
    /// # Panics
    /// When the fault can apply to no call, for example because no operation has its name.
    #[expect(clippy::must_use_candidate, reason = "most tests never remove a fault")]
    pub fn add(&self, fault: Fault) -> u64 {
        let checked = fault.check();
        assert!(checked.is_ok(), "{checked:?}: {fault:?}");
        self.0.faults().add(fault)
    }

    /// The faults with counts of their calls.
    pub fn list(&self) -> Vec<ActiveFault> {
        self.0.faults().list()
    }

    /// Removes one; false when there is none of that number.
    pub fn remove(&self, id: u64) -> bool {
        self.0.faults().remove(id)
    }

    /// Removes all.
    pub fn clear(&self) {
        self.0.faults().clear();
    }
}
