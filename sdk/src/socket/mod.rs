//! A socket that stays: it reconnects, resumes where it broke off, and says where it could not.

mod connection;
mod keeper;

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::Stream;
use saathii_shared_types::{
    UserId,
    events::{ServerEvent, Topic},
    presence::UserPresence,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use self::keeper::Keeper;
use crate::{Client, Code};

/// As many people as the server lets a socket name.
const MOST_VISIBLE: usize = 500;

/// Events that wait for a slow reader. Behind them the connection itself waits, and the server keeps the latest state
/// of each user for it.
const WAITING_EVENTS: usize = 64;

/// What happens on a [`Socket`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Connected, and subscribed.
    Connected,
    /// Somebody came, went, or became busy or free.
    Status(UserPresence),
    /// Of one's own calls, wallet and reviews; on sockets of [`Topic::Presence`].
    Own(ServerEvent),
    /// Changes before this moment may have been missed: read the state over HTTP. Comes after the first
    /// [`Connected`](Self::Connected), and later only where a connection could not be resumed.
    Resync,
    /// The connection is lost, or could not be made; another attempt follows by itself. Told again where the next
    /// attempt fails for another reason.
    Disconnected {
        /// Why the server closed it, where it said so.
        close_code: Option<u16>,
        /// What broke it, or keeps it from being made: [`Code::Network`] most of the time. After
        /// [`Code::Certificate`] attempts are far apart until [`Client::network_changed`].
        code: Code,
    },
    /// The login is over. Nothing follows.
    SignedOut,
}

/// What a socket is to carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct View {
    /// `None`: everybody.
    visible: Option<Vec<UserId>>,
    batch_ms: u32,
}

/// A connection to the server's changes that outlives its connections ([`Client::socket`]); dropping it closes it.
///
/// Read it with [`next`](Self::next), or as a [`Stream`].
///
/// ```no_run
/// # async fn example(client: saathii_sdk::Client) {
/// use saathii_sdk::{Event, types::events::Topic};
///
/// let mut socket = client.socket(Topic::Presence);
/// while let Some(event) = socket.next().await {
///     if let Event::Status(status) = event {
///         println!("{} is {}", status.username, if status.is_available { "free" } else { "not free" });
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Socket {
    events: mpsc::Receiver<Event>,
    view: watch::Sender<View>,
    keeper: JoinHandle<()>,
}

impl Socket {
    pub(crate) fn open(client: Client, topic: Topic) -> Self {
        let (sender, events) = mpsc::channel(WAITING_EVENTS);
        let view = watch::Sender::new(View::default());
        let keeper = tokio::spawn(Keeper::new(client, topic, view.subscribe(), sender).run());
        Self { events, view, keeper }
    }

    /// Waits for the next event; `None` after [`Event::SignedOut`].
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// An event that is there already.
    pub(crate) fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Narrows the socket to these people, what is on screen; more than 500 are everybody.
    ///
    /// Changes of before are not told of who becomes visible: read their presence after this.
    pub fn set_visible(&self, users: impl IntoIterator<Item = UserId>) {
        let mut users: Vec<UserId> = users.into_iter().collect();
        users.sort_unstable();
        users.dedup();
        self.change_view(|view| view.visible = (users.len() <= MOST_VISIBLE).then_some(users));
    }

    /// Widens the socket to everybody again.
    pub fn show_everybody(&self) {
        self.change_view(|view| view.visible = None);
    }

    /// Has the server gather changes for so long, up to 10 seconds; 0, the default, sends each at once.
    pub fn set_batch_ms(&self, batch_ms: u32) {
        self.change_view(|view| view.batch_ms = batch_ms);
    }

    fn change_view(&self, change: impl FnOnce(&mut View)) {
        self.view.send_if_modified(|view| {
            let before = view.clone();
            change(view);
            *view != before
        });
    }
}

impl Stream for Socket {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.events.poll_recv(cx)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
