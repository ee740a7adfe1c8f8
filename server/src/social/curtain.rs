//! Tells the sockets of this node whom their people must not see.

use std::collections::{HashMap, HashSet};

use saathii_shared_types::{UserId, presence::UserPresence};
use tokio::{
    sync::mpsc,
    time::{Duration, sleep},
};

use super::store;
use crate::{
    presence,
    realtime::{Ask, SightChange, StatusChange},
    state::AppState,
};

/// After a restart everybody's sockets come back at once: one query for many.
const BATCH: usize = 1000;

/// Answers for ever, one batch after the other: an answer that was read later is also taken later.
pub async fn run_curtain(app: &AppState, mut asks: mpsc::UnboundedReceiver<Ask>) {
    let mut batch = Vec::with_capacity(BATCH);
    while asks.recv_many(&mut batch, BATCH).await > 0 {
        let mut users: Vec<UserId> = batch.iter().map(|ask| ask.user).collect();
        users.sort_unstable();
        users.dedup();
        let mut hidden = loop {
            match read_hidden(app, &users).await {
                Ok(hidden) => break hidden,
                Err(error) => pause(&error).await,
            }
        };
        let mut changes = Vec::new();
        for user in users {
            let change = app.hub.cover(user, hidden.remove(&user).unwrap_or_default());
            if !change.hidden.is_empty() || !change.shown.is_empty() {
                changes.push(change);
            }
        }
        for ask in batch.drain(..) {
            ask.done();
        }
        if !changes.is_empty() {
            let statuses = loop {
                match read_statuses(app, &changes).await {
                    Ok(statuses) => break statuses,
                    Err(error) => pause(&error).await,
                }
            };
            tell(app, &changes, &statuses);
        }
    }
}

/// New sockets wait for an answer, and so for Postgres.
async fn pause(error: &sqlx::Error) {
    tracing::warn!(%error, "it could not be read who blocks whom");
    sleep(Duration::from_millis(250)).await;
}

async fn read_hidden(app: &AppState, users: &[UserId]) -> sqlx::Result<HashMap<UserId, HashSet<UserId>>> {
    let mut db = app.db.acquire().await?;
    let mut hidden: HashMap<UserId, HashSet<UserId>> = HashMap::new();
    for (user, other) in store::hidden_from_all(&mut db, users).await? {
        hidden.entry(user).or_default().insert(other);
    }
    Ok(hidden)
}

async fn read_statuses(app: &AppState, changes: &[SightChange]) -> sqlx::Result<HashMap<UserId, StatusChange>> {
    let people: Vec<UserId> =
        changes.iter().flat_map(|change| change.hidden.iter().chain(&change.shown)).copied().collect();
    let mut db = app.db.acquire().await?;
    let rows = presence::list(&mut db, &people).await?;
    let statuses = presence::changes_of(&mut db, rows).await?;
    Ok(statuses.into_iter().map(|status| (status.status.user_id, status)).collect())
}

fn tell(app: &AppState, changes: &[SightChange], statuses: &HashMap<UserId, StatusChange>) {
    for change in changes {
        let gone = change.hidden.iter().filter_map(|user| statuses.get(user)).map(as_offline);
        let back = change.shown.iter().filter_map(|user| statuses.get(user)).cloned();
        app.hub.tell_change(change, &gone.chain(back).collect::<Vec<_>>());
    }
}

fn as_offline(change: &StatusChange) -> StatusChange {
    let status = UserPresence {
        is_online: false,
        is_busy: false,
        busy_until: None,
        is_available: false,
        ..change.status.clone()
    };
    StatusChange { status, ..change.clone() }
}
