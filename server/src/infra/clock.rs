//! Time, injected, so that tests move it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

/// The only source of the current time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Microseconds since the epoch, where time stands still until it is moved.
    manual: Option<Arc<AtomicI64>>,
}

impl Clock {
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `at` until [`advance`](Self::advance) moves it.
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self { manual: Some(Arc::new(AtomicI64::new(at.timestamp_micros()))) }
    }

    /// The current time, in whole microseconds as Postgres keeps them.
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match &self.manual {
            Some(micros) => micros.load(Ordering::SeqCst),
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
            None => Utc::now().timestamp_micros(),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// Moves a manual clock; a system clock is left alone.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(micros) = &self.manual {
            micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}
