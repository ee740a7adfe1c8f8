//! Somebody is signed out by an admin.

use saathii_shared_types::{SessionId, UserId};
use serde_json::{Value, json};

use super::Error;
use crate::{
    audit::{self, Actor, AdminAction, Entry, Subject},
    auth::{self, EndReason, announce_access_change},
    realtime::SessionsEnded,
    state::AppState,
    users,
};

/// Ends every login of somebody.
pub async fn sign_out(app: &AppState, action: &AdminAction, user: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    let version = auth::end_all_sessions(&mut tx, user, EndReason::Logout, now).await?;
    audit::record(&mut tx, &entry(action, user, "user.sign_out", Value::Null), now).await?;
    tx.commit().await?;
    announce_access_change(app, user, version, Some(SessionsEnded { user_id: user, session_id: None })).await?;
    Ok(())
}

/// Ends one login; false where it was not theirs or over already. Their other devices get new tokens by refreshing.
pub async fn sign_out_device(
    app: &AppState,
    action: &AdminAction,
    user: UserId,
    session: SessionId,
) -> Result<bool, Error> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let Some(version) = auth::end_session_of(&mut tx, user, session, EndReason::Logout, now).await? else {
        return Ok(false);
    };
    audit::record(&mut tx, &entry(action, user, "user.sign_out_device", json!({"session_id": session})), now).await?;
    tx.commit().await?;
    let ended = SessionsEnded { user_id: user, session_id: Some(session) };
    announce_access_change(app, user, version, Some(ended)).await?;
    Ok(true)
}

fn entry<'a>(action: &'a AdminAction, user: UserId, what: &'static str, before: Value) -> Entry<'a> {
    Entry { by: Actor::Admin(action), action: what, subject: Subject::user(user), before, after: Value::Null }
}
