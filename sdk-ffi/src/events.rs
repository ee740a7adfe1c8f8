//! From the runtime's many tasks to the host's one thread.
//!
//! A host's callback may block for as long as its own thread is busy. It is called by a thread that does nothing
//! else, without any lock held, so that no task of the SDK ever waits for it.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use saathii_shared_types::{Coins, Earnings, presence::UserPresence};

use crate::{FollowedCall, SaathiiError};

/// What the client tells the host.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Event {
    /// Somebody signed in or out, or the server ended the login.
    SessionChanged { state: SessionState },
    /// The presence socket is connected.
    Connected,
    /// The presence socket lost its connection; it comes back by itself.
    Disconnected { close_code: Option<u16> },
    /// Somebody came, went, or became busy or free.
    PresenceChanged { presence: UserPresence },
    /// The feed is another: read `feed_state`.
    FeedChanged,
    /// The call that is followed is another: a minute, the coins, its end.
    CallChanged { call: FollowedCall },
    /// Somebody calls; the call is followed from now on.
    CallRings { call: FollowedCall, caller_username: String },
    /// One's wallet has changed by something else than a minute of a call.
    WalletChanged { balance_coins: Coins, withdrawable_money: Earnings, pending_withdrawals: Earnings },
    /// Changes were missed: read again what is shown.
    Resync,
}

/// Whether somebody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SessionState {
    /// The token store was not read yet.
    Unknown,
    SignedIn,
    SignedOut,
    /// The server ended the login: show the way to sign in again.
    Ended,
}

impl From<saathii_sdk::SessionState> for SessionState {
    fn from(state: saathii_sdk::SessionState) -> Self {
        match state {
            saathii_sdk::SessionState::SignedIn => Self::SignedIn,
            saathii_sdk::SessionState::SignedOut => Self::SignedOut,
            saathii_sdk::SessionState::Ended => Self::Ended,
            _ => Self::Unknown,
        }
    }
}

/// The host's ear.
#[uniffi::export(with_foreign)]
pub trait EventListener: Send + Sync {
    /// Called from one thread of the SDK's, one event at a time.
    fn on_event(&self, event: Event) -> Result<(), ListenerError>;
}

/// A listener that failed; the event is lost and the next one comes.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum ListenerError {
    #[error("{detail}")]
    Failed { detail: String },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { detail: error.reason }
    }
}

const MOST_WAITING: usize = 256;

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// Events were thrown away.
    is_lossy: bool,
    is_closed: bool,
    is_abandoned: bool,
}

impl Waiting {
    /// Changes of presence are what floods, and what can be read again; all else is told.
    fn push(&mut self, event: Event) {
        if event == Event::FeedChanged && self.events.contains(&event) {
            return;
        }
        if self.events.len() >= MOST_WAITING {
            self.events.retain(|event| !matches!(event, Event::PresenceChanged { .. }));
            self.is_lossy = true;
        }
        if self.events.len() >= MOST_WAITING {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    fn pop(&mut self) -> Option<Event> {
        self.events.pop_front().or_else(|| std::mem::take(&mut self.is_lossy).then_some(Event::Resync))
    }
}

#[derive(Default)]
pub(crate) struct Events {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

impl Events {
    /// A queue whose events go to `listener` until it is closed.
    pub(crate) fn start(listener: Arc<dyn EventListener>) -> Result<Arc<Self>, SaathiiError> {
        let events = Arc::new(Self::default());
        let source = events.clone();
        thread::Builder::new()
            .name("saathii-events".to_owned())
            .spawn(move || {
                while let Some(event) = source.next() {
                    // A listener that fails or panics has lost this event and nothing else.
                    let _ = catch_unwind(AssertUnwindSafe(|| listener.on_event(event)));
                }
                if source.waiting().is_abandoned {
                    std::mem::forget(listener);
                }
            })
            .map_err(|error| SaathiiError::failed("internal", error))?;
        Ok(events)
    }

    pub(crate) fn push(&self, event: Event) {
        self.waiting().push(event);
        self.arrived.notify_one();
    }

    pub(crate) fn close(&self) {
        self.waiting().is_closed = true;
        self.arrived.notify_one();
    }

    /// Calls the host no more, not even to let go of what is its own.
    pub(crate) fn abandon(&self) {
        self.waiting().is_abandoned = true;
        self.close();
    }

    fn next(&self) -> Option<Event> {
        let mut waiting = self.waiting();
        loop {
            if waiting.is_closed {
                return None;
            }
            if let Some(event) = waiting.pop() {
                return Some(event);
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use saathii_shared_types::UserId;

    use super::*;

    fn change(id: i64) -> Event {
        Event::PresenceChanged {
            presence: UserPresence {
                user_id: UserId(id),
                username: format!("u{id}"),
                profile_image_url: None,
                is_online: true,
                last_seen: saathii_sdk::chrono::DateTime::UNIX_EPOCH,
                is_busy: false,
                busy_until: None,
                is_available: true,
            },
        }
    }

    fn drain(mut waiting: Waiting) -> Vec<Event> {
        std::iter::from_fn(|| waiting.pop()).collect()
    }

    #[test]
    fn a_burst_keeps_the_newest_and_ends_in_a_resync() {
        let mut waiting = Waiting::default();
        waiting.push(Event::SessionChanged { state: SessionState::SignedIn });
        for id in 0..2_000 {
            waiting.push(change(id));
            assert!(waiting.events.len() <= MOST_WAITING);
        }
        let told = drain(waiting);
        assert_eq!(told[0], Event::SessionChanged { state: SessionState::SignedIn }, "no login is lost");
        assert_eq!(told[told.len() - 2..], [change(1_999), Event::Resync]);
    }

    #[test]
    fn what_fits_is_told_in_order_and_a_feed_change_once() {
        let mut waiting = Waiting::default();
        for event in [change(1), Event::FeedChanged, Event::FeedChanged, change(2)] {
            waiting.push(event);
        }
        assert_eq!(drain(waiting), [change(1), Event::FeedChanged, change(2)]);
    }
}
