//! Suspensions, a part of `users`.
//!
//! They hold until they are cleared. One that has run out is cleared by a sign-in or the next sweep, whichever is first.

use chrono::{DateTime, Utc};
use saathii_shared_types::UserId;
use sqlx::PgConnection;

#[derive(Debug, Clone)]
pub struct Suspension {
    pub since: DateTime<Utc>,
    /// `None`: until it is lifted.
    pub until: Option<DateTime<Utc>>,
    /// Told to the person.
    pub reason: String,
}

pub async fn find_suspension(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Suspension>> {
    sqlx::query_as!(
        Suspension,
        r#"SELECT suspended_at AS "since!", suspended_until AS until, suspension_reason AS "reason!"
           FROM users
           WHERE user_id = $1 AND suspended_at IS NOT NULL"#,
        user as UserId,
    )
    .fetch_optional(db)
    .await
}

/// What keeps somebody from signing in, if anything; and nobody suspends them before the transaction ends.
pub async fn admit(db: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> sqlx::Result<Option<Suspension>> {
    // Before the shared lock: two who both held it would wait for each other.
    sqlx::query!(
        "UPDATE users SET suspended_at = NULL, suspended_until = NULL, suspension_reason = NULL
         WHERE user_id = $1 AND suspended_until <= $2",
        user as UserId,
        now,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("SELECT FROM users WHERE user_id = $1 FOR SHARE", user as UserId).fetch_optional(&mut *db).await?;
    find_suspension(db, user).await
}

/// Suspends a locked user, or changes how.
pub async fn suspend(db: &mut PgConnection, user: UserId, suspension: &Suspension) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET suspended_at = $2, suspended_until = $3, suspension_reason = $4 WHERE user_id = $1",
        user as UserId,
        suspension.since,
        suspension.until,
        suspension.reason,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn lift_suspension(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET suspended_at = NULL, suspended_until = NULL, suspension_reason = NULL WHERE user_id = $1",
        user as UserId,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lifts up to `limit` suspensions that have run out; how many it were.
pub async fn lift_expired_suspensions(db: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> sqlx::Result<u64> {
    let lifted = sqlx::query!(
        "WITH over AS (
             SELECT user_id FROM users
             WHERE suspended_until <= $1
             ORDER BY user_id
             LIMIT $2
             FOR NO KEY UPDATE SKIP LOCKED
         )
         UPDATE users u
         SET suspended_at = NULL, suspended_until = NULL, suspension_reason = NULL
         FROM over
         WHERE u.user_id = over.user_id",
        now,
        limit,
    )
    .execute(db)
    .await?;
    Ok(lifted.rows_affected())
}
