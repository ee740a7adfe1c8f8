//! `idempotency_keys`.

use chrono::{DateTime, Utc};
use saathii_shared_types::UserId;
use sqlx::PgConnection;

pub(super) struct KeptRow {
    pub(super) request_hash: Vec<u8>,
    pub(super) status: i16,
    pub(super) body: Vec<u8>,
}

/// Until the transaction ends, for this user's key alone; false where another request holds it.
pub(super) async fn try_lock(db: &mut PgConnection, user: UserId, key: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended($2, $1)) AS "locked!""#,
        user as UserId,
        key,
    )
    .fetch_one(db)
    .await
}

pub(super) async fn find(db: &mut PgConnection, user: UserId, key: &str) -> sqlx::Result<Option<KeptRow>> {
    sqlx::query_as!(
        KeptRow,
        "SELECT request_hash, status, body FROM idempotency_keys WHERE user_id = $1 AND key = $2",
        user as UserId,
        key,
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn insert(
    db: &mut PgConnection,
    user: UserId,
    key: &str,
    request_hash: &[u8],
    status: u16,
    body: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO idempotency_keys (user_id, key, request_hash, status, body, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        user as UserId,
        key,
        request_hash,
        i16::try_from(status).unwrap_or_default(),
        body,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn delete_old(db: &mut PgConnection, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM idempotency_keys
         WHERE (user_id, key) IN (SELECT user_id, key FROM idempotency_keys WHERE created_at < $1 LIMIT 1000)",
        before,
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected())
}
