use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use saathii_sdk::{Client, Code, LiveFeed, Page};
use saathii_shared_types::{
    UserId,
    events::{ServerEvent, Topic},
    feed::{FeedPage, FeedStats},
    presence::{UserPresence, UserStatus},
    users::UserProfile,
};
use tokio::task::AbortHandle;

use crate::{
    Event, EventListener, FeedFilter, FeedState, OtpSent, ProfileChanges, SaathiiError, StatusChanges, TokenStore,
    calls::Calls,
    events::Events,
    runtime::{run, runtime},
    store::HostStore,
};

/// How to make a client.
#[derive(Debug, Clone, uniffi::Record)]
pub struct ClientConfig {
    /// Where the server is, with `http` or `https`.
    pub base_url: String,
    #[uniffi(default = None)]
    pub user_agent: Option<String>,
    #[uniffi(default = 10_000)]
    pub connect_timeout_ms: u32,
    #[uniffi(default = 20_000)]
    pub request_timeout_ms: u32,
    /// How long sending or fetching a file may take.
    #[uniffi(default = 300_000)]
    pub transfer_timeout_ms: u32,
    /// Roots in PEM to trust beside the public ones, for a server of one's own.
    #[uniffi(default = [])]
    pub root_certificates: Vec<String>,
}

/// The way to one server, for one user at a time. It owns its socket, its feed and its call: nothing ends because a host's
/// garbage collector came by.
#[derive(uniffi::Object)]
pub struct SaathiiClient {
    pub(crate) client: Client,
    pub(crate) events: Option<Arc<Events>>,
    pub(crate) calls: Calls,
    session_task: Option<AbortHandle>,
    socket_task: Mutex<Option<AbortHandle>>,
    feed: Mutex<Option<OpenFeed>>,
}

struct OpenFeed {
    feed: Arc<LiveFeed>,
    watch: AbortHandle,
}

