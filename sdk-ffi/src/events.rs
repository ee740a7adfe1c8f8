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

use saathii_sdk::Code;
use saathii_shared_types::{Coins, Earnings, SampleId, presence::UserPresence, verification::VerificationStatus};

use crate::{FollowedCall, SaathiiError, host::Lent};

/// What the client tells the host.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Event {
    /// Somebody signed in or out, or the server ended the login.
    SessionChanged { state: SessionState },
    /// The presence socket is connected.
    Connected,
    /// The presence socket lost its connection; it comes back by itself. `code` as of an error: `network` most of the
    /// time, `certificate` where somebody else answered.
    Disconnected { close_code: Option<u16>, code: String },
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
    /// An admin has heard one's audio sample.
    VerificationReviewed { sample: SampleId, status: VerificationStatus, remarks: Option<String> },
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

/// Whose doing the end of a login was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SignOut {
    /// Signed out here.
    ByUser,
    /// Ended by the server: signed out on another device, suspended, expired.
    ByServer,
}

impl From<saathii_sdk::SignOut> for SignOut {
    fn from(by: saathii_sdk::SignOut) -> Self {
        match by {
            saathii_sdk::SignOut::ByUser => Self::ByUser,
            saathii_sdk::SignOut::ByServer => Self::ByServer,
        }
    }
}

/// The host's ear; called from one thread of the SDK's, one thing at a time.
#[uniffi::export(with_foreign)]
pub trait EventListener: Send + Sync {
    /// Something happened.
    fn on_event(&self, event: Event) -> Result<(), ListenerError>;

    /// Somebody is signed out who was signed in; told once, and never left out.
    fn on_signed_out(&self, by: SignOut) -> Result<(), ListenerError>;
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

#[derive(Debug, PartialEq)]
enum Told {
    Event(Event),
    SignedOut(SignOut),
}

#[derive(Default)]
struct Waiting {
    told: VecDeque<Told>,
    /// Events were thrown away.
    is_lossy: bool,
    is_closed: bool,
    is_abandoned: bool,
}

impl Waiting {
    /// Changes of presence are what floods, and what can be read again; all else is told.
    fn push(&mut self, told: Told) {
        if told == Told::Event(Event::FeedChanged) && self.told.contains(&told) {
            return;
        }
        if self.told.len() >= MOST_WAITING {
            self.told.retain(|told| !matches!(told, Told::Event(Event::PresenceChanged { .. })));
            self.is_lossy = true;
        }
        if self.told.len() >= MOST_WAITING
            && let Some(oldest) = self.told.iter().position(|told| !matches!(told, Told::SignedOut(_)))
        {
            self.told.remove(oldest);
        }
        self.told.push_back(told);
    }

    fn pop(&mut self) -> Option<Told> {
        let resync = || Told::Event(Event::Resync);
        self.told.pop_front().or_else(|| std::mem::take(&mut self.is_lossy).then(resync))
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
        let (source, listener) = (events.clone(), Lent::new(listener));
        thread::Builder::new()
            .name("saathii-events".to_owned())
            .spawn(move || {
                while let Some(told) = source.next() {
                    let tell = |listener: &(dyn EventListener + 'static)| match told {
                        Told::Event(event) => listener.on_event(event),
                        Told::SignedOut(by) => listener.on_signed_out(by),
                    };
                    // A listener that fails or panics has lost this and nothing else.
                    match catch_unwind(AssertUnwindSafe(|| listener.call(tell))) {
                        Ok(Some(Ok(()))) => {}
                        Ok(Some(Err(error))) => tracing::warn!(%error, "the listener failed"),
                        Ok(None) => break,
                        Err(_) => tracing::warn!("the listener panicked"),
                    }
                }
                if source.waiting().is_abandoned {
                    std::mem::forget(listener);
                }
            })
            .map_err(|error| SaathiiError::failed(Code::Internal, error))?;
        Ok(events)
    }

    pub(crate) fn push(&self, event: Event) {
        self.tell(Told::Event(event));
    }

    pub(crate) fn push_sign_out(&self, by: SignOut) {
        self.tell(Told::SignedOut(by));
    }

    fn tell(&self, told: Told) {
        self.waiting().push(told);
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

    fn next(&self) -> Option<Told> {
        let mut waiting = self.waiting();
        loop {
            if waiting.is_closed {
                return None;
            }
            if let Some(told) = waiting.pop() {
                return Some(told);
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

    fn change(id: i64) -> Told {
        Told::Event(Event::PresenceChanged {
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
        })
    }

    fn drain(mut waiting: Waiting) -> Vec<Told> {
        std::iter::from_fn(|| waiting.pop()).collect()
    }

    #[test]
    fn a_burst_keeps_the_newest_and_ends_in_a_resync() {
        let mut waiting = Waiting::default();
        waiting.push(Told::SignedOut(SignOut::ByServer));
        for id in 0..2_000 {
            waiting.push(change(id));
            assert!(waiting.told.len() <= MOST_WAITING);
        }
        let told = drain(waiting);
        assert_eq!(told[0], Told::SignedOut(SignOut::ByServer), "the end of a login is never left out");
        assert_eq!(told[told.len() - 2..], [change(1_999), Told::Event(Event::Resync)]);
    }

    #[test]
    fn what_cannot_be_read_again_outlives_a_flood_of_its_own_kind() {
        let mut waiting = Waiting::default();
        waiting.push(Told::SignedOut(SignOut::ByUser));
        for _ in 0..2 * MOST_WAITING {
            waiting.push(Told::Event(Event::Connected));
            assert!(waiting.told.len() <= MOST_WAITING);
        }
        assert_eq!(drain(waiting)[0], Told::SignedOut(SignOut::ByUser));
    }

    #[test]
    fn what_fits_is_told_in_order_and_a_feed_change_once() {
        let mut waiting = Waiting::default();
        let feed_changed = || Told::Event(Event::FeedChanged);
        for told in [change(1), feed_changed(), feed_changed(), change(2)] {
            waiting.push(told);
        }
        assert_eq!(drain(waiting), [change(1), feed_changed(), change(2)]);
    }
}
