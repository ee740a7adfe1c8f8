//! This room's part of a person's export: what they did, and nothing of what others did to them.

use saathii_shared_types::UserId;
use sqlx::PgConnection;

use crate::account::Record;

pub async fn export_favorites(
    db: &mut PgConnection,
    user: UserId,
    after: i64,
    limit: i64,
) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT listener_id AS key,
                  jsonb_build_object('listener_id', listener_id, 'favorited_at', created_at) AS "record!"
           FROM favorites
           WHERE user_id = $1 AND listener_id > $2
           ORDER BY listener_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

pub async fn export_blocks(db: &mut PgConnection, user: UserId, after: i64, limit: i64) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT blocked_id AS key,
                  jsonb_build_object('blocked_id', blocked_id, 'reason', reason, 'blocked_at', created_at) AS "record!"
           FROM blocks
           WHERE blocker_id = $1 AND blocked_id > $2
           ORDER BY blocked_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}