impl Drop for OpenFeed {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl Drop for SaathiiClient {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// All that live in this process.
static CLIENTS: Mutex<Vec<Weak<SaathiiClient>>> = Mutex::new(Vec::new());

fn remember(client: &Arc<SaathiiClient>) {
    let mut clients = lock(&CLIENTS);
    clients.retain(|client| client.strong_count() > 0);
    clients.push(Arc::downgrade(client));
}

/// Shuts down every client of this process, for a host that begins anew: a JavaScript runtime after a reload, whose
/// clients of before would go on renewing a login that they can no longer save.
#[uniffi::export]
pub fn shut_down_clients() {
    // Not under the lock: the last reference may go away here.
    let clients: Vec<_> = lock(&CLIENTS).drain(..).filter_map(|client| client.upgrade()).collect();
    for client in clients {
        client.shut_down();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[uniffi::export]
impl SaathiiClient {
    /// Without a store the login lives in memory; without a listener nobody hears of events.
    #[uniffi::constructor]
    pub fn new(
        config: ClientConfig,
        store: Option<Arc<dyn TokenStore>>,
        listener: Option<Arc<dyn EventListener>>,
    ) -> Result<Arc<Self>, SaathiiError> {
        let mut builder = Client::builder()
            .base_url(config.base_url)
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms.into()))
            .request_timeout(Duration::from_millis(config.request_timeout_ms.into()))
            .transfer_timeout(Duration::from_millis(config.transfer_timeout_ms.into()));
        for pem in config.root_certificates {
            builder = builder.root_certificate(pem);
        }
        if let Some(user_agent) = config.user_agent {
            builder = builder.user_agent(user_agent);
        }
        if let Some(store) = store {
            builder = builder.token_store(HostStore(store));
        }
        let client = builder.build()?;
        let events = listener.map(Events::start).transpose()?;
        let session_task = match &events {
            Some(events) => Some(tell_session(&client, events.clone())?),
            None => None,
        };
        let client = Arc::new(Self {
            client,
            events,
            calls: Calls::default(),
            session_task,
            socket_task: Mutex::default(),
            feed: Mutex::default(),
        });
        remember(&client);
        Ok(client)
    }

    /// Whether somebody is signed in, as far as one knows here.
    pub async fn is_signed_in(&self) -> Result<bool, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.is_signed_in().await }).await
    }

    /// Has a code sent to a phone, the first step of signing in.
    pub async fn request_otp(&self, phone: String) -> Result<Arc<OtpSent>, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.auth().request_otp(phone).await.map(OtpSent::new) }).await
    }

    /// Signs out everywhere. On failure the server knows nothing of it, and one is still signed in.
    pub async fn logout(&self) -> Result<(), SaathiiError> {
        let client = self.client.clone();
        run(async move { client.auth().logout().await }).await
    }

    /// Signs out on this device without asking the server.
    pub async fn forget(&self) -> Result<(), SaathiiError> {
        let client = self.client.clone();
        run(async move { client.auth().forget().await }).await
    }

    /// One's own profile.
    pub async fn me(&self) -> Result<UserProfile, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.users().me().await }).await
    }

    /// Changes one's profile and answers with all of it.
    pub async fn update_profile(&self, changes: ProfileChanges) -> Result<UserProfile, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.users().update(&changes.into()).await }).await
    }

    /// Everything that the server keeps about oneself, as JSON; at most three times an hour.
    pub async fn export_account(&self) -> Result<String, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.users().export().await.map(|export| export.to_string()) }).await
    }

    /// The same into a file as it arrives, however long; all of it or nothing.
    pub async fn export_account_to(&self, path: String) -> Result<(), SaathiiError> {
        let client = self.client.clone();
        run(async move { client.users().export_to(path).await }).await
    }

    /// Deletes the account and signs out.
    pub async fn delete_account(&self) -> Result<(), SaathiiError> {
        let client = self.client.clone();
        run(async move { client.users().delete().await }).await
    }

    /// One's own status.
    pub async fn my_status(&self) -> Result<UserStatus, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.presence().my_status().await }).await
    }

    /// Changes one's status; everybody is told.
    pub async fn update_status(&self, changes: StatusChanges) -> Result<UserStatus, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.presence().update_status(&changes.into()).await }).await
    }

    /// Somebody's presence.
    pub async fn presence_of(&self, user: UserId) -> Result<UserPresence, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.presence().of(user).await }).await
    }

    /// The presence of many in the order asked, without those who do not exist.
    pub async fn presence_of_many(&self, users: Vec<UserId>) -> Result<Vec<UserPresence>, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.presence().of_many(&users).await }).await
    }

    /// A page of listeners, from 1.
    pub async fn listeners(&self, filter: FeedFilter, page: u32, per_page: u32) -> Result<FeedPage, SaathiiError> {
        let client = self.client.clone();
        let page = Page { number: page, size: per_page };
        run(async move { client.feed().listeners(&filter.into(), page).await }).await
    }

    /// How many listeners there are, in all and right now.
    pub async fn feed_stats(&self) -> Result<FeedStats, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.feed().stats().await }).await
    }

    /// Tells whether the app is on screen; heartbeats follow.
    pub fn set_foreground(&self, is_foreground: bool) -> Result<(), SaathiiError> {
        let _runtime = runtime()?.enter();
        self.client.set_foreground(is_foreground);
        Ok(())
    }

    /// Ends what this client does by itself: sockets, feed, heartbeats, following a call, events. The login stays, and
    /// a call that goes on as well.
    pub fn shut_down(&self) {
        if let Some(task) = &self.session_task {
            task.abort();
        }
        self.disconnect();
        self.close_feed();
        self.calls.close();
        self.client.set_foreground(false);
        if let Some(events) = &self.events {
            events.close();
        }
    }

    /// Tells that the network changed: sockets look after their connection at once.
    pub fn network_changed(&self) {
        self.client.network_changed();
    }

    /// Opens the presence socket, once; its events go to the listener.
    pub fn connect(&self) -> Result<(), SaathiiError> {
        let Some(events) = self.events.clone() else { return Ok(()) };
        let mut task = lock(&self.socket_task);
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return Ok(());
        }
        let runtime = runtime()?;
        let _entered = runtime.enter();
        let mut socket = self.client.socket(Topic::Presence);
        let telling = async move {
            while let Some(event) = socket.next().await {
                if let Some(event) = translate(event) {
                    events.push(event);
                }
            }
        };
        *task = Some(runtime.spawn(telling).abort_handle());
        Ok(())
    }

    /// Closes the presence socket.
    pub fn disconnect(&self) {
        if let Some(task) = lock(&self.socket_task).take() {
            task.abort();
        }
    }

    /// Opens the live feed in place of the one before; `FeedChanged` tells of changes.
    pub fn open_feed(&self, filter: FeedFilter, page_size: u32) -> Result<(), SaathiiError> {
        let runtime = runtime()?;
        let _entered = runtime.enter();
        let feed = self.client.feed().live(filter.into(), page_size);
        let mut changes = feed.watch();
        let events = self.events.clone();
        let watching = async move {
            while changes.changed().await.is_some() {
                if let Some(events) = &events {
                    events.push(Event::FeedChanged);
                }
            }
        };
        let watch = runtime.spawn(watching).abort_handle();
        *lock(&self.feed) = Some(OpenFeed { feed: Arc::new(feed), watch });
        Ok(())
    }

    /// Closes the live feed.
    pub fn close_feed(&self) {
        lock(&self.feed).take();
    }

    /// The live feed as it is; null where none is open.
    pub fn feed_state(&self) -> Option<FeedState> {
        lock(&self.feed).as_ref().map(|open| (&*open.feed.current()).into())
    }

    /// Reads all pages of the live feed again, as for a pull to refresh.
    pub async fn refresh_feed(&self) -> Result<(), SaathiiError> {
        let feed = self.open_live_feed()?;
        run(async move { feed.refresh().await }).await
    }

    /// Reads the next page of the live feed, if there is one.
    pub async fn load_more_feed(&self) -> Result<(), SaathiiError> {
        let feed = self.open_live_feed()?;
        run(async move { feed.load_more().await }).await
    }

    /// Follows these people of the live feed alone, those on screen.
    pub fn set_visible(&self, users: Vec<UserId>) {
        if let Some(open) = &*lock(&self.feed) {
            open.feed.set_visible(users);
        }
    }
}

