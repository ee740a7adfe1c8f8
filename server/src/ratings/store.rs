//! `call_ratings`, `listener_ratings`.

use chrono::{DateTime, Utc};
use saathii_shared_types::{CallId, UserId};
use sqlx::PgConnection;

use crate::account::Record;

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

/// What its caller thought of a call.
pub async fn find(db: &mut PgConnection, call: CallId) -> sqlx::Result<Option<i16>> {
    sqlx::query_scalar!("SELECT rating FROM call_ratings WHERE call_id = $1", call as CallId).fetch_optional(db).await
}

/// How many ratings a listener has.
pub async fn count_of(db: &mut PgConnection, listener: UserId) -> sqlx::Result<i64> {
    let count =
        sqlx::query_scalar!("SELECT rating_count FROM listener_ratings WHERE listener_id = $1", listener as UserId);
    Ok(count.fetch_optional(db).await?.unwrap_or_default())
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

/// What somebody rated.
pub async fn export_given(db: &mut PgConnection, user: UserId, after: i64, limit: i64) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT call_id AS key,
                  jsonb_build_object('call_id', call_id, 'listener_id', listener_id, 'rating', rating,
                                     'created_at', created_at) AS "record!"
           FROM call_ratings
           WHERE caller_id = $1 AND call_id > $2
           ORDER BY call_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How somebody was rated.
pub async fn export_received(db: &mut PgConnection, user: UserId, after: i64, limit: i64) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT call_id AS key,
                  jsonb_build_object('call_id', call_id, 'rating', rating, 'created_at', created_at) AS "record!"
           FROM call_ratings
           WHERE listener_id = $1 AND call_id > $2
           ORDER BY call_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}
