use std::time::Duration;

use tokio::time::Instant;

use crate::{Client, retry::back_off};

/// A minute is told when it begins: after so long without one, something was lost on the way.
const SILENCE: Duration = Duration::from_secs(75);
/// How often to read while nothing can be told.
const AWAY: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// When to read over HTTP what sockets may not have told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Something is known to be missing, or may be; no event makes up for it.
    due_at: Option<Instant>,
    silent_at: Instant,
    failures: u32,
}

impl Pace {
    /// Where everything that happened is known.
    pub(super) fn known(is_live: bool) -> Self {
        let mut pace = Self { due_at: None, silent_at: Instant::now(), failures: 0 };
        pace.read(is_live);
        pace
    }

    /// Where something may have happened before; a socket that is not there yet has it read once it is.
    pub(super) fn unknown(is_live: bool) -> Self {
        let mut pace = Self::known(is_live);
        if is_live {
            pace.read_within(Duration::ZERO);
        }
        pace
    }

    pub(super) fn read_at(&self) -> Instant {
        self.due_at.map_or(self.silent_at, |due_at| due_at.min(self.silent_at))
    }

    pub(super) fn read_within(&mut self, time: Duration) {
        let at = Instant::now() + time;
        self.due_at = Some(self.due_at.map_or(at, |due_at| due_at.min(at)));
    }

    /// An event says that events arrive.
    pub(super) fn told(&mut self) {
        self.silent_at = Instant::now() + SILENCE;
    }

    /// The connection is lost: from now on nothing is told.
    pub(super) fn lost(&mut self) {
        // Not all at the same instant.
        self.read_within(back_off(AWAY, AWAY, 1));
    }

    /// Everything is known as of now.
    pub(super) fn read(&mut self, is_live: bool) {
        self.failures = 0;
        self.due_at = None;
        self.told();
        if !is_live {
            self.lost();
        }
    }

    pub(super) fn failed(&mut self, client: &Client) {
        self.failures += 1;
        let first = client.inner.transport.retry_policy().first_delay;
        let at = Instant::now() + back_off(first, LONGEST_WAIT, self.failures);
        (self.due_at, self.silent_at) = (Some(at), at);
    }
}
