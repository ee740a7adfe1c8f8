//! Sums over calls and the proof of the books.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, NaiveTime, TimeDelta, Timelike, Utc};
use saathii_admin_ui::pages::overview::{Span, Takings};
use saathii_shared_types::{Coins, Earnings, Paise};

use super::kept::Kept;
use crate::{calls, payments, proof, state::AppState, wallet::Discrepancy};

/// The charts may be so old.
const SUMS_FRESH: TimeDelta = TimeDelta::minutes(1);
/// The proof reads the whole ledger.
const PROOF_FRESH: TimeDelta = TimeDelta::minutes(10);
/// So many are named; the first fault explains most others.
const DISCREPANCIES: usize = 20;

/// What this node has summed lately.
#[derive(Default)]
pub struct Summed {
    day: Kept<Vec<Takings>>,
    week: Kept<Vec<Takings>>,
    month: Kept<Vec<Takings>>,
    proof: Kept<Arc<Proven>>,
}

/// A proof of the books and the first of what it found.
pub(super) struct Proven {
    pub(super) at: DateTime<Utc>,
    pub(super) total: usize,
    pub(super) found: Vec<Discrepancy>,
}

/// One for each hour or day of the span; none where they could not be summed in time.
pub(super) async fn read_takings(app: &AppState, span: Span) -> Vec<Takings> {
    let kept = match span {
        Span::Day => &app.desk.day,
        Span::Week => &app.desk.week,
        Span::Month => &app.desk.month,
    };
    let (node, now) = (app.clone(), app.clock.now());
    let takings = kept.read(now, SUMS_FRESH, async move { sum(&node, span, now).await }).await;
    takings.unwrap_or_default()
}

async fn sum(app: &AppState, span: Span, now: DateTime<Utc>) -> sqlx::Result<Vec<Takings>> {
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
    let takings = |nth| {
        let at = first + step * nth;
        let (calls, coins, earnings) =
            sums.get(&at).map_or_else(Default::default, |sum| (sum.calls, sum.coins, sum.earnings));
        let sold = sold.get(&at).copied().unwrap_or_default();
        Takings { at, calls, sold, coins, earnings, margin: margin(app, coins, earnings) }
    };
    Ok((0..points).map(takings).collect())
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

/// The last proof; none where the first could not be made in time.
pub(super) async fn read_proof(app: &AppState) -> Option<Arc<Proven>> {
    let (node, now) = (app.clone(), app.clock.now());
    app.desk.proof.read(now, PROOF_FRESH, async move { prove(&node, now).await }).await
}

async fn prove(app: &AppState, at: DateTime<Utc>) -> sqlx::Result<Arc<Proven>> {
    let mut found = proof::prove(&app.db).await?;
    let total = found.len();
    found.truncate(DISCREPANCIES);
    for discrepancy in &found {
        tracing::error!(%discrepancy, "the books do not close");
    }
    Ok(Arc::new(Proven { at, total, found }))
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
