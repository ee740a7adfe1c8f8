//! The queue of samples, and their review.

use std::{collections::HashMap, time::Duration};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use saathii_admin_ui::{
    address::{Address, Choice},
    components::{form::Typed, table::Part},
    desk::Flash,
    html,
    pages::verification::{Queue, Reviewed, Sample, SamplePage, Waiting},
    paths,
};
use saathii_shared_types::{
    SampleId, UserId,
    verification::{ReviewVerification, Verdict},
};
use serde::Deserialize;
use sqlx::PgConnection;

use super::{
    PathOf,
    error::PageError,
    pages::desk_of,
    people,
    session::{Action, AdminSession},
};
use crate::{
    state::AppState,
    users,
    verification::{self, Error},
};

const PER_PAGE: i64 = 25;
const HISTORY: i64 = 20;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/admin/verification/{id}", post(review)).route("/admin/verification/{id}/audio", get(play))
}

pub(super) async fn read_queue(app: &AppState, page: i64) -> sqlx::Result<Queue> {
    let mut db = app.db.acquire().await?;
    queue(app, &mut db, page).await
}

async fn queue(app: &AppState, db: &mut PgConnection, page: i64) -> sqlx::Result<Queue> {
    let part = Part::new(page, PER_PAGE, verification::count_pending(db).await?);
    let rows = verification::list_queue(db, part.offset(), PER_PAGE).await?;
    let listeners: Vec<UserId> = rows.iter().map(|row| row.listener_id).collect();
    let names: HashMap<_, _> = users::usernames(db, &listeners).await?.into_iter().collect();
    let waiting = |row: verification::PendingSample| Waiting {
        sample: row.sample_id,
        listener: row.listener_id,
        name: names.get(&row.listener_id).cloned().unwrap_or_default(),
        length: length(row.duration_ms),
        sent_at: row.uploaded_at,
    };
    Ok(Queue { now: app.clock.now(), part, rows: rows.into_iter().map(waiting).collect() })
}

pub(super) async fn read_sample(app: &AppState, id: SampleId) -> Result<Sample, PageError> {
    let mut db = app.db.acquire().await?;
    let row = verification::find(&mut db, id).await?.ok_or_else(PageError::missing)?;
    let beside = verification::find_beside(&mut db, id).await?.ok_or_else(PageError::missing)?;
    let person = users::find_person(&mut db, row.listener_id).await?.ok_or_else(PageError::missing)?;
    let mut history = people::list_samples(&mut db, row.listener_id, HISTORY).await?;
    history.retain(|sample| sample.id != id);
    let reviewed = match beside.reviewed_by.zip(row.reviewed_at) {
        Some((by, at)) => {
            let name = users::usernames(&mut db, &[by]).await?.pop();
            Some(Reviewed { by: name.map(|(_, name)| name).unwrap_or_default(), at })
        }
        None => None,
    };
    Ok(Sample {
        now: app.clock.now(),
        id,
        listener: row.listener_id,
        name: person.username,
        bio: person.bio,
        language: person.preferred_language,
        country: person.country,
        length: length(beside.duration_ms),
        sent_at: row.uploaded_at,
        status: row.status,
        remarks: row.remarks,
        reviewed,
        history,
        previous: beside.previous,
        next: beside.next,
        queue: queue(app, &mut db, 1).await?,
    })
}

fn length(milliseconds: i32) -> Duration {
    Duration::from_millis(milliseconds.unsigned_abs().into())
}

/// A link of the bucket, for the player alone: the page itself stays the same however often it is made, so that no
/// refresh interrupts whoever listens.
async fn play(State(app): State<AppState>, _: AdminSession, path: PathOf<i64>) -> Result<Response, PageError> {
    let link = verification::link_of(&app, SampleId(path.0)).await?;
    Ok(Redirect::to(&link.url).into_response())
}

#[derive(Deserialize)]
struct ReviewFields {
    verdict: Verdict,
    #[serde(default)]
    remarks: String,
}

async fn review(
    State(app): State<AppState>,
    path: PathOf<i64>,
    Action { fields, admin, work }: Action<ReviewFields>,
) -> Result<Response, PageError> {
    let id = SampleId(path.0);
    let asked = ReviewVerification { sample_id: id, status: fields.verdict, remarks: Some(fields.remarks.clone()) };
    let (status, problem) = match verification::review(&app, &work, &asked).await {
        Ok(_) => return next_after(&app, id, fields.verdict).await,
        // The page says who was first.
        Err(Error::AlreadyReviewed) => (StatusCode::CONFLICT, None),
        Err(Error::LongRemarks) => (StatusCode::UNPROCESSABLE_ENTITY, Some("At most 1000 characters.")),
        Err(Error::OwnSample) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Some("This sample is your own: somebody else has to review it."))
        }
        Err(error) => return Err(error.into()),
    };
    let sample = read_sample(&app, id).await?;
    let desk = desk_of(&app, &admin).await?;
    let typed = Typed { value: fields.remarks, problem: problem.map(str::to_owned) };
    let page = html::render(|| view! { <SamplePage desk sample typed /> });
    Ok((status, Html(page)).into_response())
}

/// On to the next that waits; after the last, to the queue.
async fn next_after(app: &AppState, id: SampleId, verdict: Verdict) -> Result<Response, PageError> {
    let mut db = app.db.acquire().await?;
    let beside = verification::find_beside(&mut db, id).await?;
    let next = beside.and_then(|beside| beside.next.or(beside.previous));
    let flash = match verdict {
        Verdict::Approved => Flash::Approved,
        Verdict::Rejected => Flash::Rejected,
    };
    let page = next.map_or_else(|| paths::VERIFICATION.to_owned(), paths::sample);
    let address = Address::new(page).with(Flash::NAME, Some(flash.word()));
    Ok(Redirect::to(&address.to_string()).into_response())
}
