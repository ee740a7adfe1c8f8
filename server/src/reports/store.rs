//! `reports`.

use chrono::{DateTime, Utc};
use saathii_shared_types::{CallId, ReportId, UserId, reports::ReportStatus};
use sqlx::PgConnection;

use crate::account::Record;

pub(super) struct NewReport<'a> {
    pub(super) reporter: UserId,
    pub(super) reported: UserId,
    pub(super) call: Option<CallId>,
    pub(super) reason: &'a str,
    pub(super) now: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub(super) struct ReportRow {
    pub(super) report_id: ReportId,
    pub(super) reporter_id: UserId,
    pub(super) reported_id: UserId,
    pub(super) call_id: Option<CallId>,
    pub(super) reason: String,
    pub(super) status: ReportStatus,
    pub(super) created_at: DateTime<Utc>,
    pub(super) decided_by: Option<UserId>,
    pub(super) decided_at: Option<DateTime<Utc>>,
    pub(super) remarks: Option<String>,
}

/// The report, or the open one that says the same.
pub(super) async fn insert(db: &mut PgConnection, new: NewReport<'_>) -> sqlx::Result<ReportId> {
    sqlx::query_scalar!(
        // The update changes nothing: it only answers with the row that is there.
        r#"INSERT INTO reports (reporter_id, reported_id, call_id, reason, created_at)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (reporter_id, reported_id, coalesce(call_id, 0)) WHERE status = 'open'
           DO UPDATE SET reason = reports.reason
           RETURNING report_id AS "report_id: ReportId""#,
        new.reporter as UserId,
        new.reported as UserId,
        new.call as Option<CallId>,
        new.reason,
        new.now,
    )
    .fetch_one(db)
    .await
}

/// `SELECT` of whole rows, with what follows `FROM reports`.
macro_rules! report_rows {
    ($tail:literal, $($arg:expr),* $(,)?) => {
        sqlx::query_as!(
            ReportRow,
            r#"SELECT report_id AS "report_id: ReportId", reporter_id AS "reporter_id: UserId",
                      reported_id AS "reported_id: UserId", call_id AS "call_id: CallId", reason,
                      status AS "status: ReportStatus", created_at, decided_by AS "decided_by: UserId", decided_at,
                      remarks
               FROM reports "# + $tail,
            $($arg),*
        )
    };
}

/// Waits for whoever decides on it now.
pub(super) async fn lock(db: &mut PgConnection, report: ReportId) -> sqlx::Result<Option<ReportRow>> {
    report_rows!("WHERE report_id = $1 FOR UPDATE", report as ReportId).fetch_optional(db).await
}

pub(super) async fn find(db: &mut PgConnection, report: ReportId) -> sqlx::Result<Option<ReportRow>> {
    report_rows!("WHERE report_id = $1", report as ReportId).fetch_optional(db).await
}

/// Up to `limit` reports about somebody, the newest first.
pub(super) async fn list_about(db: &mut PgConnection, user: UserId, limit: i64) -> sqlx::Result<Vec<ReportRow>> {
    report_rows!("WHERE reported_id = $1 ORDER BY report_id DESC LIMIT $2", user as UserId, limit).fetch_all(db).await
}

/// Decides on a locked, open report.
pub(super) async fn decide(db: &mut PgConnection, row: &ReportRow) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE reports SET status = $2, decided_by = $3, decided_at = $4, remarks = $5 WHERE report_id = $1",
        row.report_id as ReportId,
        row.status as ReportStatus,
        row.decided_by as Option<UserId>,
        row.decided_at,
        row.remarks,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A page of those with this status, the oldest first.
pub(super) async fn list(
    db: &mut PgConnection,
    status: ReportStatus,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<ReportRow>> {
    report_rows!(
        "WHERE status = $1
         ORDER BY report_id
         OFFSET $2 LIMIT $3",
        status as ReportStatus,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How many wait for a moderator.
pub async fn count_open(db: &mut PgConnection) -> sqlx::Result<i64> {
    count(db, ReportStatus::Open).await
}

pub(super) async fn count(db: &mut PgConnection, status: ReportStatus) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM reports WHERE status = $1"#, status as ReportStatus)
        .fetch_one(db)
        .await
}

/// What somebody reported; what moderators noted is theirs.
pub async fn export_filed(db: &mut PgConnection, user: UserId, after: i64, limit: i64) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT report_id AS key,
                  jsonb_build_object('report_id', report_id, 'user_id', reported_id, 'call_id', call_id,
                                     'reason', reason, 'status', status, 'created_at', created_at) AS "record!"
           FROM reports
           WHERE reporter_id = $1 AND report_id > $2
           ORDER BY report_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}
