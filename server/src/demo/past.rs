//! What the forty did before the first start: purchases, calls, ratings; in the ledger like everybody's.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use saathii_shared_types::{UserId, calls::CallType};
use sqlx::PgConnection;

use super::coins::{MOST_MINUTES, afford_a_call};
use crate::{
    calls::{self, PastCall},
    ratings,
    state::AppState,
};

const CALLS: i32 = 72;
/// Nobody is in two calls: none lasts so long.
const APART: TimeDelta = TimeDelta::minutes(157);

/// Fills the days before `now`.
pub(super) async fn insert(
    app: &AppState,
    db: &mut PgConnection,
    callers: &[UserId],
    listeners: &[UserId],
    now: DateTime<Utc>,
    rng: &mut StdRng,
) -> anyhow::Result<()> {
    let begin = now - APART * (CALLS + 1);
    // A minute may be configured to last for seconds or for an hour.
    let longest = i64::from(app.config.calls.minute_seconds.min(60)) * MOST_MINUTES;
    for nth in 0..CALLS {
        let (Some(caller), Some(listener)) = (callers.choose(rng), listeners.choose(rng)) else { return Ok(()) };
        let call_type = if rng.random_ratio(1, 6) { CallType::Video } else { CallType::Audio };
        let start_time = begin + APART * nth + TimeDelta::minutes(rng.random_range(0..90));
        let seconds = rng.random_range(longest / 30..=longest).max(1);
        let before = start_time - TimeDelta::minutes(rng.random_range(2..9));
        afford_a_call(app, db, *caller, before).await?;
        let past = PastCall { caller: *caller, listener: *listener, call_type, start_time, seconds };
        let call = calls::record_past(app, db, past).await?;
        if rng.random_ratio(4, 5) {
            let rating = if rng.random_ratio(2, 3) { 5 } else { rng.random_range(3..=4) };
            ratings::record(db, &call, rating, start_time + TimeDelta::seconds(seconds)).await?;
        }
    }
    Ok(())
}
