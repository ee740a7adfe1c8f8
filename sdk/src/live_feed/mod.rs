//! The list of listeners, kept current: pages over HTTP, then changes over a socket.
//!
//! One task owns the list. While it reads pages, changes wait in the socket's queue, so what they say is applied
//! on top of what was read; the last change of each user always comes last.

mod list;

use std::{collections::HashSet, sync::Arc, time::Duration};

use saathii_shared_types::{
    UserId,
    events::Topic,
    feed::{FeedListener, FeedPage},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use self::list::{Applied, List};
use crate::{Client, Error, Event, FeedFilter, Page, Socket, retry::back_off};

/// Changes of a moment arrive as one.
const BATCH_MS: u32 = 250;
/// Strangers on the socket mean that the pages changed; they are read again, but not for every one.
const BETWEEN_READINGS: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The list at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedState {
    /// Those of the pages read so far, in the server's order.
    pub listeners: Vec<FeedListener>,
    /// Listeners that match the filter, on all pages.
    pub total_count: i64,
    /// Those of them who are online.
    pub online_count: i64,
    /// Those of them who are available.
    pub available_count: i64,
    /// Whether there is a page that was not read yet.
    pub has_more: bool,
    /// Whether the pages were read at all.
    pub is_loaded: bool,
    /// Whether changes arrive; otherwise the list is as old as the loss of the connection.
    pub is_live: bool,
}

enum Command {
    Refresh(oneshot::Sender<Result<(), Error>>),
    LoadMore(oneshot::Sender<Result<(), Error>>),
}

/// The state of a [`LiveFeed`] for one more reader; it keeps nothing open.
#[derive(Debug, Clone)]
pub struct FeedWatch(watch::Receiver<Arc<FeedState>>);

impl FeedWatch {
    /// The list as it is.
    pub fn current(&self) -> Arc<FeedState> {
        self.0.borrow().clone()
    }

    /// Waits for a change and gives the list after it; `None` once the feed is dropped or the login is over.
    pub async fn changed(&mut self) -> Option<Arc<FeedState>> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().clone())
    }
}

/// A list of listeners that keeps itself current ([`FeedApi::live`](crate::FeedApi::live)); dropping it ends that.
///
/// ```no_run
/// # async fn example(client: saathii_sdk::Client) {
/// use saathii_sdk::FeedFilter;
///
/// let mut feed = client.feed().live(FeedFilter::default(), 20);
/// while let Some(state) = feed.changed().await {
///     for listener in &state.listeners {
///         println!("{} {}", if listener.is_available { "●" } else { "○" }, listener.username);
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct LiveFeed {
    state: FeedWatch,
    visible: watch::Sender<Option<HashSet<UserId>>>,
    commands: mpsc::Sender<Command>,
    keeper: JoinHandle<()>,
}

impl LiveFeed {
    pub(crate) fn open(client: Client, filter: FeedFilter, page_size: u32) -> Self {
        let state = watch::Sender::new(Arc::new(FeedState::default()));
        let current = FeedWatch(state.subscribe());
        let visible = watch::Sender::new(None);
        let (sender, commands) = mpsc::channel(8);
        let socket = client.socket(Topic::Feed);
        socket.set_batch_ms(BATCH_MS);
        let keeper = Keeper {
            client,
            socket,
            list: List::new(filter.clone()),
            filter,
            page_size,
            visible: visible.subscribe(),
            shown: None,
            state,
            is_live: false,
            read_at: None,
            failures: 0,
        };
        Self { state: current, visible, commands: sender, keeper: tokio::spawn(keeper.run(commands)) }
    }

    /// The list as it is.
    pub fn current(&self) -> Arc<FeedState> {
        self.state.current()
    }

    /// Waits for a change and gives the list after it; `None` once the login is over.
    pub async fn changed(&mut self) -> Option<Arc<FeedState>> {
        self.state.changed().await
    }

    /// The same for another reader, who sees changes from now on.
    pub fn watch(&self) -> FeedWatch {
        let mut watch = self.state.clone();
        watch.0.mark_unchanged();
        watch
    }

    /// Reads all pages again, as for a pull to refresh.
    pub async fn refresh(&self) -> Result<(), Error> {
        self.ask(Command::Refresh).await
    }

    /// Reads the next page, if there is one.
    pub async fn load_more(&self) -> Result<(), Error> {
        self.ask(Command::LoadMore).await
    }

    /// Follows these people alone, those on screen: a long list then costs no more than a short one. Others keep
    /// the state of their last reading.
    pub fn set_visible(&self, users: impl IntoIterator<Item = UserId>) {
        let users = Some(users.into_iter().collect());
        self.visible.send_if_modified(|visible| {
            let is_other = *visible != users;
            *visible = users;
            is_other
        });
    }

