//! Whom the people with sockets here must not see.
//!
//! Whoever owns the blocks is asked (`Ask`) when a socket opens, when something may have changed, and after every gap of
//! the bus; a new socket shows nothing before the answer. Somebody who sees everybody costs no memory here.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use saathii_shared_types::UserId;
use tokio::sync::oneshot;

use super::{
    StatusChange,
    hub::{Handle, Hub},
    personal::Note,
    stream::Frame,
};

/// Whom must this person not see? The answer is [`Hub::cover`], then [`Ask::done`].
#[derive(Debug)]
pub struct Ask {
    pub user: UserId,
    /// A socket that waits.
    opening: Option<oneshot::Sender<()>>,
}

impl Ask {
    pub fn done(self) {
        if let Some(opening) = self.opening {
            // The socket may be gone again.
            let _ = opening.send(());
        }
    }
}

/// What an answer changed for sockets that were open before.
#[derive(Debug)]
pub struct SightChange {
    /// Whom they see no more.
    pub hidden: Vec<UserId>,
    /// Whom they see again.
    pub shown: Vec<UserId>,
    sockets: Vec<Arc<Handle>>,
}

/// What a socket knows of whom it must not show; one byte of its handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Sight {
    Unknown,
    Everybody,
    /// All but those in [`Hidden`].
    Some,
}

impl From<u8> for Sight {
    fn from(value: u8) -> Self {
        match value {
            0 => Self::Unknown,
            1 => Self::Everybody,
            _ => Self::Some,
        }
    }
}

/// By whoever must not see them; nobody is in here who sees everybody.
#[derive(Debug, Default)]
pub(super) struct Hidden(RwLock<HashMap<UserId, Arc<HashSet<UserId>>>>);

impl Hidden {
    fn get(&self, user: UserId) -> Option<Arc<HashSet<UserId>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&user).cloned()
    }

    /// What it was before.
    fn replace(&self, user: UserId, hidden: HashSet<UserId>) -> Option<Arc<HashSet<UserId>>> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if hidden.is_empty() { all.remove(&user) } else { all.insert(user, Arc::new(hidden)) }
    }

    pub(super) fn forget(&self, user: UserId) {
        self.replace(user, HashSet::new());
    }
}

impl Hub {
    /// For a new socket, which is registered: no change after this is missed.
    pub(super) fn ask(&self, user: UserId) -> oneshot::Receiver<()> {
        let (opening, known) = oneshot::channel();
        let _ = self.asks.send(Ask { user, opening: Some(opening) });
        known
    }

    /// Has those of `users` asked for again who have sockets here.
    pub fn ask_again(&self, users: &[UserId]) {
        let here: Vec<UserId> = {
            let sockets = self.sockets();
            users.iter().copied().filter(|user| sockets.contains_key(user)).collect()
        };
        for user in here {
            // Nobody listens any more while the server goes down.
            let _ = self.asks.send(Ask { user, opening: None });
        }
    }

    /// Takes an answer, which the caller read after the question was asked; one caller at a time.
    pub fn cover(&self, user: UserId, hidden: HashSet<UserId>) -> SightChange {
        let sockets = self.sockets();
        let own = sockets.get(&user).map(Vec::as_slice).unwrap_or_default();
        let sight = if hidden.is_empty() { Sight::Everybody } else { Sight::Some };
        let now = if own.is_empty() { HashSet::new() } else { hidden };
        let before = self.hidden.replace(user, now.clone()).unwrap_or_default();
        let open_before = own.iter().filter(|handle| handle.set_sight(sight) != Sight::Unknown).cloned();
        SightChange {
            sockets: open_before.collect(),
            hidden: now.difference(&before).copied().collect(),
            shown: before.difference(&now).copied().collect(),
        }
    }

    /// Tells the sockets that were open before the change how those are whom it concerns.
    pub fn tell_change(&self, change: &SightChange, statuses: &[StatusChange]) {
        for status in statuses {
            let Ok(text) = serde_json::to_string(&status.status) else { continue };
            // Not of the stream: it has no place there, and nobody resumes from it.
            let frame = Arc::new(Frame::new(status.status.user_id, status.is_listener, &text, 0));
            for socket in &change.sockets {
                socket.give(Note::Status(frame.clone()));
            }
        }
    }

    /// Whom this socket must not show, if anybody.
    pub(super) fn hidden_from(&self, user: UserId, handle: &Handle) -> Option<Arc<HashSet<UserId>>> {
        if handle.sight() == Sight::Some { self.hidden.get(user) } else { None }
    }
}
