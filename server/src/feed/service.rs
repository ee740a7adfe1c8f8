use std::collections::HashMap;

use saathii_shared_types::{
    UserId,
    feed::{FeedListener, FeedPage, FeedStats},
};
use sqlx::PgConnection;

use super::{
    query::{FeedQuery, Filter},
    store::{self, Counts},
};
use crate::{
    config::ListenerVerification,
    http::{HttpError, extract::Paging},
    presence::{self, PresenceRow},
    social,
    state::AppState,
    users::{self, Card},
};

pub(super) async fn list_listeners(
    app: &AppState,
    viewer: UserId,
    query: &FeedQuery,
    paging: Paging,
) -> Result<FeedPage, HttpError> {
    let filter = &query.filter(verified_only(app))?;
    let mut db = app.db.acquire().await?;
    let hidden = social::hidden_from(&mut db, viewer).await?;
    let counts = count_without(app, &mut db, filter, &hidden).await?;
    // A page behind the end costs nothing, however far behind.
    let ids = if paging.offset() < counts.total {
        store::list(&mut db, filter, &hidden, paging.offset(), paging.per_page).await?
    } else {
        Vec::new()
    };
    let listeners = describe(&mut db, &ids).await?;
    Ok(FeedPage {
        listeners,
        total_count: counts.total,
        online_count: counts.online,
        available_count: counts.available,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(counts.total),
        has_previous: paging.has_previous(),
    })
}

/// How many listeners there are, and how many of them are there.
pub async fn get_stats(app: &AppState) -> Result<FeedStats, sqlx::Error> {
    let mut db = app.db.acquire().await?;
    Ok(stats_of(app.feed_counts.count(&mut db, &Filter::all(verified_only(app))).await?))
}

/// As [`get_stats`], of those whom `viewer` may see.
pub(super) async fn get_stats_for(app: &AppState, viewer: UserId) -> Result<FeedStats, sqlx::Error> {
    let mut db = app.db.acquire().await?;
    let hidden = social::hidden_from(&mut db, viewer).await?;
    Ok(stats_of(count_without(app, &mut db, &Filter::all(verified_only(app)), &hidden).await?))
}

fn stats_of(counts: Counts) -> FeedStats {
    FeedStats {
        total_listeners: counts.total,
        online_listeners: counts.online,
        available_listeners: counts.available,
        busy_listeners: counts.online - counts.available,
    }
}

/// Everybody's counts less those of the few: so that one count serves all, whomever each must not see.
async fn count_without(
    app: &AppState,
    db: &mut PgConnection,
    filter: &Filter,
    hidden: &[UserId],
) -> Result<Counts, sqlx::Error> {
    let counts = app.feed_counts.count(db, filter).await?;
    if hidden.is_empty() {
        return Ok(counts);
    }
    Ok(counts.without(store::count_among(db, filter, hidden).await?))
}

/// The cards of these people, in this order; the deleted and unknown are left out.
pub async fn describe(db: &mut PgConnection, ids: &[UserId]) -> Result<Vec<FeedListener>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(join(ids, users::cards(db, ids).await?, presence::list(db, ids).await?))
}

fn verified_only(app: &AppState) -> bool {
    app.config.calls.verification == ListenerVerification::Required
}

fn join(order: &[UserId], cards: Vec<Card>, rows: Vec<PresenceRow>) -> Vec<FeedListener> {
    let mut cards: HashMap<UserId, Card> = cards.into_iter().map(|card| (card.user_id, card)).collect();
    let rows: HashMap<UserId, PresenceRow> = rows.into_iter().map(|row| (row.user_id, row)).collect();
    order.iter().filter_map(|user| Some(listener(cards.remove(user)?, rows.get(user)?))).collect()
}

fn listener(card: Card, row: &PresenceRow) -> FeedListener {
    FeedListener {
        user_id: card.user_id,
        username: card.username,
        sex: card.sex,
        bio: card.bio,
        interests: card.interests,
        profile_image_url: card.profile_image_url,
        preferred_language: card.preferred_language,
        rating: card.rating,
        country: card.country,
        roles: card.roles,
        is_online: row.is_online,
        last_seen: row.last_seen,
        is_busy: row.is_busy,
        busy_until: row.busy_until,
        is_available: row.is_online && !row.is_busy,
    }
}
