use std::collections::HashMap;

use chrono::TimeDelta;
use saathii_shared_types::{
    ReportId, UserId,
    reports::{Report, ReportOutcome, ReportPage, ReportReceived, ReportRequest, ReportStatus, ResolveReport},
};
use serde_json::json;
use sqlx::PgConnection;

use super::{
    Error,
    store::{self, NewReport, ReportRow},
};
use crate::{
    audit::{self, Actor, AdminAction, Entry, Subject},
    calls,
    http::{
        Paging,
        rate_limit::{self, Limit},
    },
    state::AppState,
    users,
};

const REPORTS: Limit = Limit { count: 20, window: TimeDelta::hours(1) };
const LONGEST: usize = 1000;

/// Whoever complains about somebody, at most twenty times an hour.
pub async fn report(app: &AppState, reporter: UserId, request: &ReportRequest) -> Result<ReportReceived, Error> {
    let reason = request.reason.trim();
    if reason.is_empty() || !is_text(reason) {
        return Err(Error::InvalidReason);
    }
    if request.user_id == reporter {
        return Err(Error::OwnAccount);
    }
    let now = app.clock.now();
    rate_limit::take(&app.redis, app.redis.key("reports", reporter), REPORTS, now)
        .await?
        .map_err(|exceeded| Error::RateLimited { retry_after: exceeded.retry_after })?;
    let mut db = app.db.acquire().await?;
    if users::cards(&mut db, &[request.user_id]).await?.is_empty() {
        return Err(Error::UserNotFound);
    }
    if let Some(call) = request.call_id {
        let is_evidence = |call: &calls::CallRow| call.is_of(reporter) && call.is_of(request.user_id);
        calls::find(&mut db, call).await?.filter(is_evidence).ok_or(Error::CallNotFound)?;
    }
    let new = NewReport { reporter, reported: request.user_id, call: request.call_id, reason, now };
    Ok(ReportReceived {
        report_id: store::insert(&mut db, new).await?,
        user_id: request.user_id,
        call_id: request.call_id,
        status: ReportStatus::Open,
        message: "Thank you, we will look into it".to_owned(),
    })
}

/// A page of the moderators' queue, or of what was decided; the oldest first.
pub async fn list(app: &AppState, status: ReportStatus, paging: Paging) -> Result<ReportPage, Error> {
    let mut db = app.db.acquire().await?;
    let total = store::count(&mut db, status).await?;
    let rows = store::list(&mut db, status, paging.offset(), paging.per_page).await?;
    Ok(ReportPage {
        reports: with_names(&mut db, rows).await?,
        total_count: total,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(total),
        has_previous: paging.has_previous(),
    })
}

pub async fn find(app: &AppState, report: ReportId) -> Result<Report, Error> {
    let mut db = app.db.acquire().await?;
    let row = store::find(&mut db, report).await?.ok_or(Error::NotFound)?;
    with_names(&mut db, vec![row]).await?.pop().ok_or(Error::NotFound)
}

/// Up to `limit` reports about somebody, the newest first.
pub async fn list_about(db: &mut PgConnection, user: UserId, limit: i64) -> Result<Vec<Report>, Error> {
    let rows = store::list_about(db, user, limit).await?;
    with_names(db, rows).await
}

/// Decides on an open report, once; not on one's own, on either side.
pub async fn resolve(
    app: &AppState,
    action: &AdminAction,
    report: ReportId,
    request: &ResolveReport,
) -> Result<Report, Error> {
    let remarks = request.remarks.as_deref().map(str::trim).filter(|remarks| !remarks.is_empty());
    if remarks.is_some_and(|remarks| !is_text(remarks)) {
        return Err(Error::InvalidRemarks);
    }
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let row = store::lock(&mut tx, report).await?.ok_or(Error::NotFound)?;
    if [row.reporter_id, row.reported_id].contains(&action.admin) {
        return Err(Error::OwnReport);
    }
    if row.status != ReportStatus::Open {
        return Err(Error::Decided);
    }
    let status = match request.outcome {
        ReportOutcome::Resolved => ReportStatus::Resolved,
        ReportOutcome::Dismissed => ReportStatus::Dismissed,
    };
    let decided = ReportRow {
        status,
        decided_by: Some(action.admin),
        decided_at: Some(now),
        remarks: remarks.map(str::to_owned),
        ..row
    };
    store::decide(&mut tx, &decided).await?;
    let entry = Entry {
        by: Actor::Admin(action),
        action: "report.resolve",
        subject: Subject::report(report),
        before: json!({"status": ReportStatus::Open}),
        after: json!({"status": status, "remarks": remarks}),
    };
    audit::record(&mut tx, &entry, now).await?;
    let report = with_names(&mut tx, vec![decided]).await?.pop().ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(report)
}

async fn with_names(db: &mut PgConnection, rows: Vec<ReportRow>) -> Result<Vec<Report>, Error> {
    let people: Vec<UserId> = rows.iter().flat_map(|row| [row.reporter_id, row.reported_id]).collect();
    let names: HashMap<UserId, String> = users::usernames(db, &people).await?.into_iter().collect();
    let name = |user: UserId| names.get(&user).cloned().unwrap_or_default();
    let report = |row: ReportRow| Report {
        report_id: row.report_id,
        reporter_id: row.reporter_id,
        reporter_username: name(row.reporter_id),
        user_id: row.reported_id,
        username: name(row.reported_id),
        call_id: row.call_id,
        reason: row.reason,
        status: row.status,
        created_at: row.created_at,
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        remarks: row.remarks,
    };
    Ok(rows.into_iter().map(report).collect())
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= LONGEST && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}
