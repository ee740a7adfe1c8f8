//! The moderators' queue, and what is made of a report.

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
    components::{form::Typed, table::Part},
    desk::Flash,
    html,
    pages::moderation::{Complaint, ComplaintPage, Reports, ReportsQuery},
    paths,
};
use saathii_shared_types::{
    ReportId,
    reports::{ReportOutcome, ResolveReport},
};
use serde::Deserialize;

use super::{PathOf, calls, error::PageError, pages::desk_of, session::Action};
use crate::{
    http::Paging,
    reports::{self, Error},
    state::AppState,
    users,
};

const PER_PAGE: i64 = 50;
const OTHERS: i64 = 20;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/admin/moderation/{id}", post(decide))
}

pub(super) async fn read_queue(app: &AppState, query: ReportsQuery) -> Result<Reports, PageError> {
    let read = async |page| reports::list(app, query.status, Paging { page, per_page: PER_PAGE }).await;
    let mut page = read(query.page).await?;
    let part = Part::new(query.page, PER_PAGE, page.total_count);
    if part.page != query.page {
        page = read(part.page).await?;
    }
    Ok(Reports { now: app.clock.now(), query, part, rows: page.reports })
}

pub(super) async fn read_one(app: &AppState, id: ReportId) -> Result<Complaint, PageError> {
    let report = reports::find(app, id).await?;
    let mut db = app.db.acquire().await?;
    let call = match report.call_id {
        Some(call) => calls::find_entry(&mut db, call).await?,
        None => None,
    };
    let decided_by = match report.decided_by {
        Some(admin) => users::usernames(&mut db, &[admin]).await?.pop(),
        None => None,
    };
    let mut others = reports::list_about(&mut db, report.user_id, OTHERS).await?;
    others.retain(|other| other.report_id != id);
    let is_suspended = users::find_suspension(&mut db, report.user_id).await?.is_some();
    Ok(Complaint { now: app.clock.now(), report, call, decided_by, is_suspended, others })
}

#[derive(Deserialize)]
struct DecideFields {
    outcome: ReportOutcome,
    #[serde(default)]
    remarks: String,
}

async fn decide(
    State(app): State<AppState>,
    path: PathOf<i64>,
    Action { fields, admin, work }: Action<DecideFields>,
) -> Result<Response, PageError> {
    let id = ReportId(path.0);
    let asked = ResolveReport { outcome: fields.outcome, remarks: Some(fields.remarks.clone()) };
    let (status, fault, problem) = match reports::resolve(&app, &work, id, &asked).await {
        Ok(_) => {
            let flash = match fields.outcome {
                ReportOutcome::Resolved => Flash::ReportResolved,
                ReportOutcome::Dismissed => Flash::ReportDismissed,
            };
            let address = Address::new(paths::REPORTS).with(Flash::NAME, Some(flash.word()));
            return Ok(Redirect::to(&address.to_string()).into_response());
        }
        Err(Error::Decided) => {
            (StatusCode::CONFLICT, None, "Somebody else was faster; the page shows what they decided.")
        }
        Err(Error::OwnReport) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            None,
            "This report is by you or about you: somebody else has to decide it.",
        ),
        Err(Error::InvalidRemarks) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Some("At most 1000 characters.".to_owned()), "")
        }
        Err(error) => return Err(error.into()),
    };
    let complaint = read_one(&app, id).await?;
    let desk = desk_of(&app, &admin).await?;
    let (typed, problem) = (Typed { value: fields.remarks, problem: fault }, problem.to_owned());
    let page = html::render(|| view! { <ComplaintPage desk complaint typed problem /> });
    Ok((status, Html(page)).into_response())
}
