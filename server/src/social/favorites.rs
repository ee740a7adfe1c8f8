use std::collections::HashMap;

use chrono::{DateTime, Utc};
use saathii_shared_types::{
    UserId,
    social::{Favorite, FavoritePage},
};

use super::{Error, store};
use crate::{feed, http::Paging, state::AppState, users};

pub(super) async fn add_favorite(app: &AppState, user: UserId, listener: UserId) -> Result<(), Error> {
    if user == listener {
        return Err(Error::OwnFavorite);
    }
    let mut tx = app.db.begin().await?;
    // Whoever deletes, suspends or blocks one of the two waits, and then finds this favorite.
    let parties = users::lock_parties(&mut tx, &[user, listener]).await?;
    let is_listener = |party: &users::Party| party.card.user_id == listener && party.card.is_listener();
    if !parties.iter().any(is_listener) {
        return Err(Error::ListenerNotFound);
    }
    if store::is_blocked_between(&mut tx, user, listener).await? {
        return Err(Error::Blocked);
    }
    store::insert_favorite(&mut tx, user, listener, app.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn remove_favorite(app: &AppState, user: UserId, listener: UserId) -> Result<(), Error> {
    let mut db = app.db.acquire().await?;
    store::delete_favorite(&mut db, user, listener).await?;
    Ok(())
}

pub(super) async fn is_favorite(app: &AppState, user: UserId, listener: UserId) -> Result<bool, Error> {
    let mut db = app.db.acquire().await?;
    let is_favorite = store::is_favorite(&mut db, user, listener).await?;
    if !is_favorite && users::cards(&mut db, &[listener]).await?.is_empty() {
        return Err(Error::ListenerNotFound);
    }
    Ok(is_favorite)
}

pub(super) async fn list_favorites(app: &AppState, user: UserId, paging: Paging) -> Result<FavoritePage, Error> {
    let mut db = app.db.acquire().await?;
    let total = store::count_favorites(&mut db, user).await?;
    let rows = store::list_favorites(&mut db, user, paging.offset(), paging.per_page).await?;
    let ids: Vec<UserId> = rows.iter().map(|(listener, _)| *listener).collect();
    let times: HashMap<UserId, DateTime<Utc>> = rows.into_iter().collect();
    let favorite = |listener: saathii_shared_types::feed::FeedListener| {
        let favorited_at = *times.get(&listener.user_id)?;
        Some(Favorite { listener, favorited_at })
    };
    Ok(FavoritePage {
        favorites: feed::describe(&mut db, &ids).await?.into_iter().filter_map(favorite).collect(),
        total_count: total,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(total),
        has_previous: paging.has_previous(),
    })
}
