//! Counting, shared: exact while it is cheap, a moment old where it is not.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::PgConnection;

use super::{
    query::Filter,
    store::{self, Counts},
};

/// Up to so many listeners every count is made anew: it takes less than asking for a page.
const CHEAP: i64 = 10_000;
/// A hundred thousand take a small Postgres 20 ms and are good for 400: however many ask, a filter's count takes a
/// twentieth of one connection. The size decides and not the clock, which would make counts stale under load.
const ROWS_PER_MILLISECOND: i64 = 250;
const LONGEST: Duration = Duration::from_secs(2);
const MOST_FILTERS: usize = 64;

struct Kept {
    filter: Filter,
    counts: Counts,
    until: Instant,
}

/// The expensive counts of this node, the newest last.
#[derive(Default)]
pub struct CountCache(Mutex<Vec<Kept>>);

impl CountCache {
    pub(super) async fn count(&self, db: &mut PgConnection, filter: &Filter) -> sqlx::Result<Counts> {
        let now = Instant::now();
        if let Some(counts) = self.find(filter, now) {
            return Ok(counts);
        }
        let counts = store::count(db, filter).await?;
        // All that match are fewer than all that were read.
        if filter.is_narrow() || counts.total > CHEAP {
            let good_for = good_for(store::estimate_size(db).await?);
            if let Some(good_for) = good_for {
                self.keep(Kept { filter: filter.clone(), counts, until: now + good_for });
            }
        }
        Ok(counts)
    }

    fn find(&self, filter: &Filter, now: Instant) -> Option<Counts> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| now < kept.until);
        kept.iter().find(|kept| kept.filter == *filter).map(|kept| kept.counts)
    }

    fn keep(&self, count: Kept) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.filter != count.filter);
        if kept.len() >= MOST_FILTERS {
            kept.remove(0);
        }
        kept.push(count);
    }
}

/// How long a count that read so many rows may be told again; `None`: not at all.
fn good_for(rows: i64) -> Option<Duration> {
    let milliseconds = u64::try_from(rows / ROWS_PER_MILLISECOND).unwrap_or(0);
    (rows > CHEAP).then(|| Duration::from_millis(milliseconds).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_listeners_are_counted_every_time_and_many_now_and_then() {
        for (rows, milliseconds) in
            [(-1, None), (0, None), (10_000, None), (100_000, Some(400)), (5_000_000, Some(2_000))]
        {
            assert_eq!(good_for(rows), milliseconds.map(Duration::from_millis), "{rows}");
        }
    }
}
