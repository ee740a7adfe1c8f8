//! One's past calls, on either side.

use std::collections::HashMap;

use saathii_shared_types::{
    UserId,
    calls::{Call, CallHistory, CallSummary},
};
use sqlx::PgConnection;

use super::{Error, query::CallQuery, rules, store, store::CallRow};
use crate::{http::Paging, state::AppState, users};

const RECENT: i64 = 5;
const MONTHS: i64 = 12;

/// A page of somebody's calls on either side, the newest first.
pub async fn page_of(db: &mut PgConnection, user: UserId, offset: i64, limit: i64) -> sqlx::Result<Vec<CallRow>> {
    store::list_of(db, user, CallQuery { call_type: None, status: None }, offset, limit).await
}

pub(super) async fn list_calls(
    app: &AppState,
    user: UserId,
    query: CallQuery,
    paging: Paging,
) -> Result<CallHistory, Error> {
    let mut db = app.db.acquire().await?;
    let rows = store::list_of(&mut db, user, query, paging.offset(), paging.per_page).await?;
    let sums = store::sum_of(&mut db, user, query).await?;
    Ok(CallHistory {
        calls: with_names(app, &mut db, rows).await?,
        total_calls: sums.calls,
        total_coins_spent: sums.coins,
        total_money_spent: sums.coins,
        total_earnings: sums.earnings,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(sums.calls),
        has_previous: paging.has_previous(),
    })
}

pub(super) async fn summarise_calls(app: &AppState, user: UserId) -> Result<CallSummary, Error> {
    let mut db = app.db.acquire().await?;
    let everything = CallQuery { call_type: None, status: None };
    let recent = store::list_of(&mut db, user, everything, 0, RECENT).await?;
    Ok(CallSummary {
        summary: store::total_of(&mut db, user).await?,
        recent_calls: with_names(app, &mut db, recent).await?,
        monthly_stats: store::list_months_of(&mut db, user, MONTHS).await?,
    })
}

/// As both sides see them.
pub(super) async fn with_names(app: &AppState, db: &mut PgConnection, rows: Vec<CallRow>) -> Result<Vec<Call>, Error> {
    let people: Vec<UserId> = rows.iter().flat_map(|call| [call.caller_id, call.listener_id]).collect();
    let names: HashMap<UserId, String> = users::usernames(db, &people).await?.into_iter().collect();
    let name = |user: UserId| names.get(&user).cloned().unwrap_or_default();
    let now = app.clock.now();
    let call = |row: CallRow| Call {
        call_id: row.call_id,
        user_id: row.caller_id,
        listener_id: row.listener_id,
        call_type: row.call_type,
        start_time: row.start_time,
        end_time: row.end_time,
        duration_seconds: row.seconds(now),
        duration_minutes: minutes(&row, now),
        coins_spent: row.coins_spent(),
        user_money_spend: row.coins_spent(),
        listener_money_earned: row.earned(),
        status: row.status,
        caller_username: name(row.caller_id),
        listener_username: name(row.listener_id),
    };
    Ok(rows.into_iter().map(call).collect())
}

fn minutes(row: &CallRow, now: chrono::DateTime<chrono::Utc>) -> i64 {
    if row.is_ongoing() { rules::minutes_begun(now - row.start_time, row.minute()) } else { row.minutes_billed.into() }
}
