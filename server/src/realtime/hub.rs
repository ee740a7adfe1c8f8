//! Who listens on this node.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use chrono::{DateTime, Utc};
use saathii_shared_types::{
    SessionId, UserId,
    events::{Position, Topic},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{
    StatusChange,
    personal::{Inbox, Note},
    sight::{Ask, Hidden, Sight},
    stream::{Backlog, Frame, Stream, Stretch},
};

/// More sockets than one person has devices: the oldest is closed.
const SOCKETS_PER_USER: usize = 16;

/// Frames between `since` and now may be missing here; whoever owns the state sends it again.
#[derive(Debug, Clone, Copy)]
pub struct Gap {
    pub since: DateTime<Utc>,
}

/// Why a socket is closed from this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    SessionEnded,
    TooManySockets,
    TooSlow,
}

/// The way to one socket.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) session: SessionId,
    pub(super) closed: CancellationToken,
    pub(super) inbox: Inbox,
    topic: Topic,
    /// A [`Sight`].
    sight: AtomicU8,
    reason: OnceLock<Closing>,
}

impl Handle {
    fn new(session: SessionId, topic: Topic) -> Self {
        let (closed, inbox) = (CancellationToken::new(), Inbox::default());
        let sight = AtomicU8::new(Sight::Unknown as u8);
        Self { session, closed, inbox, topic, sight, reason: OnceLock::new() }
    }

    /// Takes a personal event where the socket carries such; whether the socket keeps up.
    fn take(&self, event: &Utf8Bytes) -> bool {
        self.topic != Topic::Presence || self.give(Note::Personal(event.clone()))
    }

    /// Whether the socket keeps up.
    pub(super) fn give(&self, note: Note) -> bool {
        let keeps_up = self.inbox.push(note);
        if !keeps_up {
            self.close(Closing::TooSlow);
        }
        keeps_up
    }

    pub(super) fn sight(&self) -> Sight {
        Sight::from(self.sight.load(Ordering::Acquire))
    }

    /// What it was before.
    pub(super) fn set_sight(&self, sight: Sight) -> Sight {
        Sight::from(self.sight.swap(sight as u8, Ordering::AcqRel))
    }

    pub(super) fn close(&self, reason: Closing) {
        // The first reason stands.
        let _ = self.reason.set(reason);
        self.closed.cancel();
    }

    pub(super) fn reason(&self) -> Closing {
        self.reason.get().copied().unwrap_or(Closing::SessionEnded)
    }
}

/// The sockets of this node and the stream that they read.
pub struct Hub {
    stream: RwLock<Stream>,
    head: watch::Sender<u64>,
    sockets: Mutex<HashMap<UserId, Vec<Arc<Handle>>>>,
    count: AtomicUsize,
    gaps: mpsc::UnboundedSender<Gap>,
    pub(super) hidden: Hidden,
    pub(super) asks: mpsc::UnboundedSender<Ask>,
    pub(super) shutdown: CancellationToken,
}

impl Hub {
    /// `gaps` hears when frames were missed, `asks` when it is to be told whom somebody must not see.
    pub fn new(
        shutdown: CancellationToken,
        gaps: mpsc::UnboundedSender<Gap>,
        asks: mpsc::UnboundedSender<Ask>,
    ) -> Self {
        Self {
            stream: RwLock::default(),
            head: watch::Sender::new(0),
            sockets: Mutex::default(),
            count: AtomicUsize::new(0),
            gaps,
            hidden: Hidden::default(),
            asks,
            shutdown,
        }
    }

    pub fn socket_count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Everybody with a socket here.
    pub fn connected_users(&self) -> Vec<UserId> {
        self.sockets().keys().copied().collect()
    }

    /// Every login with a socket here.
    pub fn connected_sessions(&self) -> Vec<SessionId> {
        self.sockets().values().flatten().map(|handle| handle.session).collect()
    }

    /// Closes the sockets of one login, or of all of a user's.
    pub fn close_sessions(&self, user: UserId, session: Option<SessionId>) {
        for handle in self.sockets().get(&user).into_iter().flatten() {
            if session.is_none_or(|session| session == handle.session) {
                handle.close(Closing::SessionEnded);
            }
        }
    }

    /// Closes the sockets of these logins.
    pub fn close_all(&self, sessions: &[SessionId]) {
        for handle in self.sockets().values().flatten() {
            if sessions.contains(&handle.session) {
                handle.close(Closing::SessionEnded);
            }
        }
    }

    pub(super) fn register(self: &Arc<Self>, user: UserId, session: SessionId, topic: Topic) -> Registration {
        let handle = Arc::new(Handle::new(session, topic));
        let mut sockets = self.sockets();
        let own = sockets.entry(user).or_default();
        if own.len() >= SOCKETS_PER_USER {
            own.remove(0).close(Closing::TooManySockets);
        }
        own.push(handle.clone());
        drop(sockets);
        self.counted(self.count.fetch_add(1, Ordering::Relaxed) + 1);
        Registration { hub: self.clone(), user, handle }
    }

