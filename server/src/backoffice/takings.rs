//! What costs more than a page may: sums over calls and the proof of the books, kept for a while on each node.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, NaiveTime, TimeDelta, Timelike, Utc};
use saathii_admin_ui::pages::overview::{Span, Takings};
use saathii_shared_types::{Coins, Earnings, Paise};
use tokio::sync::Mutex;

use crate::{calls, payments, proof, state::AppState, wallet::Discrepancy};

/// The charts may be so old.
const SUMS_KEPT: TimeDelta = TimeDelta::minutes(1);
/// The proof reads the whole ledger.
const PROOF_KEPT: TimeDelta = TimeDelta::minutes(10);
/// So many are named; the first fault explains most others.
const DISCREPANCIES: usize = 20;

/// Sums with the moment they were made.
type Summed = (DateTime<Utc>, Vec<Takings>);

/// What this node has summed lately. Whoever asks while it is summed waits for the same answer.
#[derive(Default)]
pub struct Kept {
    takings: Mutex<HashMap<Span, Summed>>,
    proof: Mutex<Option<Arc<Proven>>>,
}

/// A proof of the books and the first of what it found.
pub(super) struct Proven {
    pub(super) at: DateTime<Utc>,
    pub(super) total: usize,
    pub(super) found: Vec<Discrepancy>,
}

pub(super) async fn read_takings(app: &AppState, span: Span) -> sqlx::Result<Vec<Takings>> {
    let now = app.clock.now();
    let mut kept = app.desk.takings.lock().await;
    if let Some((_, takings)) = kept.get(&span).filter(|(at, _)| now - *at < SUMS_KEPT) {
        return Ok(takings.clone());
    }
    let (unit, step, points) = match span {
        Span::Day => ("hour", TimeDelta::hours(1), 24),
        Span::Week => ("day", TimeDelta::days(1), 7),
        Span::Month => ("day", TimeDelta::days(1), 30),
    };
    let first = begin_of(now, span) - step * (points - 1);
    let mut db = app.db.acquire().await?;
    let sums: HashMap<_, _> =
        calls::list_spans(&mut db, unit, first).await?.into_iter().map(|sum| (sum.at, sum)).collect();
    let sold: HashMap<_, _> =
        payments::list_spans(&mut db, unit, first).await?.into_iter().map(|sold| (sold.at, sold.coins)).collect();
    let takings: Vec<Takings> = (0..points)
        .map(|nth| {
            let at = first + step * nth;
            let (calls, coins, earnings) =
                sums.get(&at).map_or_else(Default::default, |sum| (sum.calls, sum.coins, sum.earnings));
            let sold = sold.get(&at).copied().unwrap_or_default();
            Takings { at, calls, sold, coins, earnings, margin: margin(app, coins, earnings) }
        })
        .collect();
    kept.insert(span, (now, takings.clone()));
    Ok(takings)
}

/// When the running hour or day began, in UTC.
fn begin_of(now: DateTime<Utc>, span: Span) -> DateTime<Utc> {
    let day = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    if span == Span::Day { day + TimeDelta::hours(now.hour().into()) } else { day }
}

/// By the cheapest coins that are sold, so that it is never made to look better.
fn margin(app: &AppState, coins: Coins, earnings: Earnings) -> Paise {
    let worth = app.config.payments.lowest_paise_per_hundred_coins().0 * coins.0 / 100;
    Paise(worth - earnings.0 * app.config.payouts.paise_per_earning.0)
}

/// The last proof; made again when it is old.
pub(super) async fn read_proof(app: &AppState) -> sqlx::Result<Arc<Proven>> {
    let now = app.clock.now();
    let mut kept = app.desk.proof.lock().await;
    if let Some(proof) = kept.as_ref().filter(|proof| now - proof.at < PROOF_KEPT) {
        return Ok(proof.clone());
    }
    let mut found = proof::prove(&app.db).await?;
    let total = found.len();
    found.truncate(DISCREPANCIES);
    for discrepancy in &found {
        tracing::error!(%discrepancy, "the books do not close");
    }
    let proof = Arc::new(Proven { at: now, total, found });
    *kept = Some(proof.clone());
    Ok(proof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_begin_at_whole_hours_and_days() {
        let now = "2026-01-15T10:30:45Z".parse().unwrap();
        assert_eq!(begin_of(now, Span::Day).to_rfc3339(), "2026-01-15T10:00:00+00:00");
        assert_eq!(begin_of(now, Span::Month).to_rfc3339(), "2026-01-15T00:00:00+00:00");
    }
}
