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

/// A count that took less is never kept.
const CHEAP: Duration = Duration::from_millis(5);
/// A count is good for so many times what it took: counting gets at most a twentieth of one connection per filter.
const WORTH: u32 = 20;
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
        let begun = Instant::now();
        if let Some(counts) = self.find(filter, begun) {
            return Ok(counts);
        }
        let counts = store::count(db, filter).await?;
        let took = begun.elapsed();
        if took >= CHEAP {
            self.keep(Kept { filter: filter.clone(), counts, until: begun + (took * WORTH).min(LONGEST) });
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
