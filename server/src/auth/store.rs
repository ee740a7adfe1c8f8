//! `auth_sessions`.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use saathii_shared_types::{SessionId, UserId};
use sqlx::PgConnection;

use crate::account::Record;

/// One login on one device.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) session_id: SessionId,
    pub(super) user_id: UserId,
    pub(super) generation: i32,
    pub(super) rotated_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
}

/// Why a login ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum EndReason {
    Logout,
    TokenReused,
    Deleted,
    Suspended,
}

pub(super) struct NewSession<'a> {
    pub(super) user: UserId,
    pub(super) now: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) user_agent: Option<&'a str>,
    pub(super) address: Option<IpAddr>,
}

pub(super) async fn insert(db: &mut PgConnection, new: NewSession<'_>) -> sqlx::Result<Session> {
    sqlx::query_as!(
        Session,
        r#"INSERT INTO auth_sessions (user_id, created_at, rotated_at, expires_at, user_agent, address)
           VALUES ($1, $2, $2, $3, $4, $5)
           RETURNING session_id AS "session_id: SessionId", user_id AS "user_id: UserId",
                     generation, rotated_at, expires_at, ended_at"#,
        new.user as UserId,
        new.now,
        new.expires_at,
        new.user_agent,
        new.address.map(|address| address.to_string()),
    )
    .fetch_one(db)
    .await
}

pub(super) async fn find(db: &mut PgConnection, session: SessionId) -> sqlx::Result<Option<Session>> {
    sqlx::query_as!(
        Session,
        r#"SELECT session_id AS "session_id: SessionId", user_id AS "user_id: UserId",
                  generation, rotated_at, expires_at, ended_at
           FROM auth_sessions
           WHERE session_id = $1"#,
        session as SessionId,
    )
    .fetch_optional(db)
    .await
}

/// Moves a session on from `generation`. Of many at once one succeeds: the others wait for its row lock and
/// then find another generation.
pub(super) async fn rotate(
    db: &mut PgConnection,
    session: SessionId,
    generation: i32,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Session>> {
    sqlx::query_as!(
        Session,
        r#"UPDATE auth_sessions
           SET generation = generation + 1, rotated_at = $3
           WHERE session_id = $1
             AND generation = $2
             AND ended_at IS NULL
             AND expires_at > $3
           RETURNING session_id AS "session_id: SessionId", user_id AS "user_id: UserId",
                     generation, rotated_at, expires_at, ended_at"#,
        session as SessionId,
        generation,
        now,
    )
    .fetch_optional(db)
    .await
}

/// Ends one login; false when it had ended before.
pub(super) async fn end(
    db: &mut PgConnection,
    session: SessionId,
    reason: EndReason,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE auth_sessions SET ended_at = $2, end_reason = $3 WHERE session_id = $1 AND ended_at IS NULL",
        session as SessionId,
        now,
        reason as EndReason,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn end_all(
    db: &mut PgConnection,
    user: UserId,
    reason: EndReason,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE auth_sessions SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND ended_at IS NULL",
        user as UserId,
        now,
        reason as EndReason,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A living login, as its owner would recognise it.
#[derive(Debug, Clone)]
pub struct Login {
    pub session_id: SessionId,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub created_at: DateTime<Utc>,
    pub rotated_at: DateTime<Utc>,
}

/// Up to `limit` living logins of somebody, the latest used first.
pub async fn list_logins(
    db: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Login>> {
    sqlx::query_as!(
        Login,
        r#"SELECT session_id AS "session_id: SessionId", user_agent, address, created_at, rotated_at
           FROM auth_sessions
           WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
           ORDER BY rotated_at DESC, session_id DESC
           LIMIT $3"#,
        user as UserId,
        now,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Those of `sessions` that are over.
pub async fn ended_among(db: &mut PgConnection, sessions: &[SessionId]) -> sqlx::Result<Vec<SessionId>> {
    sqlx::query_scalar!(
        r#"SELECT session_id AS "session_id: SessionId"
           FROM auth_sessions
           WHERE session_id = ANY($1) AND ended_at IS NOT NULL"#,
        sessions as &[SessionId],
    )
    .fetch_all(db)
    .await
}

pub async fn export_logins(db: &mut PgConnection, user: UserId, after: i64, limit: i64) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT session_id AS key,
                  jsonb_build_object('session_id', session_id, 'created_at', created_at, 'refreshed_at', rotated_at,
                                     'expires_at', expires_at, 'ended_at', ended_at, 'end_reason', end_reason,
                                     'user_agent', user_agent, 'address', address) AS "record!"
           FROM auth_sessions
           WHERE user_id = $1 AND session_id > $2
           ORDER BY session_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Forgets logins that ended or expired before `before`, a few thousand at a time.
pub(super) async fn delete_old(db: &mut PgConnection, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM auth_sessions
         WHERE session_id IN (
             SELECT session_id FROM auth_sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT 5000
         )",
        before,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
