//! `second_factors`.

use chrono::{DateTime, Utc};
use saathii_shared_types::UserId;
use sqlx::PgConnection;

pub(super) struct FactorRow {
    pub(super) sealed: Vec<u8>,
    pub(super) confirmed_at: Option<DateTime<Utc>>,
    pub(super) recovery_left: i32,
    pub(super) failures: i32,
    pub(super) locked_until: Option<DateTime<Utc>>,
}

/// `SELECT` of a whole row, with what follows the user.
macro_rules! factor_row {
    ($tail:literal, $user:expr) => {
        sqlx::query_as!(
            FactorRow,
            r#"SELECT sealed, confirmed_at, cardinality(recovery_hashes) AS "recovery_left!", failures, locked_until
               FROM second_factors
               WHERE user_id = $1 "#
                + $tail,
            $user
        )
    };
}

pub(super) async fn find(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<FactorRow>> {
    factor_row!("", user as UserId).fetch_optional(db).await
}

/// As [`find`], and nobody else tries a code before the transaction ends.
pub(super) async fn lock(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<FactorRow>> {
    factor_row!("FOR UPDATE", user as UserId).fetch_optional(db).await
}

pub(super) async fn is_confirmed(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL) AS "is_confirmed!""#,
        user as UserId,
    )
    .fetch_one(db)
    .await
}

/// False where there is one that is confirmed.
pub(super) async fn begin(db: &mut PgConnection, user: UserId, sealed: &[u8]) -> sqlx::Result<bool> {
    let begun = sqlx::query!(
        "INSERT INTO second_factors (user_id, sealed)
         VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed
         WHERE second_factors.confirmed_at IS NULL",
        user as UserId,
        sealed,
    )
    .execute(db)
    .await?;
    Ok(begun.rows_affected() == 1)
}

pub(super) async fn confirm(
    db: &mut PgConnection,
    user: UserId,
    step: i64,
    recovery_hashes: &[Vec<u8>],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE second_factors SET confirmed_at = $2, last_step = $3, recovery_hashes = $4 WHERE user_id = $1",
        user as UserId,
        now,
        step,
        recovery_hashes,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Spends the code of a time step; false where it, or a later one, was spent before.
pub(super) async fn spend_step(db: &mut PgConnection, user: UserId, step: i64) -> sqlx::Result<bool> {
    let spent = sqlx::query!(
        "UPDATE second_factors SET last_step = $2, failures = 0, locked_until = NULL
         WHERE user_id = $1 AND last_step < $2",
        user as UserId,
        step,
    )
    .execute(db)
    .await?;
    Ok(spent.rows_affected() == 1)
}

/// Spends a recovery code; false where there is none like it.
pub(super) async fn spend_recovery(db: &mut PgConnection, user: UserId, hash: &[u8]) -> sqlx::Result<bool> {
    let spent = sqlx::query!(
        "UPDATE second_factors
         SET recovery_hashes = array_remove(recovery_hashes, $2), failures = 0, locked_until = NULL
         WHERE user_id = $1 AND $2 = ANY (recovery_hashes)",
        user as UserId,
        hash,
    )
    .execute(db)
    .await?;
    Ok(spent.rows_affected() == 1)
}

pub(super) async fn note_failure(
    db: &mut PgConnection,
    user: UserId,
    failures: i32,
    locked_until: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE second_factors SET failures = $2, locked_until = $3 WHERE user_id = $1",
        user as UserId,
        failures,
        locked_until,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn replace_recovery(db: &mut PgConnection, user: UserId, hashes: &[Vec<u8>]) -> sqlx::Result<()> {
    sqlx::query!("UPDATE second_factors SET recovery_hashes = $2 WHERE user_id = $1", user as UserId, hashes)
        .execute(db)
        .await?;
    Ok(())
}

/// False where there was none.
pub async fn forget(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    let forgotten = sqlx::query!("DELETE FROM second_factors WHERE user_id = $1", user as UserId).execute(db).await?;
    Ok(forgotten.rows_affected() == 1)
}
