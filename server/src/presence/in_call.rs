//! Calls keep their sides busy: in the call's own transaction, so that presence and calls never disagree.

use chrono::{DateTime, Utc};
use saathii_shared_types::{CallId, UserId};
use sqlx::PgConnection;

use super::store::{self, PresenceRow};

/// Whether both sides could enter a call.
#[derive(Debug)]
pub enum Entry {
    Entered(Vec<PresenceRow>),
    CallerInCall,
    ListenerBusy,
    ListenerOffline,
}

/// Makes both sides busy for as long as the call lasts. Sees calls of either role, which no index on calls does.
pub async fn enter_call(
    db: &mut PgConnection,
    call: CallId,
    caller: UserId,
    listener: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Entry> {
    let entered = store::enter_call(db, call, caller, listener, now).await?;
    if !entered.is_empty() {
        return Ok(Entry::Entered(entered));
    }
    // The rows are still locked: what is read now is what decided.
    if store::find_call_of(db, caller).await?.is_some() {
        return Ok(Entry::CallerInCall);
    }
    let listener = store::find(db, listener).await?;
    Ok(if listener.is_some_and(|row| row.is_online) { Entry::ListenerBusy } else { Entry::ListenerOffline })
}
