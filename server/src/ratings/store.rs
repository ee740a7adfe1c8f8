//! `call_ratings`, `listener_ratings`.

use chrono::{DateTime, Utc};
use saathii_shared_types::{CallId, UserId};
use sqlx::PgConnection;

/// False where the call was rated already.
pub(super) async fn insert(
    db: &mut PgConnection,
    call: CallId,
    caller: UserId,
    listener: UserId,
    rating: i16,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        "INSERT INTO call_ratings (call_id, caller_id, listener_id, rating, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        call as CallId,
        caller as UserId,
        listener as UserId,
        rating,
        now,
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The listener's mean with this rating, to a hundredth.
pub(super) async fn add(db: &mut PgConnection, listener: UserId, rating: i16) -> sqlx::Result<f64> {
    sqlx::query_scalar!(
        r#"INSERT INTO listener_ratings (listener_id, rating_count, rating_sum)
           VALUES ($1, 1, $2)
           ON CONFLICT (listener_id) DO UPDATE
           SET rating_count = listener_ratings.rating_count + 1,
               rating_sum = listener_ratings.rating_sum + excluded.rating_sum
           RETURNING round(rating_sum::numeric / rating_count, 2)::float8 AS "mean!""#,
        listener as UserId,
        i64::from(rating),
    )
    .fetch_one(db)
    .await
}
