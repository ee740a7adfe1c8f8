//! `feed_listeners`; triggers write it.

use saathii_shared_types::UserId;
use sqlx::PgConnection;

use super::query::Filter;

/// How many listeners match a filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) total: i64,
    pub(super) online: i64,
    pub(super) available: i64,
}

impl Counts {
    /// These less `some` of them. Both were counted one after the other, so that a change between them may show.
    pub(super) fn without(self, some: Self) -> Self {
        let total = (self.total - some.total).max(0);
        let online = (self.online - some.online).clamp(0, total);
        Self { total, online, available: (self.available - some.available).clamp(0, online) }
    }
}

/// About how many rows a count reads, as the planner knows it; below 0 before it was ever analysed.
pub(super) async fn estimate_size(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT reltuples::bigint AS "rows!" FROM pg_class WHERE oid = 'feed_listeners'::regclass"#)
        .fetch_one(db)
        .await
}

/// A page without those in `hidden`.
pub(super) async fn list(
    db: &mut PgConnection,
    filter: &Filter,
    hidden: &[UserId],
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId"
           FROM feed_listeners
           WHERE tier >= $1
             AND ($2::text IS NULL OR language = $2)
             AND ($3::text[] IS NULL OR interests && $3)
             AND ($4::float8 IS NULL OR rating >= $4)
             AND (is_verified OR NOT $5)
             AND user_id <> ALL ($8)
           ORDER BY tier DESC, rating DESC, user_id
           OFFSET $6
           LIMIT $7"#,
        filter.least_tier,
        filter.language,
        filter.interests.as_deref(),
        filter.min_rating,
        filter.verified_only,
        offset,
        limit,
        hidden as &[UserId],
    )
    .fetch_all(db)
    .await
}

/// As [`count`], among these few alone.
pub(super) async fn count_among(db: &mut PgConnection, filter: &Filter, users: &[UserId]) -> sqlx::Result<Counts> {
    sqlx::query_as!(
        Counts,
        r#"SELECT count(*) AS "total!",
                  count(*) FILTER (WHERE tier >= 1) AS "online!",
                  count(*) FILTER (WHERE tier = 2) AS "available!"
           FROM feed_listeners
           WHERE user_id = ANY ($6)
             AND tier >= $1
             AND ($2::text IS NULL OR language = $2)
             AND ($3::text[] IS NULL OR interests && $3)
             AND ($4::float8 IS NULL OR rating >= $4)
             AND (is_verified OR NOT $5)"#,
        filter.least_tier,
        filter.language,
        filter.interests.as_deref(),
        filter.min_rating,
        filter.verified_only,
        users as &[UserId],
    )
    .fetch_one(db)
    .await
}

pub(super) async fn count(db: &mut PgConnection, filter: &Filter) -> sqlx::Result<Counts> {
    sqlx::query_as!(
        Counts,
        r#"SELECT count(*) AS "total!",
                  count(*) FILTER (WHERE tier >= 1) AS "online!",
                  count(*) FILTER (WHERE tier = 2) AS "available!"
           FROM feed_listeners
           WHERE tier >= $1
             AND ($2::text IS NULL OR language = $2)
             AND ($3::text[] IS NULL OR interests && $3)
             AND ($4::float8 IS NULL OR rating >= $4)
             AND (is_verified OR NOT $5)"#,
        filter.least_tier,
        filter.language,
        filter.interests.as_deref(),
        filter.min_rating,
        filter.verified_only,
    )
    .fetch_one(db)
    .await
}
