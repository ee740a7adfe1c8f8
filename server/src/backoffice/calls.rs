//! Calls that go on and calls that were; ending one.

use std::collections::HashMap;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::post,
};
use leptos::prelude::*;
use saathii_admin_ui::{
    address::{Address, Choice},
    components::form::Typed,
    desk::Flash,
    html,
    pages::calls::{Call, CallEntry, Calls, CallsQuery, EndCallPage},
    paths,
};
use saathii_shared_types::{CallId, UserId, calls::CallStatus};
use serde::Deserialize;
use sqlx::PgConnection;

use super::{PathOf, error::PageError, pages::desk_of, paging::page_and_more, people::posting, session::Action};
use crate::{
    calls::{self, CallRow, Search},
    ratings,
    state::AppState,
    users, wallet,
};

const LIVE: i64 = 50;
const PER_PAGE: i64 = 50;
const LONGEST_REASON: usize = 500;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/admin/calls/{id}/end", post(end_call))
}

pub(super) async fn read_list(app: &AppState, query: CallsQuery) -> sqlx::Result<Calls> {
    let CallsQuery { person, status, cause, call_type, days, before } = query;
    let (since, until) = days.bounds();
    let mut db = app.db.acquire().await?;
    let ongoing = Search { status: Some(CallStatus::Ongoing), ..Search::default() };
    let live = calls::search(&mut db, ongoing, LIVE).await?;
    let live_total = calls::count_ongoing(&mut db).await?;
    let search = Search { person, status, cause, call_type, since, until, before };
    let (rows, has_older) = page_and_more(calls::search(&mut db, search, PER_PAGE + 1).await?, PER_PAGE);
    let names = names_of(&mut db, live.iter().chain(&rows)).await?;
    let entries = |rows: Vec<CallRow>| rows.iter().map(|row| entry(row, &names)).collect();
    Ok(Calls { now: app.clock.now(), query, live: entries(live), live_total, rows: entries(rows), has_older })
}

pub(super) async fn read_one(app: &AppState, id: CallId) -> Result<Call, PageError> {
    let mut db = app.db.acquire().await?;
    let row = calls::find(&mut db, id).await?.ok_or_else(PageError::missing)?;
    let (ended_by, reason) = calls::find_ending(&mut db, id).await?;
    let ended_by = match ended_by {
        Some(user) => users::usernames(&mut db, &[user]).await?.pop(),
        None => None,
    };
    let names = names_of(&mut db, [&row].into_iter()).await?;
    let postings = wallet::list_belonging(&mut db, &["call_charge", "call_earning"], id.0).await?;
    let postings = postings.into_iter().map(posting).collect();
    let rating = ratings::find(&mut db, id).await?;
    Ok(Call { now: app.clock.now(), entry: entry(&row, &names), ended_by, reason, rating, postings })
}

/// A call as a line of a list.
pub(super) async fn find_entry(db: &mut PgConnection, id: CallId) -> sqlx::Result<Option<CallEntry>> {
    let Some(row) = calls::find(db, id).await? else { return Ok(None) };
    let names = names_of(db, [&row].into_iter()).await?;
    Ok(Some(entry(&row, &names)))
}

type Names = HashMap<UserId, String>;

async fn names_of<'a>(db: &mut PgConnection, rows: impl Iterator<Item = &'a CallRow>) -> sqlx::Result<Names> {
    let people: Vec<UserId> = rows.flat_map(|row| [row.caller_id, row.listener_id]).collect();
    Ok(users::usernames(db, &people).await?.into_iter().collect())
}

fn entry(row: &CallRow, names: &Names) -> CallEntry {
    let person = |user: UserId| (user, names.get(&user).cloned().unwrap_or_default());
    CallEntry {
        id: row.call_id,
        call_type: row.call_type,
        status: row.status,
        cause: row.end_cause,
        caller: person(row.caller_id),
        listener: person(row.listener_id),
        started_at: row.start_time,
        ended_at: row.end_time,
        minutes: row.minutes_billed.into(),
        rate_coins: row.rate_coins,
        rate_earnings: row.rate_earnings,
        minute: row.minute(),
    }
}

#[derive(Deserialize)]
struct EndFields {
    #[serde(default)]
    reason: String,
}

async fn end_call(
    State(app): State<AppState>,
    path: PathOf<i64>,
    Action { fields, admin, work }: Action<EndFields>,
) -> Result<Response, PageError> {
    let id = CallId(path.0);
    let reason = fields.reason.trim();
    if !(1..=LONGEST_REASON).contains(&reason.chars().count()) || reason.contains('\0') {
        let desk = desk_of(&app, &admin).await?;
        let typed = Typed::wrong(fields.reason, "Say why, in 1 to 500 characters.");
        let page = html::render(|| view! { <EndCallPage desk id typed /> });
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
    }
    let ended = calls::end_by_admin(&app, &work, id, reason).await?;
    // Where one of the two was faster, their page says how it ended.
    let flash = ended.then(|| Flash::CallEnded.word());
    Ok(Redirect::to(&Address::new(paths::call(id)).with(Flash::NAME, flash).to_string()).into_response())
}
