//! Suspensions that have run out are lifted.

use std::time::Duration;

use crate::{state::AppState, users};

const EVERY: Duration = Duration::from_secs(30);
const BATCH: i64 = 500;

/// Lifts for ever; any number of nodes may.
pub async fn run_lifter(app: &AppState) {
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = lift_expired(app).await {
            tracing::warn!(%error, "suspensions that have run out could not be lifted");
        }
    }
}

/// Lifts what has run out by now.
pub async fn lift_expired(app: &AppState) -> sqlx::Result<()> {
    let mut db = app.db.acquire().await?;
    while users::lift_expired_suspensions(&mut db, app.clock.now(), BATCH).await? > 0 {}
    Ok(())
}
