//! `blocks`, `favorites`.

use chrono::{DateTime, Utc};
use saathii_shared_types::UserId;
use sqlx::PgConnection;

pub(super) struct BlockRow {
    pub(super) blocked_id: UserId,
    pub(super) reason: Option<String>,
    pub(super) created_at: DateTime<Utc>,
}

/// The first reason stands.
pub(super) async fn insert_block(
    db: &mut PgConnection,
    user: UserId,
    blocked: UserId,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO blocks (blocker_id, blocked_id, reason, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        user as UserId,
        blocked as UserId,
        reason,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn delete_block(db: &mut PgConnection, user: UserId, blocked: UserId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM blocks WHERE blocker_id = $1 AND blocked_id = $2", user as UserId, blocked as UserId,)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether `user` blocks `blocked`, whatever the other way.
pub(super) async fn blocks(db: &mut PgConnection, user: UserId, blocked: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = $2) AS "blocks!""#,
        user as UserId,
        blocked as UserId,
    )
    .fetch_one(db)
    .await
}

/// Whether either blocks the other.
pub async fn is_blocked_between(db: &mut PgConnection, one: UserId, other: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = $2)
               OR EXISTS (SELECT FROM blocks WHERE blocker_id = $2 AND blocked_id = $1) AS "is_blocked!""#,
        one as UserId,
        other as UserId,
    )
    .fetch_one(db)
    .await
}

/// Everybody across a block from `user`, once each.
pub async fn hidden_from(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT blocked_id AS "user_id!: UserId" FROM blocks WHERE blocker_id = $1
           UNION
           SELECT blocker_id FROM blocks WHERE blocked_id = $1"#,
        user as UserId,
    )
    .fetch_all(db)
    .await
}

/// Those of `others` who are across a block from `user`.
pub async fn hidden_among(db: &mut PgConnection, user: UserId, others: &[UserId]) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT blocked_id AS "user_id!: UserId" FROM blocks WHERE blocker_id = $1 AND blocked_id = ANY ($2)
           UNION
           SELECT blocker_id FROM blocks WHERE blocked_id = $1 AND blocker_id = ANY ($2)"#,
        user as UserId,
        others as &[UserId],
    )
    .fetch_all(db)
    .await
}

/// As [`hidden_from`] for many: pairs of one of `users` and somebody across a block from them.
pub(super) async fn hidden_from_all(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<Vec<(UserId, UserId)>> {
    let rows = sqlx::query!(
        r#"SELECT blocker_id AS "user_id!: UserId", blocked_id AS "hidden_id!: UserId"
           FROM blocks WHERE blocker_id = ANY ($1)
           UNION
           SELECT blocked_id, blocker_id FROM blocks WHERE blocked_id = ANY ($1)"#,
        users as &[UserId],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.hidden_id)).collect())
}

/// A block that somebody is on either side of.
#[derive(Debug, Clone)]
pub struct BlockBetween {
    pub blocker_id: UserId,
    pub blocked_id: UserId,
    pub reason: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// Blocks by and of somebody, the latest first.
pub async fn list_around(db: &mut PgConnection, user: UserId, limit: i64) -> sqlx::Result<Vec<BlockBetween>> {
    sqlx::query_as!(
        BlockBetween,
        r#"SELECT blocker_id AS "blocker_id: UserId", blocked_id AS "blocked_id: UserId", reason, created_at
           FROM blocks
           WHERE blocker_id = $1 OR blocked_id = $1
           ORDER BY created_at DESC, blocker_id, blocked_id
           LIMIT $2"#,
        user as UserId,
        limit,
    )
    .fetch_all(db)
    .await
}

/// A page of those whom `user` blocks, the latest first.
pub(super) async fn list_blocks(
    db: &mut PgConnection,
    user: UserId,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<BlockRow>> {
    sqlx::query_as!(
        BlockRow,
        r#"SELECT blocked_id AS "blocked_id: UserId", reason, created_at
           FROM blocks
           WHERE blocker_id = $1
           ORDER BY created_at DESC, blocked_id DESC
           OFFSET $2 LIMIT $3"#,
        user as UserId,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

pub(super) async fn count_blocks(db: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM blocks WHERE blocker_id = $1"#, user as UserId)
        .fetch_one(db)
        .await
}

pub(super) async fn insert_favorite(
    db: &mut PgConnection,
    user: UserId,
    listener: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO favorites (user_id, listener_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        user as UserId,
        listener as UserId,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn delete_favorite(db: &mut PgConnection, user: UserId, listener: UserId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM favorites WHERE user_id = $1 AND listener_id = $2", user as UserId, listener as UserId,)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn is_favorite(db: &mut PgConnection, user: UserId, listener: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM visible_favorites WHERE user_id = $1 AND listener_id = $2) AS "is_favorite!""#,
        user as UserId,
        listener as UserId,
    )
    .fetch_one(db)
    .await
}

/// A page of favorites with their times, the latest first.
pub(super) async fn list_favorites(
    db: &mut PgConnection,
    user: UserId,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<(UserId, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"SELECT listener_id AS "listener_id!: UserId", created_at AS "created_at!"
           FROM visible_favorites
           WHERE user_id = $1
           ORDER BY created_at DESC, listener_id DESC
           OFFSET $2 LIMIT $3"#,
        user as UserId,
        offset,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.listener_id, row.created_at)).collect())
}

pub(super) async fn count_favorites(db: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM visible_favorites WHERE user_id = $1"#, user as UserId)
        .fetch_one(db)
        .await
}

/// Takes somebody out of both tables, on either side.
pub(super) async fn delete_all_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM blocks WHERE blocker_id = $1 OR blocked_id = $1", user as UserId)
        .execute(&mut *db)
        .await?;
    sqlx::query!("DELETE FROM favorites WHERE user_id = $1 OR listener_id = $1", user as UserId).execute(db).await?;
    Ok(())
}
