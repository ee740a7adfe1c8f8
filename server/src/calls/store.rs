//! `calls`.

use chrono::{DateTime, TimeDelta, Utc};
use saathii_shared_types::{
    CallId, Coins, Earnings, UserId,
    calls::{CallStatus, CallTotals, CallType, EndCause, MonthlyCalls},
};
use sqlx::PgConnection;

use super::{Error, query::CallQuery, rules};
use crate::{account::Record, config::Rate, wallet::Discrepancy};

/// `SELECT` of whole rows, with what follows `FROM calls`.
macro_rules! call_rows {
    ($tail:literal, $($arg:expr),* $(,)?) => {
        sqlx::query_as!(
            CallRow,
            r#"SELECT call_id AS "call_id: CallId", caller_id AS "caller_id: UserId",
                      listener_id AS "listener_id: UserId", call_type AS "call_type: CallType",
                      status AS "status: CallStatus", rate_coins AS "rate_coins: Coins",
                      rate_earnings AS "rate_earnings: Earnings", minute_seconds, start_time, end_time,
                      minutes_billed, next_minute_at, end_cause AS "end_cause: EndCause"
               FROM calls "# + $tail,
            $($arg),*
        )
    };
}

/// A call's row.
#[derive(Debug, Clone, Copy)]
pub struct CallRow {
    pub call_id: CallId,
    pub caller_id: UserId,
    pub listener_id: UserId,
    pub call_type: CallType,
    pub status: CallStatus,
    pub rate_coins: Coins,
    pub rate_earnings: Earnings,
    pub minute_seconds: i32,
    pub start_time: DateTime<Utc>,
    pub end_time: Option<DateTime<Utc>>,
    pub minutes_billed: i32,
    /// When the first unbilled minute begins.
    pub next_minute_at: DateTime<Utc>,
    pub end_cause: Option<EndCause>,
}

impl CallRow {
    pub fn is_ongoing(&self) -> bool {
        self.status == CallStatus::Ongoing
    }

    pub fn is_of(&self, user: UserId) -> bool {
        self.caller_id == user || self.listener_id == user
    }

    pub fn minute(&self) -> TimeDelta {
        TimeDelta::seconds(self.minute_seconds.into())
    }

    /// When the last billed minute began.
    pub(super) fn last_minute_at(&self) -> DateTime<Utc> {
        self.next_minute_at - self.minute()
    }

    pub fn coins_spent(&self) -> Coins {
        self.rate_coins * self.minutes_billed.into()
    }

    pub fn earned(&self) -> Earnings {
        self.rate_earnings * self.minutes_billed.into()
    }

    /// To its end, or to `now` while it lasts.
    pub fn seconds(&self, now: DateTime<Utc>) -> i64 {
        (self.end_time.unwrap_or(now) - self.start_time).num_seconds().max(0)
    }
}

pub(super) struct NewCall {
    pub(super) caller: UserId,
    pub(super) listener: UserId,
    pub(super) call_type: CallType,
    pub(super) rate: Rate,
    pub(super) minute_seconds: i32,
    pub(super) now: DateTime<Utc>,
}

/// How a call ends.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) call_id: CallId,
    pub(super) cause: EndCause,
    pub(super) at: DateTime<Utc>,
    pub(super) by: Option<UserId>,
    /// What the app said.
    pub(super) reason: Option<String>,
}

/// A call whose first minute is being billed; the unique indexes decide who may.
pub(super) async fn insert(db: &mut PgConnection, new: NewCall) -> Result<CallRow, Error> {
    let inserted = sqlx::query_as!(
        CallRow,
        r#"INSERT INTO calls (caller_id, listener_id, call_type, rate_coins, rate_earnings, minute_seconds, start_time,
                              minutes_billed, next_minute_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $7::timestamptz + $6::integer * interval '1 second')
           RETURNING call_id AS "call_id: CallId", caller_id AS "caller_id: UserId",
                     listener_id AS "listener_id: UserId", call_type AS "call_type: CallType",
                     status AS "status: CallStatus", rate_coins AS "rate_coins: Coins",
                     rate_earnings AS "rate_earnings: Earnings", minute_seconds, start_time, end_time,
                     minutes_billed, next_minute_at, end_cause AS "end_cause: EndCause""#,
        new.caller as UserId,
        new.listener as UserId,
        new.call_type as CallType,
        new.rate.coins as Coins,
        new.rate.earnings as Earnings,
        new.minute_seconds,
        new.now,
    )
    .fetch_one(db)
    .await;
    inserted.map_err(|error| match error.as_database_error().and_then(|error| error.constraint()) {
        Some("calls_ongoing_caller") => Error::AlreadyInCall,
        Some("calls_ongoing_listener") => Error::Busy,
        _ => Error::Database(error),
    })
}

