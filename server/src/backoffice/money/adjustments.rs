use std::collections::HashMap;

use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use data_encoding::HEXLOWER;
use leptos::prelude::*;
use rand::RngCore;
use saathii_admin_ui::{
    address::{Address, Choice},
    components::{form::Typed, table::Part},
    desk::Flash,
    html,
    pages::money::adjustments::{
        AdjustForm, AdjustPage, Adjusting, Adjustment, AdjustmentLine, AdjustmentPage, Adjustments, AdjustmentsQuery,
        Direction, Status as Shown,
    },
    paths,
};
use saathii_shared_types::{AdjustmentId, UserId, wallet::Currency};
use serde::Deserialize;
use sqlx::PgConnection;

use crate::{
    adjustments::{self, AdjustmentRow, Asked, Decision, Error, Status},
    backoffice::{
        PathOf,
        error::PageError,
        pages::desk_of,
        people::{done, name_of, posting},
        session::Action,
    },
    state::AppState,
    users, wallet,
};

const PER_PAGE: i64 = 50;
/// Ours are shorter.
const LONGEST_KEY: usize = 100;

pub(in crate::backoffice) async fn read_adjusting(app: &AppState, id: UserId) -> Result<Adjusting, PageError> {
    let mut key = [0; 16];
    rand::rng().fill_bytes(&mut key);
    adjusting(app, id, HEXLOWER.encode(&key)).await
}

async fn adjusting(app: &AppState, id: UserId, form_key: String) -> Result<Adjusting, PageError> {
    let name = name_of(app, id).await?;
    let wallet = wallet::find(&mut *app.db.acquire().await?, id).await?;
    Ok(Adjusting {
        id,
        name,
        balance: wallet.balance_coins,
        withdrawable: wallet.withdrawable,
        second_admin_from: app.config.adjustment_second_admin_from,
        form_key,
    })
}

pub(in crate::backoffice) async fn read_list(app: &AppState, query: AdjustmentsQuery) -> sqlx::Result<Adjustments> {
    let status = status_of(query.status);
    let mut db = app.db.acquire().await?;
    let part = Part::new(query.page, PER_PAGE, adjustments::count_of(&mut db, status).await?);
    let rows = adjustments::list(&mut db, status, part.offset(), PER_PAGE).await?;
    let rows = with_names(&mut db, rows).await?;
    Ok(Adjustments { now: app.clock.now(), query, part, rows })
}

pub(in crate::backoffice) async fn read_one(app: &AppState, id: AdjustmentId) -> Result<Adjustment, PageError> {
    let mut db = app.db.acquire().await?;
    let row = adjustments::find(&mut db, id).await?.ok_or_else(PageError::missing)?;
    let line = with_names(&mut db, vec![row]).await?.pop().ok_or_else(PageError::missing)?;
    let postings = wallet::list_belonging(&mut db, &["coin_adjustment", "earning_adjustment"], id.0).await?;
    Ok(Adjustment { now: app.clock.now(), line, postings: postings.into_iter().map(posting).collect() })
}

async fn with_names(db: &mut PgConnection, rows: Vec<AdjustmentRow>) -> sqlx::Result<Vec<AdjustmentLine>> {
    let people: Vec<UserId> =
        rows.iter().flat_map(|row| [row.user_id, row.requested_by].into_iter().chain(row.decided_by)).collect();
    let names: HashMap<UserId, String> = users::usernames(db, &people).await?.into_iter().collect();
    let with_name = |user: UserId| (user, names.get(&user).cloned().unwrap_or_default());
    let line = |row: AdjustmentRow| AdjustmentLine {
        id: row.adjustment_id,
        owner: with_name(row.user_id),
        currency: row.currency,
        amount: row.amount,
        reason: row.reason,
        status: shown(row.status),
        asked_by: with_name(row.requested_by),
        asked_at: row.requested_at,
        decided_by: row.decided_by.map(with_name),
        decided_at: row.decided_at,
    };
    Ok(rows.into_iter().map(line).collect())
}

fn shown(status: Status) -> Shown {
    match status {
        Status::Pending => Shown::Pending,
        Status::Applied => Shown::Applied,
        Status::Rejected => Shown::Rejected,
    }
}

