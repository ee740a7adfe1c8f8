//! Logins without tokens: somebody else, such as the dashboard, keeps their proof.

use chrono::{DateTime, Utc};
use saathii_shared_types::{SessionId, UserId};
use sqlx::PgConnection;

use super::{
    ClientInfo, EndReason, Error,
    service::admit,
    store::{self, NewSession},
};

/// Signs `user` in until `expires_at`, in the caller's transaction, unless they are suspended.
pub async fn open_bare_session(
    db: &mut PgConnection,
    user: UserId,
    client: &ClientInfo,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<SessionId, Error> {
    admit(db, user, now).await?;
    let new =
        NewSession { user, now, expires_at, user_agent: client.user_agent.as_deref(), address: Some(client.address) };
    Ok(store::insert(db, new).await?.session_id)
}

/// Whose login this is; `None` once it is over.
pub async fn find_live_session(
    db: &mut PgConnection,
    session: SessionId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<UserId>> {
    let session = store::find(db, session).await?;
    Ok(session.filter(|session| session.ended_at.is_none() && now < session.expires_at).map(|session| session.user_id))
}

/// Signs one device out.
pub async fn end_bare_session(db: &mut PgConnection, session: SessionId, now: DateTime<Utc>) -> sqlx::Result<()> {
    store::end(db, session, EndReason::Logout, now).await.map(drop)
}