pub async fn find(db: &mut PgConnection, call: CallId) -> sqlx::Result<Option<CallRow>> {
    call_rows!("WHERE call_id = $1", call as CallId).fetch_optional(db).await
}

/// Waits for whoever bills or ends the call now.
pub(super) async fn lock(db: &mut PgConnection, call: CallId) -> sqlx::Result<Option<CallRow>> {
    call_rows!("WHERE call_id = $1 FOR NO KEY UPDATE", call as CallId).fetch_optional(db).await
}

/// The call that somebody is in, on either side.
pub async fn find_ongoing_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<CallRow>> {
    call_rows!("WHERE status = 'ongoing' AND (caller_id = $1 OR listener_id = $1)", user as UserId)
        .fetch_optional(db)
        .await
}

/// Up to `limit` calls whose next minute began before `now`, the longest due first. Those that another node or a
/// request holds are theirs to bill.
pub(super) async fn take_due(db: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> sqlx::Result<Vec<CallRow>> {
    call_rows!(
        "WHERE status = 'ongoing' AND next_minute_at < $1
         ORDER BY next_minute_at
         LIMIT $2
         FOR NO KEY UPDATE SKIP LOCKED",
        now,
        limit,
    )
    .fetch_all(db)
    .await
}

/// One more minute of each is billed.
pub(super) async fn advance(db: &mut PgConnection, calls: &[CallId]) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE calls
         SET minutes_billed = minutes_billed + 1,
             next_minute_at = start_time + (minutes_billed + 1) * minute_seconds * interval '1 second'
         WHERE call_id = ANY ($1)",
        calls as &[CallId],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends these locked calls.
pub(super) async fn end(db: &mut PgConnection, ends: &[End]) -> sqlx::Result<()> {
    let calls: Vec<CallId> = ends.iter().map(|end| end.call_id).collect();
    let statuses: Vec<CallStatus> = ends.iter().map(|end| rules::status_after(end.cause)).collect();
    let times: Vec<DateTime<Utc>> = ends.iter().map(|end| end.at).collect();
    let causes: Vec<EndCause> = ends.iter().map(|end| end.cause).collect();
    let people: Vec<Option<UserId>> = ends.iter().map(|end| end.by).collect();
    let reasons: Vec<Option<&str>> = ends.iter().map(|end| end.reason.as_deref()).collect();
    sqlx::query!(
        "UPDATE calls
         SET status = e.status, end_time = e.at, end_cause = e.cause, ended_by = e.by, end_reason = e.reason
         FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::text[])
             AS e (call_id, status, at, cause, by, reason)
         WHERE calls.call_id = e.call_id",
        calls as Vec<CallId>,
        statuses as Vec<CallStatus>,
        &times,
        causes as Vec<EndCause>,
        people as Vec<Option<UserId>>,
        reasons as Vec<Option<&str>>,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn count_ongoing(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM calls WHERE status = 'ongoing'"#).fetch_one(db).await
}

/// When the longest overdue minute began.
pub async fn find_oldest_due(db: &mut PgConnection) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("SELECT min(next_minute_at) FROM calls WHERE status = 'ongoing'").fetch_one(db).await
}

/// Which calls an admin looks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Search {
    /// On either side.
    pub person: Option<UserId>,
    pub status: Option<CallStatus>,
    pub cause: Option<EndCause>,
    pub call_type: Option<CallType>,
    /// Begun at this moment or later.
    pub since: Option<DateTime<Utc>>,
    /// Begun earlier than this.
    pub until: Option<DateTime<Utc>>,
    pub before: Option<CallId>,
}

