//! `admin_sessions`.

use chrono::{DateTime, Utc};
use saathii_shared_types::SessionId;
use sqlx::PgConnection;

pub(super) struct AdminSessionRow {
    pub(super) session_id: SessionId,
    pub(super) last_used_at: DateTime<Utc>,
}

pub(super) async fn insert(
    db: &mut PgConnection,
    session: SessionId,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO admin_sessions (session_id, token_hash, last_used_at) VALUES ($1, $2, $3)",
        session as SessionId,
        token_hash,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn find(db: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<Option<AdminSessionRow>> {
    sqlx::query_as!(
        AdminSessionRow,
        r#"SELECT session_id AS "session_id: SessionId", last_used_at FROM admin_sessions WHERE token_hash = $1"#,
        token_hash,
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn touch(db: &mut PgConnection, session: SessionId, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        // A clock that is behind another node's never makes a session older.
        "UPDATE admin_sessions SET last_used_at = greatest(last_used_at, $2) WHERE session_id = $1",
        session as SessionId,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn last_used(
    db: &mut PgConnection,
    sessions: &[SessionId],
) -> sqlx::Result<Vec<(SessionId, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"SELECT session_id AS "session_id: SessionId", last_used_at FROM admin_sessions WHERE session_id = ANY ($1)"#,
        sessions as &[SessionId],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.session_id, row.last_used_at)).collect())
}
