use std::collections::HashMap;

use chrono::{DateTime, Datelike, Utc};
use saathii_shared_types::{
    UserId,
    presence::{StatusPatch, UserPresence, UserStatus},
};
use sqlx::PgConnection;

use super::{
    Error,
    store::{self, PresenceRow},
};
use crate::{
    realtime::StatusChange,
    social,
    state::AppState,
    users::{self, Card},
};

pub async fn get_status(app: &AppState, user: UserId) -> Result<UserStatus, Error> {
    let mut db = app.db.acquire().await?;
    let row = store::find(&mut db, user).await?.ok_or(Error::NotFound)?;
    Ok(status_of(&row))
}

/// Changes a status and tells everybody.
pub async fn update_status(app: &AppState, user: UserId, patch: &StatusPatch) -> Result<UserStatus, Error> {
    if patch.busy_until.flatten().is_some_and(|until| !(1..=9999).contains(&until.year())) {
        return Err(Error::InvalidBusyUntil);
    }
    let mut db = app.db.acquire().await?;
    let row = store::update(&mut db, user, patch, app.clock.now()).await?.ok_or(Error::NotFound)?;
    let status = status_of(&row);
    announce(app, &mut db, vec![row]).await?;
    Ok(status)
}

/// Somebody's presence as `viewer` sees it.
pub(super) async fn get_presence(app: &AppState, viewer: UserId, user: UserId) -> Result<UserPresence, Error> {
    list_presence(app, viewer, &[user]).await?.pop().ok_or(Error::NotFound)
}

/// In the order asked; the unknown are left out, and whom `viewer` must not see.
pub(super) async fn list_presence(
    app: &AppState,
    viewer: UserId,
    users: &[UserId],
) -> Result<Vec<UserPresence>, Error> {
    let mut db = app.db.acquire().await?;
    let rows = store::list(&mut db, users).await?;
    let cards = users::cards(&mut db, users).await?;
    let mut found: HashMap<UserId, UserPresence> =
        join(rows, &cards).map(|(row, card)| (row.user_id, presence_of(&row, card))).collect();
    for hidden in social::hidden_among(&mut db, viewer, users).await? {
        found.remove(&hidden);
    }
    Ok(users.iter().filter_map(|user| found.remove(user)).collect())
}

/// Tells everybody of committed changes.
pub(super) async fn announce(app: &AppState, db: &mut PgConnection, rows: Vec<PresenceRow>) -> Result<(), sqlx::Error> {
    for change in changes_of(db, rows).await? {
        app.bus.publish(change);
    }
    Ok(())
}

/// What is to be published of these rows after the commit.
pub async fn changes_of(db: &mut PgConnection, rows: Vec<PresenceRow>) -> Result<Vec<StatusChange>, sqlx::Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    Ok(changes_with(rows, &users::cards(db, &ids).await?))
}

/// As [`changes_of`], for whoever has the cards.
pub fn changes_with(rows: Vec<PresenceRow>, cards: &[Card]) -> Vec<StatusChange> {
    let change = |(row, card): (PresenceRow, &Card)| StatusChange {
        revision: row.revision,
        is_listener: card.is_listener(),
        status: presence_of(&row, card),
    };
    join(rows, cards).map(change).collect()
}

/// Takes a user offline, in the caller's transaction; to be published after its commit.
pub async fn go_offline(
    db: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Option<StatusChange>, sqlx::Error> {
    let rows = store::leave(db, user, now).await?.into_iter().collect();
    Ok(changes_of(db, rows).await?.pop())
}

/// As [`go_offline`] for a user who is being deleted: without a name.
pub async fn leave(
    db: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Option<StatusChange>, sqlx::Error> {
    let change = go_offline(db, user, now).await?;
    Ok(change.map(|change| StatusChange {
        status: UserPresence { username: format!("deleted:{user}"), profile_image_url: None, ..change.status },
        ..change
    }))
}

fn join(rows: Vec<PresenceRow>, cards: &[Card]) -> impl Iterator<Item = (PresenceRow, &Card)> {
    let cards: HashMap<UserId, &Card> = cards.iter().map(|card| (card.user_id, card)).collect();
    rows.into_iter().filter_map(move |row| cards.get(&row.user_id).copied().map(|card| (row, card)))
}

fn status_of(row: &PresenceRow) -> UserStatus {
    UserStatus {
        user_id: row.user_id,
        is_online: row.is_online,
        last_seen: row.last_seen,
        is_busy: row.is_busy,
        busy_until: row.busy_until,
    }
}

fn presence_of(row: &PresenceRow, card: &Card) -> UserPresence {
    UserPresence {
        user_id: row.user_id,
        username: card.username.clone(),
        profile_image_url: card.profile_image_url.clone(),
        is_online: row.is_online,
        last_seen: row.last_seen,
        is_busy: row.is_busy,
        busy_until: row.busy_until,
        is_available: row.is_online && !row.is_busy,
    }
}