/// Up to `limit` of them, the newest first.
pub async fn search(db: &mut PgConnection, search: Search, limit: i64) -> sqlx::Result<Vec<CallRow>> {
    call_rows!(
        "WHERE ($1::bigint IS NULL OR caller_id = $1 OR listener_id = $1)
           AND ($2::text IS NULL OR status = $2)
           AND ($3::text IS NULL OR end_cause = $3)
           AND ($4::text IS NULL OR call_type = $4)
           AND ($5::timestamptz IS NULL OR start_time >= $5)
           AND ($6::timestamptz IS NULL OR start_time < $6)
           AND ($7::bigint IS NULL
                OR (start_time, call_id) < (SELECT c.start_time, c.call_id FROM calls c WHERE c.call_id = $7))
         ORDER BY start_time DESC, call_id DESC
         LIMIT $8",
        search.person as Option<UserId>,
        search.status as Option<CallStatus>,
        search.cause as Option<EndCause>,
        search.call_type as Option<CallType>,
        search.since,
        search.until,
        search.before as Option<CallId>,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Who ended a call, and what was said of it.
pub async fn find_ending(db: &mut PgConnection, call: CallId) -> sqlx::Result<(Option<UserId>, Option<String>)> {
    let row = sqlx::query!(
        r#"SELECT ended_by AS "ended_by: UserId", end_reason FROM calls WHERE call_id = $1"#,
        call as CallId,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map_or((None, None), |row| (row.ended_by, row.end_reason)))
}

/// A page of ongoing calls, by id, for the mirror.
pub(super) async fn list_ongoing(db: &mut PgConnection, after: CallId, limit: i64) -> sqlx::Result<Vec<CallRow>> {
    call_rows!("WHERE status = 'ongoing' AND call_id > $1 ORDER BY call_id LIMIT $2", after as CallId, limit)
        .fetch_all(db)
        .await
}

/// Calls that are not what the ledger says of them: minutes, coins, earnings, and who paid whom.
pub async fn prove(db: &mut PgConnection) -> sqlx::Result<Vec<Discrepancy>> {
    let rows = sqlx::query!(
        r#"SELECT coalesce(c.call_id, l.call_id) AS "call_id!",
                  format('%s minutes, %s coins, %s earnings, payer %s, last minute %s', l.minutes, l.coins, l.earnings,
                         l.payer_id, l.last_minute) AS "expected!",
                  format('%s minutes, %s coins, %s earnings, payer %s, last minute %s', c.minutes_billed,
                         c.minutes_billed * c.rate_coins, c.minutes_billed * c.rate_earnings, c.caller_id,
                         c.minutes_billed) AS "found!"
           FROM calls c
           FULL JOIN ledger_calls l USING (call_id)
           WHERE (l.minutes, l.coins, l.earnings, l.payer_id, l.last_minute::bigint)
                     IS DISTINCT FROM
                 (c.minutes_billed::bigint, c.minutes_billed * c.rate_coins, c.minutes_billed * c.rate_earnings,
                  c.caller_id, c.minutes_billed::bigint)
              OR (c.rate_earnings > 0 AND l.payee_id IS DISTINCT FROM c.listener_id)
           LIMIT 1000"#
    )
    .fetch_all(&mut *db)
    .await?;
    let mut found: Vec<Discrepancy> = rows
        .into_iter()
        .map(|row| Discrepancy { subject: format!("call {}", row.call_id), expected: row.expected, found: row.found })
        .collect();
    // A call pays every minute that has begun by its end, and none that has not.
    let wrong = sqlx::query!(
        "SELECT call_id, minutes_billed, extract(epoch FROM end_time - start_time)::float8 AS seconds, minute_seconds
         FROM calls
         WHERE status <> 'ongoing'
           AND minutes_billed <> greatest(1, ceil(extract(epoch FROM end_time - start_time) / minute_seconds))
         LIMIT 1000"
    )
    .fetch_all(db)
    .await?;
    found.extend(wrong.into_iter().map(|row| Discrepancy {
        subject: format!("call {}", row.call_id),
        expected: format!("{} minutes of {} s", row.minutes_billed, row.minute_seconds),
        found: format!("{} s", row.seconds.unwrap_or_default()),
    }));
    Ok(found)
}

pub async fn export_calls(db: &mut PgConnection, user: UserId, after: i64, limit: i64) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT call_id AS "key!",
                  jsonb_build_object('call_id', call_id, 'user_id', caller_id, 'listener_id', listener_id,
                                     'call_type', call_type, 'status', status, 'start_time', start_time,
                                     'end_time', end_time, 'duration_minutes', minutes_billed, 'end_cause', end_cause,
                                     'coins_spent', CASE WHEN caller_id = $1 THEN minutes_billed * rate_coins END,
                                     'earned', CASE WHEN listener_id = $1 THEN minutes_billed * rate_earnings END)
                      AS "record!"
           FROM (
               -- Each side's own index, as in `list_of`.
               (SELECT * FROM calls WHERE caller_id = $1 AND call_id > $2 ORDER BY call_id LIMIT $3)
               UNION ALL
               (SELECT * FROM calls WHERE listener_id = $1 AND call_id > $2 ORDER BY call_id LIMIT $3)
           ) own
           ORDER BY call_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Sums over somebody's calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) calls: i64,
    pub(super) minutes: i64,
    /// Spent as caller.
    pub(super) coins: Coins,
    /// Earned as listener.
    pub(super) earnings: Earnings,
}

/// A page of somebody's calls, the newest first.
pub(super) async fn list_of(
    db: &mut PgConnection,
    user: UserId,
    query: CallQuery,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<CallRow>> {
    call_rows!(
        "WHERE call_id IN (
             -- Each side's own index gives its newest; one over both would sort all of them.
             (SELECT call_id FROM calls
              WHERE caller_id = $1 AND ($2::text IS NULL OR call_type = $2) AND ($3::text IS NULL OR status = $3)
              ORDER BY call_id DESC LIMIT $6)
             UNION ALL
             (SELECT call_id FROM calls
              WHERE listener_id = $1 AND ($2::text IS NULL OR call_type = $2) AND ($3::text IS NULL OR status = $3)
              ORDER BY call_id DESC LIMIT $6)
         )
         ORDER BY call_id DESC
         OFFSET $4 LIMIT $5",
        user as UserId,
        query.call_type as Option<CallType>,
        query.status as Option<CallStatus>,
        offset,
        limit,
        offset.saturating_add(limit),
    )
    .fetch_all(db)
    .await
}

/// How many calls somebody had, on either side.
pub async fn count_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM calls WHERE caller_id = $1)
                + (SELECT count(*) FROM calls WHERE listener_id = $1) AS "count!""#,
        user as UserId,
    )
    .fetch_one(db)
    .await
}

