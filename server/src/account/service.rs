use saathii_shared_types::{calls::EndCause, users::Role};

use crate::{
    auth::{self, CurrentUser, EndReason, announce_access_change},
    calls,
    http::HttpError,
    presence,
    realtime::SessionsEnded,
    second_factor, social,
    state::AppState,
    users, verification, withdrawals,
};

/// Ends the person's call, pseudonymises them, ends every login and closes every socket; what others' records point at
/// stays.
pub(super) async fn delete_account(app: &AppState, user: &CurrentUser) -> Result<(), HttpError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if users::lock(&mut tx, user.id).await?.is_none() {
        // Another request deleted it a moment ago.
        return Err(auth::Error::SessionEnded.into());
    }
    let call = calls::end_calls_of(app, &mut tx, user.id, EndCause::AccountDeleted).await?;
    let left = presence::leave(&mut tx, user.id, now).await?;
    users::pseudonymise(&mut tx, user.id, now).await?;
    social::forget(&mut tx, user.id).await?;
    let is_listener = user.roles.contains(&Role::Listener);
    if is_listener {
        verification::forget(&mut tx, user.id, now).await?;
    }
    second_factor::forget(&mut tx, user.id).await?;
    withdrawals::forget_details(&mut tx, user.id).await?;
    let version = auth::end_all_sessions(&mut tx, user.id, EndReason::Deleted, now).await?;
    tx.commit().await?;

    calls::tell(app, call);
    if let Some(change) = left {
        app.bus.publish(change);
    }
    if is_listener {
        verification::discard_folders(app, user.id);
    }
    let ended = SessionsEnded { user_id: user.id, session_id: None };
    announce_access_change(app, user.id, version, Some(ended)).await?;
    Ok(())
}
