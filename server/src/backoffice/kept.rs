//! What costs more than a page may: kept for a while on each node, and made again behind the back of whoever reads it.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, watch};

/// How long a page waits for the first value. Over large books it is shown without, and has it when it refreshes.
const PATIENCE: Duration = Duration::from_secs(2);

/// A value with the moment it was made.
type Made<T> = Option<(DateTime<Utc>, T)>;

/// The last value that was made.
pub(super) struct Kept<T> {
    made: watch::Sender<Made<T>>,
    /// Held by whoever makes it: one at a time.
    making: Arc<Mutex<()>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { made: watch::Sender::new(None), making: Arc::default() }
    }
}

impl<T: Clone + Send + Sync + 'static> Kept<T> {
    /// The last value, however old; where it is older than `fresh_for`, another is being made. `None` where none could
    /// be made in time.
    pub(super) async fn read(
        &self,
        now: DateTime<Utc>,
        fresh_for: TimeDelta,
        make: impl Future<Output = sqlx::Result<T>> + Send + 'static,
    ) -> Option<T> {
        let last = self.made.borrow().clone();
        let is_fresh = last.as_ref().is_some_and(|(at, _)| now - *at < fresh_for);
        if !is_fresh && let Ok(making) = self.making.clone().try_lock_owned() {
            let sender = self.made.clone();
            tokio::spawn(async move {
                match make.await {
                    Ok(value) => drop(sender.send_replace(Some((now, value)))),
                    Err(error) => tracing::warn!(%error, "the dashboard could not sum up"),
                }
                drop(making);
            });
        }
        if let Some((_, value)) = last {
            return Some(value);
        }
        let mut changes = self.made.subscribe();
        let first = tokio::time::timeout(PATIENCE, changes.wait_for(Option::is_some)).await;
        first.ok()?.ok()?.clone().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn an_old_value_is_shown_while_the_next_is_made() {
        let (kept, count) = (Kept::default(), Arc::new(AtomicUsize::new(0)));
        let read = async |second: i64| {
            let count = count.clone();
            let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
            kept.read(now, TimeDelta::seconds(10), async move { Ok(count.fetch_add(1, Ordering::SeqCst)) }).await
        };
        assert_eq!(read(0).await, Some(0));
        assert_eq!(read(9).await, Some(0));
        assert_eq!(read(10).await, Some(0), "the first reader does not wait for it");
        for _ in 0..100 {
            if read(11).await == Some(1) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it was never made again");
    }
}