/// What calls brought in within a span of time.
#[derive(Debug, Clone)]
pub struct Span {
    /// The span's beginning.
    pub at: DateTime<Utc>,
    pub calls: i64,
    pub coins: Coins,
    pub earnings: Earnings,
}

/// Sums by the hour or day (`unit`) in which calls began, from `since` on; spans without a call are left out.
pub async fn list_spans(db: &mut PgConnection, unit: &str, since: DateTime<Utc>) -> sqlx::Result<Vec<Span>> {
    sqlx::query_as!(
        Span,
        r#"SELECT date_trunc($1, start_time, 'UTC') AS "at!", count(*) AS "calls!",
                  coalesce(sum(minutes_billed * rate_coins), 0)::bigint AS "coins!: Coins",
                  coalesce(sum(minutes_billed * rate_earnings), 0)::bigint AS "earnings!: Earnings"
           FROM calls
           WHERE start_time >= $2
           GROUP BY 1
           ORDER BY 1"#,
        unit,
        since,
    )
    .fetch_all(db)
    .await
}

pub(super) async fn sum_of(db: &mut PgConnection, user: UserId, query: CallQuery) -> sqlx::Result<Sums> {
    sqlx::query_as!(
        Sums,
        r#"SELECT count(*) AS "calls!", coalesce(sum(minutes_billed), 0) AS "minutes!",
                  coalesce(sum(minutes_billed * rate_coins) FILTER (WHERE caller_id = $1), 0)::bigint AS "coins!: Coins",
                  coalesce(sum(minutes_billed * rate_earnings) FILTER (WHERE listener_id = $1), 0)::bigint
                      AS "earnings!: Earnings"
           FROM calls
           WHERE (caller_id = $1 OR listener_id = $1) AND ($2::text IS NULL OR call_type = $2)
             AND ($3::text IS NULL OR status = $3)"#,
        user as UserId,
        query.call_type as Option<CallType>,
        query.status as Option<CallStatus>,
    )
    .fetch_one(db)
    .await
}