impl SaathiiClient {
    fn open_live_feed(&self) -> Result<Arc<LiveFeed>, SaathiiError> {
        let closed = || SaathiiError::failed(Code::FeedClosed, "open the feed first");
        lock(&self.feed).as_ref().map(|open| open.feed.clone()).ok_or_else(closed)
    }
}

fn tell_session(client: &Client, events: Arc<Events>) -> Result<AbortHandle, SaathiiError> {
    let mut session = client.session();
    let telling = async move {
        while let Some(state) = session.changed().await {
            if let Some(by) = session.take_sign_out() {
                events.push_sign_out(by.into());
            }
            events.push(Event::SessionChanged { state: state.into() });
        }
    };
    Ok(runtime()?.spawn(telling).abort_handle())
}

fn translate(event: saathii_sdk::Event) -> Option<Event> {
    match event {
        saathii_sdk::Event::Connected => Some(Event::Connected),
        saathii_sdk::Event::Disconnected { close_code, code } => {
            Some(Event::Disconnected { close_code, code: code.to_string() })
        }
        saathii_sdk::Event::Status(presence) => Some(Event::PresenceChanged { presence }),
        saathii_sdk::Event::Resync => Some(Event::Resync),
        saathii_sdk::Event::Own(ServerEvent::WalletUpdated {
            balance_coins,
            withdrawable_money,
            pending_withdrawals,
        }) => Some(Event::WalletChanged { balance_coins, withdrawable_money, pending_withdrawals }),
        saathii_sdk::Event::Own(ServerEvent::VerificationReviewed { sample_id, status, remarks }) => {
            Some(Event::VerificationReviewed { sample: sample_id, status, remarks })
        }
        // The session tells of one's login, and the call that is followed of itself.
        _ => None,
    }
}