fn status_of(shown: Shown) -> Status {
    match shown {
        Shown::Pending => Status::Pending,
        Shown::Applied => Status::Applied,
        Shown::Rejected => Status::Rejected,
    }
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Way {
    Give,
    Take,
}

impl Way {
    fn shown(self) -> Direction {
        match self {
            Self::Give => Direction::Give,
            Self::Take => Direction::Take,
        }
    }

    /// A whole number as people group it, negative where it is taken.
    fn signed(self, amount: &str) -> Option<i64> {
        let digits: String = amount.chars().filter(|c| !c.is_whitespace() && *c != ',').collect();
        let amount: i64 = digits.parse().ok().filter(|amount| *amount > 0)?;
        Some(match self {
            Self::Give => amount,
            Self::Take => -amount,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct AdjustFields {
    #[serde(default)]
    form_key: String,
    direction: Way,
    currency: Currency,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn request(
    State(app): State<AppState>,
    path: PathOf<i64>,
    Action { fields, admin, work }: Action<AdjustFields>,
) -> Result<Response, PageError> {
    let user = UserId(path.0);
    let AdjustFields { form_key, direction, currency, amount, reason } = fields;
    if form_key.is_empty() || form_key.len() > LONGEST_KEY || form_key.contains('\0') {
        return Err(PageError::stale_form());
    }
    let asked = Asked {
        user,
        currency,
        amount: direction.signed(&amount).unwrap_or_default(),
        reason: reason.clone(),
        form_key: form_key.clone(),
    };
    let refused = match adjustments::request(&app, &work, &asked).await {
        Ok(row) if row.status == Status::Pending => {
            let address = Address::new(paths::adjustment(row.adjustment_id));
            let address = address.with(Flash::NAME, Some(Flash::AdjustmentWaits.word()));
            return Ok(Redirect::to(&address.to_string()).into_response());
        }
        Ok(_) => return Ok(done(user, Flash::Adjusted)),
        Err(refused) => refused,
    };
    let typed = |value| Typed { value, problem: None };
    let mut form = AdjustForm {
        direction: Some(direction.shown()),
        currency: Some(currency),
        amount: typed(amount),
        reason: typed(reason),
        problem: String::new(),
    };
    match refused {
        Error::InvalidAmount => form.amount.problem = Some("A whole number from 1 to 1,000,000,000.".to_owned()),
        Error::InvalidReason => form.reason.problem = Some("Say why, in 1 to 500 characters on one line.".to_owned()),
        Error::NotEnough => form.amount.problem = Some("So much is not there to be taken.".to_owned()),
        Error::Own => "Nobody adjusts their own wallet: ask another admin.".clone_into(&mut form.problem),
        refused => return Err(refused.into()),
    }
    let adjusting = adjusting(&app, user, form_key).await?;
    let desk = desk_of(&app, &admin).await?;
    let page = html::render(|| view! { <AdjustPage desk adjusting form /> });
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Apply,
    Reject,
}

#[derive(Deserialize)]
pub(super) struct DecideFields {
    step: Step,
}

pub(super) async fn decide(
    State(app): State<AppState>,
    path: PathOf<i64>,
    Action { fields, admin, work }: Action<DecideFields>,
) -> Result<Response, PageError> {
    let id = AdjustmentId(path.0);
    let (decision, flash) = match fields.step {
        Step::Apply => (Decision::Apply, Flash::AdjustmentApplied),
        Step::Reject => (Decision::Reject, Flash::AdjustmentRejected),
    };
    let (status, problem) = match adjustments::decide(&app, &work, id, decision).await {
        Ok(_) => {
            let address = Address::new(paths::adjustment(id)).with(Flash::NAME, Some(flash.word()));
            return Ok(Redirect::to(&address.to_string()).into_response());
        }
        Err(Error::Decided) => (StatusCode::CONFLICT, "Somebody else was faster; the page shows what they decided."),
        Err(Error::SecondAdminRequired) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "So much is applied by another admin than the one who asked.")
        }
        Err(Error::Own) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "This is about your own wallet: somebody else has to decide it.")
        }
        Err(Error::NotEnough) => (StatusCode::UNPROCESSABLE_ENTITY, "So much is not there to be taken any more."),
        Err(error) => return Err(error.into()),
    };
    let adjustment = read_one(&app, id).await?;
    let desk = desk_of(&app, &admin).await?;
    let problem = problem.to_owned();
    let page = html::render(|| view! { <AdjustmentPage desk adjustment problem /> });
    Ok((status, Html(page)).into_response())
}

#[cfg(test)]
mod tests {
    use super::Way;

    #[test]
    fn amounts_are_whole_and_their_direction_is_chosen() {
        for (direction, amount, meant) in [
            (Way::Give, "500", Some(500)),
            (Way::Take, " 1,500 ", Some(-1500)),
            (Way::Give, "-5", None),
            (Way::Give, "0", None),
            (Way::Give, "1.5", None),
            (Way::Give, "", None),
            (Way::Take, "99999999999999999999", None),
        ] {
            assert_eq!(direction.signed(amount), meant, "{amount}");
        }
    }
}