pub(super) async fn total_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<CallTotals> {
    sqlx::query_as!(
        CallTotals,
        r#"SELECT count(*) AS "total_calls!",
                  count(*) FILTER (WHERE caller_id = $1) AS "calls_made!",
                  count(*) FILTER (WHERE listener_id = $1) AS "calls_received!",
                  count(*) FILTER (WHERE status = 'completed') AS "completed_calls!",
                  count(*) FILTER (WHERE status = 'dropped') AS "dropped_calls!",
                  count(*) FILTER (WHERE status = 'ongoing') AS "ongoing_calls!",
                  count(*) FILTER (WHERE call_type = 'audio') AS "audio_calls!",
                  count(*) FILTER (WHERE call_type = 'video') AS "video_calls!",
                  coalesce(sum(minutes_billed * rate_coins) FILTER (WHERE caller_id = $1), 0)::bigint
                      AS "total_coins_spent!: Coins",
                  coalesce(sum(minutes_billed * rate_coins) FILTER (WHERE caller_id = $1), 0)::bigint
                      AS "total_money_spent!: Coins",
                  coalesce(sum(minutes_billed * rate_earnings) FILTER (WHERE listener_id = $1), 0)::bigint
                      AS "total_earnings!: Earnings",
                  coalesce(sum(floor(extract(epoch FROM end_time - start_time))), 0)::bigint
                      AS "total_duration_seconds!",
                  coalesce(avg(floor(extract(epoch FROM end_time - start_time))), 0)::bigint AS "avg_duration_seconds!"
           FROM calls
           WHERE caller_id = $1 OR listener_id = $1"#,
        user as UserId,
    )
    .fetch_one(db)
    .await
}

/// The latest months that have calls, the newest first.
pub(super) async fn list_months_of(db: &mut PgConnection, user: UserId, limit: i64) -> sqlx::Result<Vec<MonthlyCalls>> {
    sqlx::query_as!(
        MonthlyCalls,
        r#"SELECT date_trunc('month', start_time, 'UTC') AS "month!", count(*) AS "calls_count!",
                  coalesce(sum(minutes_billed * rate_coins) FILTER (WHERE caller_id = $1), 0)::bigint
                      AS "coins_spent!: Coins",
                  coalesce(sum(minutes_billed * rate_earnings) FILTER (WHERE listener_id = $1), 0)::bigint
                      AS "earnings!: Earnings"
           FROM calls
           WHERE caller_id = $1 OR listener_id = $1
           GROUP BY 1
           ORDER BY 1 DESC
           LIMIT $2"#,
        user as UserId,
        limit,
    )
    .fetch_all(db)
    .await
}

/// A page of the calls that somebody answered, the newest first.
pub(super) async fn list_received(
    db: &mut PgConnection,
    listener: UserId,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<CallRow>> {
    call_rows!("WHERE listener_id = $1 ORDER BY call_id DESC OFFSET $2 LIMIT $3", listener as UserId, offset, limit)
        .fetch_all(db)
        .await
}

pub(super) async fn sum_received(db: &mut PgConnection, listener: UserId) -> sqlx::Result<Sums> {
    sqlx::query_as!(
        Sums,
        r#"SELECT count(*) AS "calls!", coalesce(sum(minutes_billed), 0) AS "minutes!", 0::bigint AS "coins!: Coins",
                  coalesce(sum(minutes_billed * rate_earnings), 0)::bigint AS "earnings!: Earnings"
           FROM calls
           WHERE listener_id = $1"#,
        listener as UserId,
    )
    .fetch_one(db)
    .await
}
