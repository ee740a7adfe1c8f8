//! What the forty did before the first start: purchases, calls, ratings; in the ledger like everybody's.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use saathii_shared_types::{Coins, UserId, calls::CallType};
use sqlx::PgConnection;

use crate::{
    calls::{self, PastCall},
    payments, ratings,
    state::AppState,
    wallet,
};

const CALLS: i32 = 72;
/// Nobody is in two calls: none lasts so long.
const APART: TimeDelta = TimeDelta::minutes(157);
const PACK: i64 = 500;
/// Ten minutes of video.
const COSTLIEST: Coins = Coins(500);

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
    for nth in 0..CALLS {
        let (Some(caller), Some(listener)) = (callers.choose(rng), listeners.choose(rng)) else { return Ok(()) };
        let call_type = if rng.random_ratio(1, 6) { CallType::Video } else { CallType::Audio };
        let start_time = begin + APART * nth + TimeDelta::minutes(rng.random_range(0..90));
        let seconds = rng.random_range(20..600);
        if wallet::find(db, *caller).await?.balance_coins < COSTLIEST {
            let before = start_time - TimeDelta::minutes(rng.random_range(2..9));
            payments::record_sandbox_purchase(app, db, *caller, PACK, before).await?;
        }
        let past = PastCall { caller: *caller, listener: *listener, call_type, start_time, seconds };
        let call = calls::record_past(app, db, past).await?;
        if rng.random_ratio(4, 5) {
            let rating = if rng.random_ratio(2, 3) { 5 } else { rng.random_range(3..=4) };
            ratings::record(db, &call, rating, start_time + TimeDelta::seconds(seconds)).await?;
        }
    }
    Ok(())
}
