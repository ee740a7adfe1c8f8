//! What somebody may do on the dashboard.

use saathii_shared_types::UserId;
use serde_json::{Value, json};

use crate::{
    audit::{self, Actor, Entry, Subject},
    auth::{self, announce_access_change},
    phone::Phone,
    state::AppState,
    users,
};

/// A change of what somebody may do on the dashboard.
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
    let RightsChange { role, grants } = change;
    let mut tx = app.db.begin().await?;
    let version = match role {
        DashboardRole::Viewer => users::set_viewer(&mut tx, user, grants).await?.then_some(None),
        DashboardRole::Admin => {
            let admins = users::lock_admins(&mut tx).await?;
            if !grants && admins == [user] {
                return Ok(Changed::LastAdmin);
            }
            users::set_admin(&mut tx, user, grants).await?.map(Some)
        }
    };
    let Some(version) = version else { return Ok(Changed::Nothing) };
    let word = match role {
        DashboardRole::Admin => "admin",
        DashboardRole::Viewer => "viewer",
    };
    let (held, none) = (json!({"role": word}), Value::Null);
    let (action, before, after) =
        if grants { ("user.grant_role", none, held) } else { ("user.revoke_role", held, none) };
    let entry = Entry { by, action, subject: Subject::user(user), before, after };
    audit::record(&mut tx, &entry, app.clock.now()).await?;
    tx.commit().await?;
    if let Some(version) = version {
        announce_access_change(app, user, version, None).await?;
    }
    tracing::info!(user.id = user.0, ?role, grants, "rights on the dashboard changed");
    Ok(Changed::Done)
}

/// Lets the account with this phone see the dashboard; false where there is none or it may already.
pub async fn grant_viewer(app: &AppState, phone: &Phone) -> Result<bool, auth::Error> {
    let mut db = app.db.acquire().await?;
    let Some(user) = users::find_by_phone(&mut db, phone).await? else { return Ok(false) };
    drop(db);
    let change = RightsChange { role: DashboardRole::Viewer, grants: true };
    Ok(change_rights(app, Actor::CommandLine, user, change).await? == Changed::Done)
}
