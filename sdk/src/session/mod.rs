//! The login: its tokens, renewed by one caller for all, and kept so that no crash loses them.
//!
//! The lock of `held` is the single flight: whoever renews holds it, everybody else waits for it and finds the
//! successor. The stored refresh token stays until its successor has replaced it, and the server answers a repeated
//! refresh with the same successor, so a process may be killed anywhere in between.

mod store;
mod tokens;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use saathii_shared_types::auth::{RefreshRequest, TokenPair};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

pub use self::{
    store::{FileStore, MemoryStore, StoreError, TokenStore},
    tokens::Tokens,
};
use crate::{
    Error,
    transport::{Request, Transport},
};

/// Whether somebody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// The token store was not read yet.
    Unknown,
    /// Somebody is signed in.
    SignedIn,
    /// Nobody is: never was, or signed out here.
    SignedOut,
    /// The server ended the login: show the way to sign in again.
    Ended,
}

/// Whose doing the end of a login was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignOut {
    /// Signed out here.
    ByUser,
    /// Ended by the server: signed out on another device, suspended, expired.
    ByServer,
}

/// The login as it is, and as it changes ([`Client::session`](crate::Client::session)).
///
/// ```no_run
/// # async fn example(client: saathii_sdk::Client) {
/// use saathii_sdk::SignOut;
///
/// let mut session = client.session();
/// while let Some(sign_out) = session.signed_out().await {
///     match sign_out {
///         SignOut::ByUser => println!("Goodbye"),
///         SignOut::ByServer => println!("Please sign in again"),
///     }
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SessionWatch {
    logins: watch::Receiver<Login>,
    told_ends: u64,
}

impl SessionWatch {
    /// The state as it is.
    pub fn state(&self) -> SessionState {
        self.logins.borrow().state
    }

    /// Waits for a change; `None` once the client is gone.
    pub async fn changed(&mut self) -> Option<SessionState> {
        self.logins.changed().await.ok()?;
        Some(self.logins.borrow_and_update().state)
    }

    /// Waits until somebody is signed out who was signed in, and tells it once, also where the next login follows at
    /// once; `None` when the client is gone.
    pub async fn signed_out(&mut self) -> Option<SignOut> {
        let told_ends = self.told_ends;
        self.logins.wait_for(|login| login.ends != told_ends).await.ok()?;
        self.take_sign_out()
    }

    /// What [`signed_out`](Self::signed_out) would tell without waiting.
    pub fn take_sign_out(&mut self) -> Option<SignOut> {
        let Login { ends, last_end, .. } = *self.logins.borrow();
        let is_news = std::mem::replace(&mut self.told_ends, ends) != ends;
        last_end.filter(|_| is_news)
    }
}

/// Which login, and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Login {
    /// Counts logins, so that nothing of one is done in the name of the next.
    pub(crate) generation: u64,
    pub(crate) state: SessionState,
    /// Counts logins that ended, for whoever comes too late to see the state between two of them.
    ends: u64,
    last_end: Option<SignOut>,
}

impl Login {
    /// Waits until the login is not that of `generation`.
    pub(crate) async fn is_not(logins: &mut watch::Receiver<Self>, generation: u64) {
        let is_other = |login: &Self| login.generation != generation || login.state != SessionState::SignedIn;
        if logins.wait_for(is_other).await.is_err() {
            // The client is gone, and with it this task soon.
            std::future::pending::<()>().await;
        }
    }
}

/// Leave to send one request.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) token: String,
    pub(crate) generation: u64,
}

#[derive(Clone)]
pub(crate) struct Session(Arc<Inner>);

struct Inner {
    transport: Transport,
    store: Arc<dyn TokenStore>,
    held: Arc<Mutex<Held>>,
    login: watch::Sender<Login>,
    /// Refreshes that failed, so that whoever waited for one shares its failure instead of trying once more.
    failures: AtomicU64,
    /// The user is signing out: the server's farewell is no news.
    is_leaving: AtomicBool,
}

#[derive(Default)]
struct Held {
    is_loaded: bool,
    tokens: Option<Tokens>,
    /// The store refused these tokens; they are offered again.
    is_unsaved: bool,
    failure: Option<Error>,
    generation: u64,
}

impl Held {
    fn grant(&self) -> Result<Grant, Error> {
        let tokens = self.tokens.as_ref().ok_or(Error::SignedOut)?;
        Ok(Grant { token: tokens.access_token.clone(), generation: self.generation })
    }
}

