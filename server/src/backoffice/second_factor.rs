//! The second factor of one's own account, and resetting that of others.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use saathii_admin_ui::{
    components::form::Typed,
    desk::Flash,
    html,
    pages::second_factor::{RecoveryCodesPage, ResetFactorPage, SecondFactor, SecondFactorPage},
    paths,
};
use saathii_shared_types::UserId;
use serde::Deserialize;

use super::{
    PathOf,
    error::PageError,
    pages::desk_of,
    people::{done, name_of},
    session::{Action, AdminSession, Form, NoFields, SignedIn, end_others},
    sign_in::refusal_of,
};
use crate::{
    audit::{Actor, AdminAction},
    auth::ClientInfo,
    second_factor::{self, Enrolment},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(paths::SECOND_FACTOR, get(show_second_factor).post(change_second_factor))
        .route(paths::SECOND_FACTOR_BEGIN, post(begin_second_factor))
        .route(paths::SECOND_FACTOR_CONFIRM, post(confirm_second_factor))
        .route("/admin/people/{id}/reset-second-factor", post(reset_second_factor))
}

#[derive(Deserialize)]
struct CodeFields {
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
struct ChangeFields {
    step: Step,
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    Renew,
    TurnOff,
}

async fn show_second_factor(State(app): State<AppState>, SignedIn(admin): SignedIn) -> Result<Html<String>, PageError> {
    page(&app, &admin, Typed::default()).await
}

async fn page(app: &AppState, admin: &AdminSession, typed: Typed) -> Result<Html<String>, PageError> {
    let factor = match second_factor::read(app, admin.user, &admin.name).await? {
        second_factor::State::Off => SecondFactor::Off,
        second_factor::State::Begun(Enrolment { url, secret }) => SecondFactor::Begun { url, secret },
        second_factor::State::On { since, recovery_left } => {
            SecondFactor::On { since, recovery_left: recovery_left.into() }
        }
    };
    let desk = desk_of(app, admin).await?;
    let is_required = app.config.second_factor_required;
    Ok(Html(html::render(|| view! { <SecondFactorPage desk factor is_required typed /> })))
}

async fn begin_second_factor(
    State(app): State<AppState>,
    SignedIn(admin): SignedIn,
    _: Form<NoFields>,
) -> Result<Response, PageError> {
    match second_factor::begin(&app, admin.user).await {
        // Set up in another tab: the page says so.
        Ok(()) | Err(second_factor::Error::Enrolled) => Ok(Redirect::to(paths::SECOND_FACTOR).into_response()),
        Err(error) => Err(error.into()),
    }
}

async fn confirm_second_factor(
    State(app): State<AppState>,
    SignedIn(admin): SignedIn,
    from: ClientInfo,
    Form { fields, .. }: Form<CodeFields>,
) -> Result<Response, PageError> {
    let action = AdminAction { admin: admin.user, from };
    match second_factor::confirm(&app, &action, &fields.code).await {
        Ok(codes) => {
            // They were opened by the phone alone.
            end_others(&app, &admin).await?;
            show_codes(&app, &admin, codes).await
        }
        Err(second_factor::Error::Enrolled | second_factor::Error::NotEnrolled) => {
            Ok(Redirect::to(paths::SECOND_FACTOR).into_response())
        }
        Err(error) => refuse(&app, &admin, fields.code, error).await,
    }
}

async fn change_second_factor(
    State(app): State<AppState>,
    SignedIn(admin): SignedIn,
    from: ClientInfo,
    Form { fields, .. }: Form<ChangeFields>,
) -> Result<Response, PageError> {
    let ChangeFields { step, code } = fields;
    let action = AdminAction { admin: admin.user, from };
    let changed = match step {
        Step::Renew => second_factor::renew_recovery_codes(&app, &action, &code).await.map(Some),
        Step::TurnOff => second_factor::turn_off(&app, &action, &code).await.map(|()| None),
    };
    match changed {
        Ok(Some(codes)) => show_codes(&app, &admin, codes).await,
        Ok(None) | Err(second_factor::Error::NotEnrolled) => Ok(Redirect::to(paths::SECOND_FACTOR).into_response()),
        Err(error) => refuse(&app, &admin, code, error).await,
    }
}

async fn show_codes(app: &AppState, admin: &AdminSession, codes: Vec<String>) -> Result<Response, PageError> {
    let desk = desk_of(app, admin).await?;
    Ok(Html(html::render(|| view! { <RecoveryCodesPage desk codes /> })).into_response())
}

async fn refuse(
    app: &AppState,
    admin: &AdminSession,
    code: String,
    error: second_factor::Error,
) -> Result<Response, PageError> {
    let (status, text) = refusal_of(error, app.clock.now())?;
    Ok((status, page(app, admin, Typed::wrong(code, text)).await?).into_response())
}

async fn reset_second_factor(
    State(app): State<AppState>,
    path: PathOf<i64>,
    Action { admin, work, .. }: Action<NoFields>,
) -> Result<Response, PageError> {
    let user = UserId(path.0);
    if user == admin.user {
        // Whoever sits at an open desk could otherwise get rid of it.
        let (id, name) = (user, name_of(&app, user).await?);
        let desk = desk_of(&app, &admin).await?;
        let problem = "Your own is turned off with a code, or reset by another admin.".to_owned();
        let page = html::render(|| view! { <ResetFactorPage desk id name problem /> });
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response());
    }
    second_factor::reset(&app, Actor::Admin(&work), user).await?;
    Ok(done(user, Flash::SecondFactorReset))
}
