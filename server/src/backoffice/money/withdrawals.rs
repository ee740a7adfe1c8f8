use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use saathii_admin_ui::{
    address::{Address, Choice},
    components::{form::Typed, table::Part},
    desk::{Flash, Rights},
    html,
    pages::money::withdrawals::{Tried, Withdrawal, WithdrawalPage, Withdrawals, WithdrawalsQuery},
    paths,
};
use saathii_shared_types::{UserId, WithdrawalId};
use serde::Deserialize;

use crate::{
    backoffice::{
        PathOf,
        error::PageError,
        pages::desk_of,
        people::posting,
        session::{Action, AdminSession},
    },
    http::{IdempotencyKey, Paging},
    state::AppState,
    users, wallet,
    withdrawals::{self, Decision, Error},
};

const PER_PAGE: i64 = 50;

pub(in crate::backoffice) async fn read_list(
    app: &AppState,
    query: WithdrawalsQuery,
) -> Result<Withdrawals, PageError> {
    let paging = Paging { page: query.page, per_page: PER_PAGE };
    let page = withdrawals::list_withdrawals(app, Some(query.status), paging).await?;
    let part = Part::new(query.page, PER_PAGE, page.total_withdrawals);
    // Past the end the last page is shown.
    let page = if part.page == query.page {
        page
    } else {
        withdrawals::list_withdrawals(app, Some(query.status), Paging { page: part.page, per_page: PER_PAGE }).await?
    };
    Ok(Withdrawals { now: app.clock.now(), query, part, rows: page.withdrawals })
}

pub(in crate::backoffice) async fn read_one(
    app: &AppState,
    admin: &AdminSession,
    id: WithdrawalId,
) -> Result<Withdrawal, PageError> {
    // Who only looks needs no account number.
    let (row, details) = if admin.rights == Rights::Admin {
        let found = withdrawals::get_withdrawal(app, admin.user, id).await?;
        (found.withdrawal, found.payout_details)
    } else {
        (withdrawals::find_withdrawal(app, id).await?, None)
    };
    let mut db = app.db.acquire().await?;
    let admins: Vec<UserId> = row.decided_by.into_iter().chain(row.paid_by).collect();
    let names = users::usernames(&mut db, &admins).await?;
    let find = |who: Option<UserId>| names.iter().find(|(user, _)| Some(*user) == who).cloned();
    let kinds = ["withdrawal_request", "withdrawal_payment", "withdrawal_rejection"];
    let postings = wallet::list_belonging(&mut db, &kinds, id.0).await?;
    Ok(Withdrawal {
        now: app.clock.now(),
        decided_by: find(row.decided_by),
        paid_by: find(row.paid_by),
        row,
        details,
        postings: postings.into_iter().map(posting).collect(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Approve,
    Pay,
    Reject,
}

#[derive(Deserialize)]
pub(super) struct DecideFields {
    step: Step,
    #[serde(default)]
    remarks: String,
    #[serde(default)]
    reference: String,
}

pub(super) async fn decide(
    State(app): State<AppState>,
    path: PathOf<i64>,
    Action { fields, admin, work }: Action<DecideFields>,
) -> Result<Response, PageError> {
    let id = WithdrawalId(path.0);
    let DecideFields { step, remarks, reference } = fields;
    let (decision, flash) = match step {
        Step::Approve => (Decision::Approve, Flash::WithdrawalApproved),
        Step::Pay => (Decision::Pay { reference: reference.clone() }, Flash::WithdrawalPaid),
        Step::Reject => (Decision::Reject { remarks: remarks.clone() }, Flash::WithdrawalRejected),
    };
    // The database decides once; a form sent twice finds it decided.
    let decided = withdrawals::decide_once(&app, &work, id, &decision, &IdempotencyKey::none()).await;
    let Err(refused) = decided else {
        let address = Address::new(paths::withdrawal(id)).with(Flash::NAME, Some(flash.word()));
        return Ok(Redirect::to(&address.to_string()).into_response());
    };
    let typed = |value| Typed { value, problem: None };
    let mut tried = Tried { remarks: typed(remarks), reference: typed(reference), problem: None };
    let status = match refused {
        Error::InvalidText("remarks") => {
            tried.remarks.problem = Some("1 to 500 characters, for the listener to read.".to_owned());
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::InvalidText(_) => {
            tried.reference.problem = Some("1 to 100 characters, as the bank wrote it.".to_owned());
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::Decided(_) => {
            tried.problem = Some("Somebody else was faster; the page shows what they decided.".to_owned());
            StatusCode::CONFLICT
        }
        Error::Own => {
            tried.problem = Some("This withdrawal is your own: somebody else has to decide it.".to_owned());
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::SecondAdminRequired => {
            tried.problem = Some("So much is paid by another admin than the one who approved it.".to_owned());
            StatusCode::UNPROCESSABLE_ENTITY
        }
        refused => return Err(refused.into()),
    };
    let withdrawal = read_one(&app, &admin, id).await?;
    let desk = desk_of(&app, &admin).await?;
    let page = html::render(|| view! { <WithdrawalPage desk withdrawal tried /> });
    Ok((status, Html(page)).into_response())
}