impl Session {
    pub(crate) fn new(transport: Transport, store: Arc<dyn TokenStore>) -> Self {
        Self(Arc::new(Inner {
            transport,
            store,
            held: Arc::default(),
            login: watch::Sender::new(Login { generation: 0, state: SessionState::Unknown, ends: 0, last_end: None }),
            failures: AtomicU64::new(0),
            is_leaving: AtomicBool::new(false),
        }))
    }

    pub(crate) fn watch(&self) -> SessionWatch {
        let logins = self.logins();
        let told_ends = logins.borrow().ends;
        SessionWatch { logins, told_ends }
    }

    pub(crate) fn logins(&self) -> watch::Receiver<Login> {
        self.0.login.subscribe()
    }

    pub(crate) async fn is_signed_in(&self) -> Result<bool, Error> {
        Ok(self.loaded().await?.tokens.is_some())
    }

    /// A token that is good as far as one can know here, and is not `rejected`.
    pub(crate) async fn access(&self, rejected: Option<&str>) -> Result<Grant, Error> {
        let failures = self.0.failures.load(Ordering::Acquire);
        let mut held = self.loaded().await?;
        if held.is_unsaved {
            self.save(&mut held).await;
        }
        let tokens = held.tokens.as_ref().ok_or(Error::SignedOut)?;
        let is_rejected = rejected == Some(tokens.access_token.as_str());
        if !is_rejected && !tokens.is_due() {
            return held.grant();
        }
        if self.0.failures.load(Ordering::Acquire) != failures
            && let Some(error) = &held.failure
        {
            let error = error.clone();
            return make_do(&held, is_rejected, error);
        }
        self.renew_detached(held, is_rejected).await
    }

    /// Renews now, whatever the token says of itself.
    pub(crate) async fn renew(&self) -> Result<(), Error> {
        let held = self.loaded().await?;
        self.renew_detached(held, true).await.map(|_| ())
    }

    /// Keeps the tokens of a new login.
    pub(crate) async fn establish(&self, pair: TokenPair) {
        let mut held = self.0.held.clone().lock_owned().await;
        held.generation += 1;
        held.is_loaded = true;
        held.tokens = Some(Tokens::received(pair));
        held.is_unsaved = true;
        self.save(&mut held).await;
        tracing::info!("signed in");
        self.announce(&held, SessionState::SignedIn);
    }

    /// Forgets the login here, as its user asked.
    pub(crate) async fn forget(&self) -> Result<(), Error> {
        let mut held = self.0.held.clone().lock_owned().await;
        if !held.is_loaded
            && let Ok(tokens) = self.read_store().await
        {
            held.tokens = tokens;
        }
        self.end(&mut held, SignOut::ByUser).await
    }

    /// The server said elsewhere that the login of `generation` is over.
    pub(crate) async fn ended_by_server(&self, generation: u64) {
        let mut held = self.0.held.clone().lock_owned().await;
        if held.generation == generation && held.tokens.is_some() {
            self.end_by_server(&mut held).await;
        }
    }

