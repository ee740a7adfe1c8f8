use chrono::{DateTime, Utc};
use saathii_shared_types::{UserId, calls::EndCause, users::Role};
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::{
    audit::{self, Actor, Entry, Subject},
    auth::{self, CurrentUser, EndReason, announce_access_change},
    calls,
    http::HttpError,
    phone::Phone,
    presence,
    realtime::SessionsEnded,
    social,
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

/// Gives the role admin to the account with this phone, from the command line; false where there is none or it holds the
/// role already.
pub async fn grant_admin(app: &AppState, phone: &Phone) -> Result<bool, auth::Error> {
    grant_admin_as(app, phone, Actor::CommandLine).await
}

/// As [`grant_admin`], by somebody else.
pub async fn grant_admin_as(app: &AppState, phone: &Phone, by: Actor<'_>) -> Result<bool, auth::Error> {
    let mut tx = app.db.begin().await?;
    let Some((user, version)) = users::grant_role(&mut tx, phone, Role::Admin).await? else { return Ok(false) };
    record_role_grant(&mut tx, by, user, Role::Admin, app.clock.now()).await?;
    tx.commit().await?;
    announce_access_change(app, user, version, None).await?;
    tracing::info!(user.id = user.0, "role admin granted");
    Ok(true)
}

/// Takes the role admin from the account with this phone, from the command line; false where there is none or it does not
/// hold the role.
pub async fn revoke_admin(app: &AppState, phone: &Phone) -> Result<bool, auth::Error> {
    let mut tx = app.db.begin().await?;
    let Some((user, version)) = users::revoke_role(&mut tx, phone, Role::Admin).await? else { return Ok(false) };
    let entry = Entry {
        by: Actor::CommandLine,
        action: "user.revoke_role",
        subject: Subject::user(user),
        before: json!({"role": Role::Admin}),
        after: Value::Null,
    };
    audit::record(&mut tx, &entry, app.clock.now()).await?;
    tx.commit().await?;
    announce_access_change(app, user, version, None).await?;
    tracing::info!(user.id = user.0, "role admin revoked");
    Ok(true)
}

/// Writes down that somebody was given a role, in the transaction that gives it.
pub async fn record_role_grant(
    db: &mut PgConnection,
    by: Actor<'_>,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let entry = Entry {
        by,
        action: "user.grant_role",
        subject: Subject::user(user),
        before: Value::Null,
        after: json!({"role": role}),
    };
    audit::record(db, &entry, now).await
}
