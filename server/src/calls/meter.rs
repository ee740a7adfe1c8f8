//! The meter: pays minutes as they begin, and reaps calls of which nothing is heard any more.
//!
//! Any number of nodes run it: each takes due calls that no other holds. Nothing is remembered between ticks, so that a
//! start after a crash is an ordinary tick.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use saathii_shared_types::{CallId, calls::EndCause};

use super::{
    billing::{self, Changes},
    events,
    store::{self, End},
};
use crate::{presence, state::AppState};

const EVERY: Duration = Duration::from_millis(200);
/// Calls in one transaction.
const BATCH: i64 = 500;
/// In one tick, so that even a late meter reaps.
const MOST_BATCHES: usize = 100;

const REAP_EVERY: TimeDelta = TimeDelta::seconds(10);
const REAP_BATCH: i64 = 500;

/// Meters for ever; while Postgres is away, calls wait and are billed when it is back.
pub async fn run_meter(app: &AppState) {
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut reap_at: Option<DateTime<Utc>> = None;
    loop {
        interval.tick().await;
        // Lost calls first: after a pause of this process their minutes are nobody's.
        if reap_at.is_none_or(|at| at <= app.clock.now()) {
            if let Err(error) = reap(app).await {
                tracing::warn!(%error, "lost calls could not be reaped");
            }
            reap_at = Some(app.clock.now() + REAP_EVERY);
        }
        if let Err(error) = tick(app).await {
            metrics::counter!("saathii_meter_failures_total").increment(1);
            tracing::warn!(%error, "minutes could not be billed");
        }
    }
}

/// Bills what is due now; how many minutes it were.
pub async fn tick(app: &AppState) -> sqlx::Result<usize> {
    let mut minutes = 0;
    // One moment for the whole tick: what becomes due meanwhile waits for the next one, in a batch and not by itself.
    let now = app.clock.now();
    // A call that is several minutes behind comes again in the next batch.
    for _ in 0..MOST_BATCHES {
        let Some(billed) = bill_batch(app, now).await? else { break };
        minutes += billed;
    }
    Ok(minutes)
}

/// `None`: nothing was due.
async fn bill_batch(app: &AppState, now: DateTime<Utc>) -> sqlx::Result<Option<usize>> {
    let mut tx = app.db.begin().await?;
    let due = store::take_due(&mut tx, now, BATCH).await?;
    if due.is_empty() {
        return Ok(None);
    }
    let began: Vec<DateTime<Utc>> = due.iter().map(|call| call.next_minute_at).collect();
    let (billed, over) = billing::bill_next(app, &mut tx, due, now).await?;
    let minutes = billed.len();
    let mut changes = Changes { billed, ..Changes::default() };
    billing::end_all(&mut tx, over, now, &mut changes).await?;
    let aftermath = events::of(&mut tx, changes).await?;
    tx.commit().await?;
    metrics::counter!("saathii_call_minutes_total").increment(minutes as u64);
    let done_at = app.clock.now();
    for began in began {
        record_lateness(done_at - began);
    }
    events::tell(app, aftermath);
    Ok(Some(minutes))
}

/// From a minute's beginning to the commit that paid it.
fn record_lateness(late: TimeDelta) {
    metrics::histogram!("saathii_meter_lateness_seconds").record(late.as_seconds_f64());
}

/// Ends calls of which neither side was heard within the grace; how many it were.
pub async fn reap(app: &AppState) -> sqlx::Result<usize> {
    let silent_since = app.clock.now() - app.config.calls.grace;
    let mut reaped = 0;
    let mut after = CallId(0);
    loop {
        // Given back before the calls are ended: the reaper never waits for its own connection.
        let mut db = app.db.acquire().await?;
        let silent = presence::list_silent_calls(&mut db, silent_since, after, REAP_BATCH).await?;
        drop(db);
        let Some(last) = silent.last() else { return Ok(reaped) };
        after = *last;
        for call in silent {
            reaped += usize::from(reap_one(app, call).await?);
        }
    }
}

async fn reap_one(app: &AppState, call: CallId) -> sqlx::Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let Some(call) = store::lock(&mut tx, call).await?.filter(store::CallRow::is_ongoing) else { return Ok(false) };
    // Asked again under the lock: a heartbeat may have come meanwhile.
    let Some(at) = billing::lost_at(app, &mut tx, &call, now).await? else { return Ok(false) };
    let mut changes = Changes::default();
    let end = End { call_id: call.call_id, cause: EndCause::Lost, at, by: None, reason: None };
    billing::settle(app, &mut tx, call, end, &mut changes).await?;
    let aftermath = events::of(&mut tx, changes).await?;
    tx.commit().await?;
    events::tell(app, aftermath);
    Ok(true)
}
