//! What has to leave the bucket leaves it.

use std::time::Duration;

use chrono::TimeDelta;
use saathii_shared_types::UserId;

use super::{
    Error,
    rules::{self, ARRIVED, PLACE_HELD},
    store,
};
use crate::state::AppState;

const EVERY: Duration = Duration::from_mins(1);
/// What could not be deleted is tried again after this long.
const AGAIN: TimeDelta = TimeDelta::minutes(10);
const AT_ONCE: i64 = 50;

/// Tidies up for ever; any number of nodes may do so at once.
pub async fn run_janitor(app: &AppState) {
    let mut interval = tokio::time::interval(EVERY);
    loop {
        interval.tick().await;
        if let Err(error) = tidy_up(app).await {
            tracing::warn!(%error, "the bucket could not be tidied up");
        }
    }
}

/// Ends uploads that broke off, and deletes what is due.
pub async fn tidy_up(app: &AppState) -> Result<(), Error> {
    let now = app.clock.now();
    let until = now + AGAIN;
    let mut db = app.db.acquire().await?;
    store::release_stale(&mut db, None, now - PLACE_HELD, now + ARRIVED - PLACE_HELD).await?;
    drop(db);
    loop {
        let mut db = app.db.acquire().await?;
        let due = store::take_due(&mut db, now, until, AT_ONCE).await?;
        drop(db);
        if due.is_empty() {
            return Ok(());
        }
        let mut gone = Vec::with_capacity(due.len());
        for path in due {
            match delete(app, &path).await {
                Ok(()) => gone.push(path),
                Err(error) => tracing::warn!(%error, path, "still in the bucket"),
            }
        }
        let mut db = app.db.acquire().await?;
        store::discarded(&mut db, &gone, until).await?;
    }
}

/// At once and best effort, after the commit that deleted the account; the plan stands and catches the rest.
pub fn discard_folders(app: &AppState, listener: UserId) {
    let app = app.clone();
    tokio::spawn(async move {
        for folder in [rules::sample_folder(listener), rules::upload_folder(listener)] {
            if let Err(error) = delete(&app, &folder).await {
                tracing::warn!(%error, folder, "still in the bucket");
            }
        }
    });
}

async fn delete(app: &AppState, path: &str) -> Result<(), Error> {
    if path.ends_with('/') {
        app.objects.delete_folder(path).await?;
    } else {
        app.objects.delete(path).await?;
    }
    Ok(())
}
