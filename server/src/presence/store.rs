//! `presence`.
//!
//! Whatever changes several rows locks them in the order of ids, so that no two writers wait for each other.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use saathii_shared_types::{CallId, UserId, presence::StatusPatch};
use sqlx::PgConnection;

#[derive(Debug, Clone)]
pub struct PresenceRow {
    pub user_id: UserId,
    pub is_online: bool,
    pub last_seen: DateTime<Utc>,
    pub is_busy: bool,
    pub busy_until: Option<DateTime<Utc>>,
    /// Grows with every change that is announced.
    pub revision: i64,
}

/// A new user, offline.
pub async fn insert(db: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("INSERT INTO presence (user_id, last_seen, announced_at) VALUES ($1, $2, $2)", user as UserId, now,)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn find(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<PresenceRow>> {
    Ok(list(db, &[user]).await?.pop())
}

/// The presence of these people; the unknown are left out.
pub async fn list(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<Vec<PresenceRow>> {
    sqlx::query_as!(
        PresenceRow,
        r#"SELECT user_id AS "user_id: UserId", is_online, last_seen, is_busy, busy_until, revision
           FROM presence
           WHERE user_id = ANY($1)"#,
        users as &[UserId],
    )
    .fetch_all(db)
    .await
}

/// How many are online, of whatever role.
pub async fn count_online(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM presence WHERE is_online"#).fetch_one(db).await
}

/// Up to `limit` of those who are online, the busy first.
pub async fn list_online(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<PresenceRow>> {
    sqlx::query_as!(
        PresenceRow,
        r#"SELECT user_id AS "user_id: UserId", is_online, last_seen, is_busy, busy_until, revision
           FROM presence
           WHERE is_online
           ORDER BY is_busy DESC, user_id
           LIMIT $1"#,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Marks all of `users` online and seen; returns those that others are to be told of: who came online, and
/// whose last announcement was before `announced_before`.
pub(super) async fn beat(
    db: &mut PgConnection,
    users: &[UserId],
    now: DateTime<Utc>,
    announced_before: DateTime<Utc>,
) -> sqlx::Result<Vec<PresenceRow>> {
    let rows = sqlx::query!(
        r#"WITH seen AS (
               SELECT user_id, NOT is_online OR announced_at <= $3 AS announce
               FROM presence
               WHERE user_id = ANY($1)
               ORDER BY user_id
               FOR NO KEY UPDATE
           )
           UPDATE presence p
           SET is_online    = true,
               -- A clock that is behind another node's never moves somebody into the past.
               last_seen    = greatest(p.last_seen, $2),
               revision     = p.revision + announce::int,
               announced_at = CASE WHEN announce THEN $2 ELSE p.announced_at END
           FROM seen
           WHERE p.user_id = seen.user_id
           RETURNING p.user_id AS "user_id: UserId", p.is_online, p.last_seen, p.is_busy, p.busy_until, p.revision,
                     announce AS "announce!""#,
        users as &[UserId],
        now,
        announced_before,
    )
    .fetch_all(db)
    .await?;
    let announced = rows.into_iter().filter(|row| row.announce).map(|row| PresenceRow {
        user_id: row.user_id,
        is_online: row.is_online,
        last_seen: row.last_seen,
        is_busy: row.is_busy,
        busy_until: row.busy_until,
        revision: row.revision,
    });
    Ok(announced.collect())
}

/// Keeps those of `users` online who are: an open socket is a sign of life, and not a wish to be seen.
pub(super) async fn touch(db: &mut PgConnection, users: &[UserId], now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH seen AS (
             SELECT user_id FROM presence
             WHERE user_id = ANY($1) AND is_online
             ORDER BY user_id
             FOR NO KEY UPDATE
         )
         UPDATE presence p
         SET last_seen = greatest(p.last_seen, $2)
         FROM seen
         WHERE p.user_id = seen.user_id",
        users as &[UserId],
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The status after the change.
pub(super) async fn update(
    db: &mut PgConnection,
    user: UserId,
    patch: &StatusPatch,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<PresenceRow>> {
    sqlx::query_as!(
        PresenceRow,
        r#"UPDATE presence
           SET is_online    = coalesce($2, is_online),
               -- A call keeps both its sides busy, whatever they say, and until no other time than its end.
               is_busy      = coalesce($3, is_busy) OR call_id IS NOT NULL,
               -- Somebody who is free is not busy until anything.
               busy_until   = CASE WHEN NOT coalesce($3, is_busy) OR call_id IS NOT NULL THEN NULL
                                   WHEN $4 THEN $5
                                   ELSE busy_until END,
               last_seen    = greatest(last_seen, $6),
               revision     = revision + 1,
               announced_at = $6
           WHERE user_id = $1
           RETURNING user_id AS "user_id: UserId", is_online, last_seen, is_busy, busy_until, revision"#,
        user as UserId,
        patch.is_online,
        patch.is_busy,
        patch.busy_until.is_some(),
        patch.busy_until.flatten(),
        now,
    )
    .fetch_optional(db)
    .await
}

/// Takes somebody offline and frees them; `None` when there was nothing to change.
pub(super) async fn leave(
    db: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<PresenceRow>> {
    sqlx::query_as!(
        PresenceRow,
        r#"UPDATE presence
           SET is_online = false, is_busy = false, busy_until = NULL, revision = revision + 1, announced_at = $2
           WHERE user_id = $1 AND (is_online OR is_busy)
           RETURNING user_id AS "user_id: UserId", is_online, last_seen, is_busy, busy_until, revision"#,
        user as UserId,
        now,
    )
    .fetch_optional(db)
    .await
}

/// Takes up to `limit` people offline who were last seen before `silent_since`. Rows that another node holds are
/// its to change, or the next sweep's.
pub(super) async fn sweep_silent(
    db: &mut PgConnection,
    silent_since: DateTime<Utc>,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<PresenceRow>> {
    sqlx::query_as!(
        PresenceRow,
        r#"WITH silent AS (
               SELECT user_id FROM presence
               WHERE is_online AND last_seen < $1
               ORDER BY user_id
               LIMIT $3
               FOR NO KEY UPDATE SKIP LOCKED
           )
           UPDATE presence p
           SET is_online = false, revision = p.revision + 1, announced_at = $2
           FROM silent
           WHERE p.user_id = silent.user_id
           RETURNING p.user_id AS "user_id: UserId", p.is_online, p.last_seen, p.is_busy, p.busy_until, p.revision"#,
        silent_since,
        now,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Frees up to `limit` people whose `busy_until` has passed.
pub(super) async fn sweep_busy(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<PresenceRow>> {
    sqlx::query_as!(
        PresenceRow,
        r#"WITH done AS (
               SELECT user_id FROM presence
               WHERE is_busy AND busy_until IS NOT NULL AND busy_until <= $1
               ORDER BY user_id
               LIMIT $2
               FOR NO KEY UPDATE SKIP LOCKED
           )
           UPDATE presence p
           SET is_busy = false, busy_until = NULL, revision = p.revision + 1, announced_at = $1
           FROM done
           WHERE p.user_id = done.user_id
           RETURNING p.user_id AS "user_id: UserId", p.is_online, p.last_seen, p.is_busy, p.busy_until, p.revision"#,
        now,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Up to `limit` people whom others were told of since, the ids after `after`.
pub(super) async fn list_announced_since(
    db: &mut PgConnection,
    since: DateTime<Utc>,
    after: UserId,
    limit: i64,
) -> sqlx::Result<Vec<PresenceRow>> {
    sqlx::query_as!(
        PresenceRow,
        r#"SELECT user_id AS "user_id: UserId", is_online, last_seen, is_busy, busy_until, revision
           FROM presence
           WHERE announced_at >= $1 AND user_id > $2
           ORDER BY user_id
           LIMIT $3"#,
        since,
        after as UserId,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Makes both sides of a call busy, where the caller is in no call and the listener is free; nobody otherwise. Decides
/// under the locks of both rows, in the order of ids.
pub(super) async fn enter_call(
    db: &mut PgConnection,
    call: CallId,
    caller: UserId,
    listener: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<PresenceRow>> {
    sqlx::query_as!(
        PresenceRow,
        r#"WITH sides AS (
               SELECT user_id, call_id, is_online, is_busy
               FROM presence
               WHERE user_id IN ($2, $3)
               ORDER BY user_id
               FOR NO KEY UPDATE
           ),
           free AS (
               SELECT count(*) = 2 AS are_both
               FROM sides
               WHERE call_id IS NULL AND (user_id = $2 OR (is_online AND NOT is_busy))
           )
           UPDATE presence p
           SET call_id      = $1,
               is_busy      = true,
               busy_until   = NULL,
               -- Whoever calls is there.
               is_online    = true,
               last_seen    = CASE WHEN p.user_id = $2 THEN greatest(p.last_seen, $4) ELSE p.last_seen END,
               revision     = p.revision + 1,
               announced_at = $4
           FROM sides, free
           WHERE p.user_id = sides.user_id AND free.are_both
           RETURNING p.user_id AS "user_id: UserId", p.is_online, p.last_seen, p.is_busy, p.busy_until, p.revision"#,
        call as CallId,
        caller as UserId,
        listener as UserId,
        now,
    )
    .fetch_all(db)
    .await
}

/// Frees whoever these calls keep busy; the rows are to be published after the commit.
pub async fn leave_calls(
    db: &mut PgConnection,
    calls: &[CallId],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<PresenceRow>> {
    sqlx::query_as!(
        PresenceRow,
        r#"WITH sides AS (
               SELECT user_id FROM presence WHERE call_id = ANY ($1) ORDER BY user_id FOR NO KEY UPDATE
           )
           UPDATE presence p
           SET call_id = NULL, is_busy = false, busy_until = NULL, revision = p.revision + 1, announced_at = $2
           FROM sides
           WHERE p.user_id = sides.user_id
           RETURNING p.user_id AS "user_id: UserId", p.is_online, p.last_seen, p.is_busy, p.busy_until, p.revision"#,
        calls as &[CallId],
        now,
    )
    .fetch_all(db)
    .await
}

/// The call that somebody is in.
pub(super) async fn find_call_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<CallId>> {
    let row =
        sqlx::query_scalar!(r#"SELECT call_id AS "call_id: CallId" FROM presence WHERE user_id = $1"#, user as UserId)
            .fetch_optional(db)
            .await?;
    Ok(row.flatten())
}

/// When each was last heard of; the unknown are left out.
pub async fn last_seen(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<HashMap<UserId, DateTime<Utc>>> {
    let rows = sqlx::query!(
        r#"SELECT user_id AS "user_id: UserId", last_seen FROM presence WHERE user_id = ANY ($1)"#,
        users as &[UserId],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.last_seen)).collect())
}

/// Up to `limit` calls of which neither side was heard since, the ids after `after`.
pub async fn list_silent_calls(
    db: &mut PgConnection,
    silent_since: DateTime<Utc>,
    after: CallId,
    limit: i64,
) -> sqlx::Result<Vec<CallId>> {
    sqlx::query_scalar!(
        r#"SELECT call_id AS "call_id!: CallId"
           FROM presence
           WHERE call_id > $2
           GROUP BY call_id
           HAVING max(last_seen) < $1
           ORDER BY call_id
           LIMIT $3"#,
        silent_since,
        after as CallId,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How many people a call keeps busy.
pub async fn count_in_calls(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM presence WHERE call_id IS NOT NULL"#).fetch_one(db).await
}
