//! What somebody may do on the dashboard. Every change is one transaction with its entry in the record.

use chrono::{DateTime, Utc};
use saathii_shared_types::UserId;
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::{
    audit::{self, Actor, Entry, Subject},
    auth::{self, announce_access_change},
    phone::Phone,
    state::AppState,
    users,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RightsChange {
    pub role: DashboardRole,
    pub grants: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DashboardRole {
    Admin,
    Viewer,
}

impl DashboardRole {
    /// As addresses, people and the record spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
        }
    }
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Done,
    /// There is no such account, or it was so already.
    Nothing,
    /// Without this admin nobody could make another.
    LastAdmin,
}

/// Changes what somebody may do. Counting admins and taking one away is one step, so that two who revoke each other
/// leave one.
pub async fn change_rights(
    app: &AppState,
    by: Actor<'_>,
    user: UserId,
    change: RightsChange,
) -> Result<Changed, auth::Error> {
    let mut tx = app.db.begin().await?;
    let takes_admin = change.role == DashboardRole::Admin && !change.grants;
    if takes_admin && users::lock_admins(&mut tx).await? == [user] {
        return Ok(Changed::LastAdmin);
    }
    let is_done = commit_change(app, tx, by, user, change).await?;
    Ok(if is_done { Changed::Done } else { Changed::Nothing })
}

/// As [`change_rights`], of the account with this phone, by whoever runs the server: they may take the last admin, and
/// make another. False where there is no such account, or it was so already.
pub async fn change_rights_by_phone(
    app: &AppState,
    by: Actor<'_>,
    phone: &Phone,
    change: RightsChange,
) -> Result<bool, auth::Error> {
    let mut tx = app.db.begin().await?;
    match users::find_by_phone(&mut tx, phone).await? {
        Some(user) => commit_change(app, tx, by, user, change).await,
        None => Ok(false),
    }
}

/// False where nothing changed.
async fn commit_change(
    app: &AppState,
    mut tx: Transaction<'_, Postgres>,
    by: Actor<'_>,
    user: UserId,
    change: RightsChange,
) -> Result<bool, auth::Error> {
    let RightsChange { role, grants } = change;
    // No token says who may look, so that none has to die.
    let (is_changed, version) = match role {
        DashboardRole::Viewer => (users::set_viewer(&mut tx, user, grants).await?, None),
        DashboardRole::Admin => {
            let version = users::set_admin(&mut tx, user, grants).await?;
            (version.is_some(), version)
        }
    };
    if !is_changed {
        return Ok(false);
    }
    record_change(&mut tx, by, user, change, app.clock.now()).await?;
    tx.commit().await?;
    if let Some(version) = version {
        announce_access_change(app, user, version, None).await?;
    }
    tracing::info!(user.id = user.0, role = role.word(), grants, "rights on the dashboard changed");
    Ok(true)
}

/// Writes a change down in the transaction that makes it.
pub async fn record_change(
    db: &mut PgConnection,
    by: Actor<'_>,
    user: UserId,
    change: RightsChange,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (held, none) = (json!({"role": change.role.word()}), Value::Null);
    let (action, before, after) =
        if change.grants { ("user.grant_role", none, held) } else { ("user.revoke_role", held, none) };
    audit::record(db, &Entry { by, action, subject: Subject::user(user), before, after }, now).await
}
