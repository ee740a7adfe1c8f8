use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Response, Url};
use saathii_shared_types::events::Topic;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::{
    Error, MemoryStore, RetryPolicy, SessionWatch, Socket, TokenStore,
    api::{
        AuthApi, BlocksApi, CallsApi, FavoritesApi, FeedApi, PresenceApi, RechargesApi, ReportsApi, UsersApi,
        VerificationApi, WalletApi, WithdrawalsApi,
    },
    heartbeat,
    own_events::OwnEvents,
    session::Session,
    tls,
    transport::{Request, Timeouts, Transport},
};

/// The way to one server, for one user at a time; clones share everything.
///
/// ```no_run
/// # async fn example() -> Result<(), saathii_sdk::Error> {
/// use saathii_sdk::{Client, FileStore};
///
/// let client = Client::builder()
///     .base_url("https://api.example.com")
///     .token_store(FileStore::new("login.json"))
///     .build()?;
/// if client.is_signed_in().await? {
///     println!("Hello, {}", client.users().me().await?.username);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) transport: Transport,
    pub(crate) session: Session,
    pub(crate) socket_tls: Arc<rustls::ClientConfig>,
    pub(crate) user_agent: String,
    pub(crate) timeouts: Timeouts,
    pub(crate) reasons: watch::Sender<heartbeat::Reasons>,
    pub(crate) own_events: OwnEvents,
    /// Counts reasons to look after sockets at once.
    pub(crate) nudges: watch::Sender<u64>,
    heartbeat: OnceLock<()>,
}

impl Client {
    /// Begins a client; everything has a default.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Signing in and out.
    pub fn auth(&self) -> AuthApi<'_> {
        AuthApi { client: self }
    }

    /// One's own profile.
    pub fn users(&self) -> UsersApi<'_> {
        UsersApi { client: self }
    }

    /// Who is there, and who is free.
    pub fn presence(&self) -> PresenceApi<'_> {
        PresenceApi { client: self }
    }

    /// Listeners to call.
    pub fn feed(&self) -> FeedApi<'_> {
        FeedApi { client: self }
    }

    /// Paid calls, on either side.
    pub fn calls(&self) -> CallsApi<'_> {
        CallsApi { client: self, key: None }
    }

    /// One's own coins and earnings.
    pub fn wallet(&self) -> WalletApi<'_> {
        WalletApi { client: self }
    }

    /// Buying coins.
    pub fn recharges(&self) -> RechargesApi<'_> {
        RechargesApi { client: self, key: None }
    }

    /// Having earnings paid out.
    pub fn withdrawals(&self) -> WithdrawalsApi<'_> {
        WithdrawalsApi { client: self, key: None }
    }

    /// Listeners to come back to.
    pub fn favorites(&self) -> FavoritesApi<'_> {
        FavoritesApi { client: self }
    }

    /// People to hear nothing of.
    pub fn blocks(&self) -> BlocksApi<'_> {
        BlocksApi { client: self }
    }

    /// Complaints about people.
    pub fn reports(&self) -> ReportsApi<'_> {
        ReportsApi { client: self }
    }

    /// Becoming a listener who may be called.
    pub fn verification(&self) -> VerificationApi<'_> {
        VerificationApi { client: self }
    }

    /// Opens a socket that stays open until it is dropped or the login ends.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn socket(&self, topic: Topic) -> Socket {
        Socket::open(self.clone(), topic)
    }

    /// Whether somebody is signed in, as far as one knows here; reads the token store the first time.
    pub async fn is_signed_in(&self) -> Result<bool, Error> {
        self.inner.session.is_signed_in().await
    }

    /// The login as it changes: signed in, signed out, ended by the server.
    pub fn session(&self) -> SessionWatch {
        self.inner.session.watch()
    }

    /// Tells whether the app is on screen: while it is and somebody is signed in, a heartbeat goes out every 30
    /// seconds, and so it does in a call that is followed. A client begins in the background.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn set_foreground(&self, is_foreground: bool) {
        if is_foreground {
            self.start_heartbeat();
        }
        let has_changed = self.inner.reasons.send_if_modified(|reasons| {
            let was_foreground = std::mem::replace(&mut reasons.is_foreground, is_foreground);
            was_foreground != is_foreground
        });
        if is_foreground && has_changed {
            self.network_changed();
        }
    }

    pub(crate) fn start_heartbeat(&self) {
        self.inner.heartbeat.get_or_init(|| heartbeat::start(&self.inner));
    }

    /// Tells that the network changed: sockets check their connection now, and those that wait connect at once.
    pub fn network_changed(&self) {
        self.inner.nudges.send_modify(|count| *count += 1);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Inner {
    /// Sends as the signed-in user.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        self.as_user(|token| async move { self.transport.send(request, Some(&token)).await }).await
    }

    /// As [`call`](Self::call), for an answer that is read piece by piece.
    pub(crate) async fn open(&self, request: &Request) -> Result<Response, Error> {
        self.as_user(|token| async move { self.transport.open(request, Some(&token)).await }).await
    }

    /// A refused token is renewed once.
    async fn as_user<T, F>(&self, send: impl Fn(String) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let grant = self.session.access(None).await?;
        let refusal = match send(grant.token.clone()).await {
            Err(error) if error.is_unauthorized() => error,
            answer => return answer,
        };
        let renewed = self.session.access(Some(&grant.token)).await?;
        if renewed.generation != grant.generation {
            // Somebody else signed in meanwhile, and the request was not theirs.
            return Err(refusal);
        }
        send(renewed.token).await
    }
}

