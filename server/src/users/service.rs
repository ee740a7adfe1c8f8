use saathii_shared_types::{
    UserId,
    users::{ProfilePatch, UserProfile},
};
use sqlx::PgConnection;

use super::{Error, rules::ProfileChange, store};
use crate::state::AppState;

/// Makes a user, in the caller's transaction.
pub async fn insert(db: &mut PgConnection, new: store::NewUser<'_>) -> Result<UserId, Error> {
    Ok(store::insert(db, new).await?)
}

pub(super) async fn get_profile(app: &AppState, user: UserId) -> Result<UserProfile, Error> {
    let mut db = app.db.acquire().await?;
    store::find_profile(&mut db, user).await?.ok_or(Error::NotFound)
}

pub(super) async fn update_profile(app: &AppState, user: UserId, patch: &ProfilePatch) -> Result<UserProfile, Error> {
    let change = ProfileChange::parse(patch).map_err(Error::Invalid)?;
    let mut db = app.db.acquire().await?;
    store::update_profile(&mut db, user, &change).await?.ok_or(Error::NotFound)
}
