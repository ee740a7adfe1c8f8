use chrono::Datelike;
use saathii_shared_types::{
    UserId,
    account::{SuspendRequest, SuspensionState},
    calls::EndCause,
    users::Role,
};
use serde_json::{Value, json};

use super::Error;
use crate::{
    audit::{self, Actor, AdminAction, Entry, Subject},
    auth::{self, EndReason, announce_access_change},
    calls, presence,
    realtime::SessionsEnded,
    state::AppState,
    users::{self, Suspension},
};

const LONGEST_REASON: usize = 500;

/// Signs somebody out everywhere, settles their call, takes them offline and out of every list, and keeps them from
/// coming back; of somebody who is suspended, changes why and until when.
pub async fn suspend(
    app: &AppState,
    action: &AdminAction,
    user: UserId,
    request: &SuspendRequest,
) -> Result<SuspensionState, Error> {
    let now = app.clock.now();
    let reason = request.reason.trim();
    if !(1..=LONGEST_REASON).contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
        return Err(Error::InvalidReason);
    }
    if request.until.is_some_and(|until| until <= now || until.year() > 9999) {
        return Err(Error::UntilPast);
    }
    if user == action.admin {
        return Err(Error::OwnAccount);
    }
    let mut tx = app.db.begin().await?;
    // Waits for calls and sign-ins that begin at the moment; those that begin after this find the suspension.
    users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    // Who may suspend could otherwise suspend whoever would lift it: the role is taken first, on the command line.
    let standing = users::standing(&mut tx, user).await?.ok_or(Error::NotFound)?;
    if standing.roles.contains(&Role::Admin) {
        return Err(Error::IsAdmin);
    }
    let before = users::find_suspension(&mut tx, user).await?;
    let since = before.as_ref().map_or(now, |before| before.since);
    let after = Suspension { since, until: request.until, reason: reason.to_owned() };
    let call = calls::end_calls_of(app, &mut tx, user, EndCause::Suspended).await?;
    let left = presence::go_offline(&mut tx, user, now).await?;
    users::suspend(&mut tx, user, &after).await?;
    let version = auth::end_all_sessions(&mut tx, user, EndReason::Suspended, now).await?;
    let entry = Entry {
        by: Actor::Admin(action),
        action: "user.suspend",
        subject: Subject::user(user),
        before: told(before.as_ref()),
        after: told(Some(&after)),
    };
    audit::record(&mut tx, &entry, now).await?;
    tx.commit().await?;

    calls::tell(app, call);
    if let Some(change) = left {
        app.bus.publish(change);
    }
    let ended = SessionsEnded { user_id: user, session_id: None };
    announce_access_change(app, user, version, Some(ended)).await?;
    Ok(state_of(user, Some(after)))
}

/// Lifts a suspension; of somebody who is not suspended, changes nothing.
pub async fn reinstate(app: &AppState, action: &AdminAction, user: UserId) -> Result<SuspensionState, Error> {
    let mut tx = app.db.begin().await?;
    users::lock(&mut tx, user).await?.ok_or(Error::NotFound)?;
    if let Some(before) = users::find_suspension(&mut tx, user).await? {
        users::lift_suspension(&mut tx, user).await?;
        let entry = Entry {
            by: Actor::Admin(action),
            action: "user.reinstate",
            subject: Subject::user(user),
            before: told(Some(&before)),
            after: told(None),
        };
        audit::record(&mut tx, &entry, app.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(state_of(user, None))
}

fn told(suspension: Option<&Suspension>) -> Value {
    suspension.map_or(json!({"is_suspended": false}), |suspension| {
        json!({
            "is_suspended": true, "suspended_at": suspension.since, "suspended_until": suspension.until,
            "reason": suspension.reason
        })
    })
}

fn state_of(user: UserId, suspension: Option<Suspension>) -> SuspensionState {
    SuspensionState {
        user_id: user,
        is_suspended: suspension.is_some(),
        suspended_at: suspension.as_ref().map(|suspension| suspension.since),
        suspended_until: suspension.as_ref().and_then(|suspension| suspension.until),
        reason: suspension.map(|suspension| suspension.reason),
    }
}