/// Builds a [`Client`].
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    base_url: String,
    store: Arc<dyn TokenStore>,
    user_agent: String,
    timeouts: Timeouts,
    retry: RetryPolicy,
    root_certificates: Vec<Vec<u8>>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            base_url: "http://localhost:8000".to_owned(),
            store: Arc::new(MemoryStore::new()),
            user_agent: concat!("saathii-sdk/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                request: Duration::from_secs(20),
                transfer: Duration::from_mins(5),
            },
            retry: RetryPolicy::default(),
            root_certificates: Vec::new(),
        }
    }
}

impl ClientBuilder {
    /// Where the server is, with `http` or `https`; by default `http://localhost:8000`.
    pub fn base_url(self, url: impl Into<String>) -> Self {
        Self { base_url: url.into(), ..self }
    }

    /// Where the login is kept; by default in memory.
    pub fn token_store(self, store: impl TokenStore) -> Self {
        Self { store: Arc::new(store), ..self }
    }

    /// How the app names itself to the server.
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        Self { user_agent: user_agent.into(), ..self }
    }

    /// How long connecting may take; by default 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.connect = timeout;
        self
    }

    /// How long one attempt of a request may take; by default 20 seconds.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.request = timeout;
        self
    }

    /// How long one attempt to send or fetch a file may take; by default 5 minutes.
    pub fn transfer_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.transfer = timeout;
        self
    }

    /// Trusts this root, in PEM, beside the public ones: for a server of one's own whose certificate no public
    /// authority has signed. May be called several times.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = saathii_sdk::Client::builder()
    ///     .base_url("https://saathii.example.internal")
    ///     .root_certificate(std::fs::read("company-root.pem")?)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// How often and how patiently requests are repeated.
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// The client; nothing is sent or read yet.
    pub fn build(self) -> Result<Client, Error> {
        let base = Url::parse(&self.base_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| Error::Configuration(format!("not an address of a server: {}", self.base_url)))?;
        let tls = tls::client_config(&self.root_certificates)?;
        let transport = Transport::new(base, tls.clone(), &self.user_agent, self.timeouts, self.retry)?;
        Ok(Client {
            inner: Arc::new(Inner {
                session: Session::new(transport.clone(), self.store),
                transport,
                socket_tls: Arc::new(tls),
                user_agent: self.user_agent,
                timeouts: self.timeouts,
                reasons: watch::Sender::default(),
                own_events: OwnEvents::default(),
                nudges: watch::Sender::new(0),
                heartbeat: OnceLock::new(),
            }),
        })
    }
}