    /// While the guard lives, the end of the login is the user's own doing.
    pub(crate) fn leaving(&self) -> Leaving<'_> {
        self.0.is_leaving.store(true, Ordering::Release);
        Leaving(&self.0.is_leaving)
    }

    async fn loaded(&self) -> Result<OwnedMutexGuard<Held>, Error> {
        let mut held = self.0.held.clone().lock_owned().await;
        if !held.is_loaded {
            held.tokens = self.read_store().await?;
            held.is_loaded = true;
            held.generation += 1;
            let state = if held.tokens.is_some() { SessionState::SignedIn } else { SessionState::SignedOut };
            self.announce(&held, state);
        }
        Ok(held)
    }

    /// In a task of its own: a caller that goes away must not take the successor with it.
    async fn renew_detached(&self, mut held: OwnedMutexGuard<Held>, is_rejected: bool) -> Result<Grant, Error> {
        let session = self.clone();
        let renewal = tokio::spawn(async move {
            match session.renew_held(&mut held).await {
                Ok(()) => held.grant(),
                Err(error) => {
                    held.failure = Some(error.clone());
                    session.0.failures.fetch_add(1, Ordering::AcqRel);
                    make_do(&held, is_rejected, error)
                }
            }
        });
        renewal.await.unwrap_or_else(|error| Err(Error::internal(error)))
    }

    async fn renew_held(&self, held: &mut Held) -> Result<(), Error> {
        if self.adopt(held).await && held.tokens.as_ref().is_some_and(|tokens| !tokens.is_due()) {
            return Ok(());
        }
        loop {
            let refresh_token = held.tokens.as_ref().ok_or(Error::SignedOut)?.refresh_token.clone();
            // The same token gives the same successor, so a lost answer is asked for again.
            let request = Request::post("/auth/refresh").json(&RefreshRequest { refresh_token })?.repeatable();
            match self.0.transport.send::<TokenPair>(&request, None).await {
                Ok(pair) => {
                    held.tokens = Some(Tokens::received(pair));
                    held.is_unsaved = true;
                    tracing::debug!("the login is renewed");
                    self.save(held).await;
                    return Ok(());
                }
                // Another client may have renewed it meanwhile.
                Err(error) if error.is_unauthorized() && self.adopt(held).await => {}
                Err(error) if error.is_unauthorized() => {
                    self.end_by_server(held).await;
                    return Err(Error::SignedOut);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes over what another client on the same store has renewed.
    async fn adopt(&self, held: &mut Held) -> bool {
        if held.is_unsaved {
            return false;
        }
        match self.read_store().await {
            Ok(Some(stored)) if held.tokens.as_ref().is_none_or(|held| held.refresh_token != stored.refresh_token) => {
                held.tokens = Some(stored);
                true
            }
            Ok(_) => false,
            Err(error) => {
                tracing::warn!(%error, "the token store could not be read before a refresh");
                false
            }
        }
    }

    async fn end_by_server(&self, held: &mut Held) {
        let is_leaving = self.0.is_leaving.load(Ordering::Acquire);
        let by = if is_leaving { SignOut::ByUser } else { SignOut::ByServer };
        if let Err(error) = self.end(held, by).await {
            // Harmless: the tokens are dead, and the next start finds that out.
            tracing::warn!(%error, "the token store kept the tokens of an ended login");
        }
    }

    async fn end(&self, held: &mut Held, by: SignOut) -> Result<(), Error> {
        held.is_loaded = true;
        held.is_unsaved = false;
        let was_signed_in = held.tokens.take().is_some();
        let cleared = self.with_store(TokenStore::clear).await;
        let state = match by {
            SignOut::ByUser => SessionState::SignedOut,
            SignOut::ByServer => SessionState::Ended,
        };
        self.0.login.send_if_modified(|login| {
            // A login that ended before does not end again.
            let is_news = was_signed_in || login.state == SessionState::Unknown;
            if is_news {
                (login.generation, login.state) = (held.generation, state);
            }
            if was_signed_in {
                tracing::info!(?by, "signed out");
                login.ends += 1;
                login.last_end = Some(by);
            }
            is_news
        });
        cleared
    }

    fn announce(&self, held: &Held, state: SessionState) {
        self.0.login.send_modify(|login| (login.generation, login.state) = (held.generation, state));
    }

    /// A store that fails costs nobody the login: the tokens stay here and are offered again.
    async fn save(&self, held: &mut Held) {
        let Some(tokens) = held.tokens.clone() else { return };
        match self.with_store(move |store| store.save(&tokens)).await {
            Ok(()) => held.is_unsaved = false,
            Err(error) => tracing::warn!(%error, "the token store did not save; it is asked again"),
        }
    }

    async fn read_store(&self) -> Result<Option<Tokens>, Error> {
        self.with_store(TokenStore::load).await
    }

    async fn with_store<T: Send + 'static>(
        &self,
        access: impl FnOnce(&(dyn TokenStore + 'static)) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.0.store.clone();
        let accessed = tokio::task::spawn_blocking(move || access(&*store)).await;
        accessed.map_err(Error::storage)?.map_err(Error::storage)
    }
}

/// After a failed renewal: a token that was not refused and has minutes left still serves.
fn make_do(held: &Held, is_rejected: bool, error: Error) -> Result<Grant, Error> {
    let is_alive = held.tokens.as_ref().is_some_and(|tokens| !tokens.has_ended());
    if is_alive && !is_rejected { held.grant() } else { Err(error) }
}

/// The user is signing out.
pub(crate) struct Leaving<'a>(&'a AtomicBool);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
