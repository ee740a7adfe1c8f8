//! Forgets logins that are long over.

use std::time::Duration;

use chrono::TimeDelta;

use super::store;
use crate::state::AppState;

const EVERY: Duration = Duration::from_hours(1);
/// How long the list of one's past logins reaches back.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Tidies up for ever; any number of nodes may do so at once.
pub async fn run_janitor(app: &AppState) {
    let mut interval = tokio::time::interval(EVERY);
    loop {
        interval.tick().await;
        if let Err(error) = tidy_up(app).await {
            tracing::warn!(%error, "old logins could not be deleted");
        }
    }
}

async fn tidy_up(app: &AppState) -> Result<(), sqlx::Error> {
    let before = app.clock.now() - KEPT;
    let mut db = app.db.acquire().await?;
    while store::delete_old(&mut db, before).await? > 0 {}
    Ok(())
}