    async fn ask(&self, command: impl FnOnce(oneshot::Sender<Result<(), Error>>) -> Command) -> Result<(), Error> {
        let (sender, answer) = oneshot::channel();
        // The task ends with the login.
        self.commands.send(command(sender)).await.map_err(|_| Error::SignedOut)?;
        answer.await.map_err(|_| Error::SignedOut)?
    }
}

impl Drop for LiveFeed {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

struct Keeper {
    client: Client,
    socket: Socket,
    filter: FeedFilter,
    page_size: u32,
    list: List,
    visible: watch::Receiver<Option<HashSet<UserId>>>,
    /// Whom the socket follows.
    shown: Option<HashSet<UserId>>,
    state: watch::Sender<Arc<FeedState>>,
    is_live: bool,
    /// When to read the pages again.
    read_at: Option<Instant>,
    failures: u32,
}

enum Wake {
    Event(Option<Event>),
    Command(Command),
    VisibleChanged,
    Read,
}

impl Keeper {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            let read_at = self.read_at;
            let reading = async {
                match read_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let wake = tokio::select! {
                event = self.socket.next() => Wake::Event(event),
                Some(command) = commands.recv() => Wake::Command(command),
                Ok(()) = self.visible.changed() => Wake::VisibleChanged,
                () = reading => Wake::Read,
            };
            match wake {
                Wake::Event(None | Some(Event::SignedOut)) => return,
                Wake::Event(Some(event)) => {
                    self.take(event);
                    while let Some(event) = self.socket.try_next() {
                        self.take(event);
                    }
                }
                Wake::Command(Command::Refresh(answer)) => {
                    // Whoever asked may have gone away.
                    let _ = answer.send(self.read_all().await);
                }
                Wake::Command(Command::LoadMore(answer)) => {
                    let _ = answer.send(self.read_next().await);
                }
                Wake::VisibleChanged => self.look_at_visible().await,
                Wake::Read => self.read_again().await,
            }
            self.publish();
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Connected => self.is_live = true,
            Event::Disconnected { .. } => self.is_live = false,
            Event::Resync => self.read_at = Some(Instant::now()),
            Event::Status(status) => {
                if self.list.apply(&status) == Applied::Stranger && self.read_at.is_none() {
                    self.read_at = Some(Instant::now() + BETWEEN_READINGS);
                }
            }
            Event::Own(_) | Event::SignedOut => {}
        }
    }

    async fn read_again(&mut self) {
        if let Err(error) = self.read_all().await {
            tracing::debug!(%error, "the feed could not be read");
            self.failures += 1;
            let first = self.client.inner.transport.retry_policy().first_delay;
            self.read_at = Some(Instant::now() + back_off(first, LONGEST_WAIT, self.failures));
        }
    }

    async fn read_all(&mut self) -> Result<(), Error> {
        let mut pages = Vec::new();
        for number in 1..=self.list.pages.max(1) {
            let page = self.read_page(number).await?;
            let is_last = !page.has_next;
            pages.push(page);
            if is_last {
                break;
            }
        }
        self.list.replace(pages);
        self.failures = 0;
        self.read_at = None;
        Ok(())
    }

    async fn read_next(&mut self) -> Result<(), Error> {
        if self.list.pages == 0 {
            return self.read_all().await;
        }
        if self.list.has_more {
            let page = self.read_page(self.list.pages + 1).await?;
            self.list.append(page);
        }
        Ok(())
    }

    async fn read_page(&self, number: u32) -> Result<FeedPage, Error> {
        self.client.feed().listeners(&self.filter, Page { number, size: self.page_size }).await
    }

    /// Narrows the socket first and reads second: what changes in between comes over the socket.
    async fn look_at_visible(&mut self) {
        let Some(visible) = self.visible.borrow_and_update().clone() else { return };
        self.socket.set_visible(visible.iter().copied());
        let appeared: HashSet<UserId> = match &self.shown {
            Some(shown) => visible.difference(shown).copied().collect(),
            // Everybody was followed until now.
            None => HashSet::new(),
        };
        self.shown = Some(visible);
        let appeared = self.list.known(&appeared);
        match self.client.presence().of_many(&appeared).await {
            Ok(found) => found.iter().for_each(|status| {
                self.list.apply(status);
            }),
            Err(error) => tracing::debug!(%error, "who came into view could not be read"),
        }
    }

    fn publish(&self) {
        let state = FeedState {
            listeners: self.list.listeners(),
            total_count: self.list.counts.total,
            online_count: self.list.counts.online,
            available_count: self.list.counts.available,
            has_more: self.list.has_more,
            is_loaded: self.list.pages > 0,
            is_live: self.is_live,
        };
        self.state.send_if_modified(|current| {
            let is_other = **current != state;
            if is_other {
                *current = Arc::new(state);
            }
            is_other
        });
    }
}