    fn unregister(&self, user: UserId, handle: &Arc<Handle>) {
        let mut sockets = self.sockets();
        if let Some(own) = sockets.get_mut(&user) {
            own.retain(|other| !Arc::ptr_eq(other, handle));
            if own.is_empty() {
                sockets.remove(&user);
            }
        }
        if !sockets.contains_key(&user) {
            self.hidden.forget(user);
        }
        drop(sockets);
        self.counted(self.count.fetch_sub(1, Ordering::Relaxed) - 1);
    }

    #[expect(clippy::cast_precision_loss, reason = "no node holds 2^52 sockets")]
    #[expect(clippy::unused_self, reason = "reads as the hub's own count")]
    fn counted(&self, count: usize) {
        metrics::gauge!("saathii_sockets").set(count as f64);
    }

    /// Hands personal events to their people's sockets here, in order.
    pub(super) fn tell<'a>(&self, events: impl IntoIterator<Item = (UserId, &'a str)>) {
        let mut sockets = self.sockets();
        for (user, event) in events {
            // Most people have no socket here, and cost no more than this.
            let Some(own) = sockets.get_mut(&user) else { continue };
            let event = Utf8Bytes::from(event);
            own.retain(|handle| handle.take(&event));
            if own.is_empty() {
                sockets.remove(&user);
            }
        }
    }

    /// Wakes whenever anybody's presence has changed; counts for nothing else.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// Where a new socket begins, and the place that it is current to.
    pub(super) fn now(&self) -> (u64, Position) {
        let stream = self.stream.read().unwrap_or_else(PoisonError::into_inner);
        (stream.head(), stream.position())
    }

    pub(super) fn read(&self, cursor: u64, limit: usize) -> Backlog {
        self.stream.read().unwrap_or_else(PoisonError::into_inner).read(cursor, limit)
    }

    pub(super) fn resume(&self, position: &Position) -> Option<u64> {
        self.stream.read().unwrap_or_else(PoisonError::into_inner).resume(position)
    }

    /// Takes over what came over the bus; a hole before it is a gap since `since`.
    pub(super) fn extend(&self, Stretch { epoch, first, frames }: Stretch<'_>, since: DateTime<Utc>) {
        let mut stream = self.stream.write().unwrap_or_else(PoisonError::into_inner);
        let is_gap = !stream.continues(epoch, first);
        if is_gap {
            stream.reset(Position { epoch: epoch.to_owned(), offset: first.saturating_sub(1) });
        }
        for (frame, revision) in frames {
            stream.push(frame, revision);
        }
        let head = stream.head();
        drop(stream);
        self.head.send_replace(head);
        if is_gap {
            self.ask_again(&self.connected_users());
            self.tell_gap(since);
        }
    }

    /// Repeats states to the sockets of this node alone, after a gap.
    pub fn mend(&self, changes: &[StatusChange]) {
        let mut stream = self.stream.write().unwrap_or_else(PoisonError::into_inner);
        let offset = stream.position().offset;
        for change in changes {
            let Ok(status) = serde_json::to_string(&change.status) else { continue };
            let frame = Frame::new(change.status.user_id, change.is_listener, &status, offset);
            stream.push(frame.mending(), change.revision);
        }
        let head = stream.head();
        drop(stream);
        self.head.send_replace(head);
    }

    /// Sets the place without any frame: at the start, and after Redis was away.
    pub(super) fn place(&self, position: Position, since: DateTime<Utc>) {
        // Changes of blocks have no place: what was told of them meanwhile shows as no gap.
        self.ask_again(&self.connected_users());
        let mut stream = self.stream.write().unwrap_or_else(PoisonError::into_inner);
        if stream.position() == position {
            return;
        }
        // Nobody missed anything where nobody was.
        let is_gap = self.socket_count() > 0;
        stream.reset(position);
        let head = stream.head();
        drop(stream);
        self.head.send_replace(head);
        if is_gap {
            self.tell_gap(since);
        }
    }

    fn tell_gap(&self, since: DateTime<Utc>) {
        metrics::counter!("saathii_bus_gaps_total").increment(1);
        // Nobody listens any more while the server goes down.
        let _ = self.gaps.send(Gap { since });
    }

    pub(super) fn sockets(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Arc<Handle>>>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket's entry, for as long as it lives.
pub(super) struct Registration {
    hub: Arc<Hub>,
    pub(super) user: UserId,
    pub(super) handle: Arc<Handle>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.hub.unregister(self.user, &self.handle);
    }
}
