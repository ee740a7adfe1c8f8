use axum::{
    Router,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use saathii_admin_ui::{
    components::form::Typed,
    html,
    pages::{
        second_factor::ProvePage,
        sign_in::{CodePage, CodeRemark, PhonePage},
    },
    paths,
};
use serde::Deserialize;

use super::{
    problem::{Problem, problem_of, refusal_of},
    service::{self, Door, FactorError},
};
use crate::{
    auth::{self, ClientInfo},
    backoffice::{
        error::PageError,
        session::{AdminSession, Form, NoFields, Token},
    },
    state::AppState,
};

/// The query of the code page after the code was sent once more.
const SENT_AGAIN: &str = "sent-again";

pub(in crate::backoffice) fn router() -> Router<AppState> {
    Router::new()
        .route(paths::SIGN_IN, get(show_phone_form).post(send_code))
        .route(paths::SIGN_IN_CODE, get(show_code_form).post(sign_in))
        .route(paths::SIGN_IN_SECOND_FACTOR, get(show_second_factor_form).post(prove_second_factor))
        .route(paths::SIGN_IN_RESEND, post(resend_code))
}

#[derive(Deserialize)]
struct PhoneFields {
    #[serde(default)]
    phone: String,
}

#[derive(Deserialize)]
struct CodeFields {
    #[serde(default)]
    code: String,
}

async fn show_phone_form(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PageError> {
    if AdminSession::find(&app, &headers).await?.is_some() {
        return Ok(Redirect::to(paths::HOME).into_response());
    }
    let mode = app.config.mode;
    let visit = Token::in_headers(&headers, mode).unwrap_or_else(Token::random);
    Ok((visit.keep(mode), phone_form(&visit, String::new(), None)).into_response())
}

async fn send_code(
    State(app): State<AppState>,
    client: ClientInfo,
    Form { fields, token }: Form<PhoneFields>,
) -> Result<Response, PageError> {
    match service::send_code(&app, &token, &fields.phone, &client).await {
        Ok(()) => Ok(Redirect::to(paths::SIGN_IN_CODE).into_response()),
        Err(error) => {
            let Problem { status, text } = problem_of(error)?;
            Ok((status, phone_form(&token, fields.phone, Some(text))).into_response())
        }
    }
}

async fn show_code_form(
    State(app): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let visit = Token::in_headers(&headers, app.config.mode).ok_or(PageError::SignIn)?;
    let phone = service::find_phone(&app, &visit).await?.ok_or(PageError::SignIn)?;
    let notice = (query.as_deref() == Some(SENT_AGAIN)).then_some("The code was sent again.");
    Ok(code_form(&visit, phone, String::new(), CodeRemark { problem: None, notice }).into_response())
}

async fn sign_in(
    State(app): State<AppState>,
    client: ClientInfo,
    Form { fields, token }: Form<CodeFields>,
) -> Result<Response, PageError> {
    let phone = service::find_phone(&app, &token).await?.ok_or(PageError::SignIn)?;
    // As it was read out or pasted.
    let code: String = fields.code.chars().filter(|c| !c.is_whitespace()).collect();
    match service::sign_in(&app, &token, &phone, &code, &client).await {
        Ok(Door::Open(session)) => Ok((session.keep(app.config.mode), Redirect::to(paths::HOME)).into_response()),
        Ok(Door::SecondFactor) => Ok(Redirect::to(paths::SIGN_IN_SECOND_FACTOR).into_response()),
        Err(error) => refuse_code(&token, phone, fields.code, error),
    }
}

async fn show_second_factor_form(State(app): State<AppState>, headers: HeaderMap) -> Result<Html<String>, PageError> {
    let visit = Token::in_headers(&headers, app.config.mode).ok_or(PageError::SignIn)?;
    service::find_half_signed_in(&app, &visit).await?.ok_or(PageError::SignIn)?;
    Ok(second_factor_form(&visit, Typed::default()))
}

async fn prove_second_factor(
    State(app): State<AppState>,
    client: ClientInfo,
    Form { fields, token }: Form<CodeFields>,
) -> Result<Response, PageError> {
    let user = service::find_half_signed_in(&app, &token).await?.ok_or(PageError::SignIn)?;
    match service::prove_second_factor(&app, &token, user, &fields.code, &client).await {
        Ok(session) => Ok((session.keep(app.config.mode), Redirect::to(paths::HOME)).into_response()),
        // It was reset, or their role taken, since they proved their phone.
        Err(FactorError::BeginAgain) => Err(PageError::SignIn),
        Err(FactorError::Factor(error)) => {
            let (status, text) = refusal_of(error, app.clock.now())?;
            Ok((status, second_factor_form(&token, Typed::wrong(fields.code, text))).into_response())
        }
        Err(FactorError::Auth(error)) => {
            let Problem { status, text } = problem_of(error)?;
            Ok((status, second_factor_form(&token, Typed::wrong(fields.code, text))).into_response())
        }
    }
}

async fn resend_code(
    State(app): State<AppState>,
    client: ClientInfo,
    Form { token, .. }: Form<NoFields>,
) -> Result<Response, PageError> {
    let phone = service::find_phone(&app, &token).await?.ok_or(PageError::SignIn)?;
    match service::resend_code(&app, &phone, &client).await {
        Ok(()) => Ok(Redirect::to(&format!("{}?{SENT_AGAIN}", paths::SIGN_IN_CODE)).into_response()),
        Err(error) => refuse_code(&token, phone, String::new(), error),
    }
}

fn refuse_code(visit: &Token, phone: String, code: String, error: auth::Error) -> Result<Response, PageError> {
    let Problem { status, text } = problem_of(error)?;
    let remark = CodeRemark { problem: Some(text), notice: None };
    Ok((status, code_form(visit, phone, code, remark)).into_response())
}

fn phone_form(visit: &Token, phone: String, problem: Option<String>) -> Html<String> {
    let csrf = visit.form_proof();
    Html(html::render(|| view! { <PhonePage csrf phone problem /> }))
}

fn second_factor_form(visit: &Token, typed: Typed) -> Html<String> {
    let csrf = visit.form_proof();
    Html(html::render(|| view! { <ProvePage csrf typed /> }))
}

fn code_form(visit: &Token, phone: String, code: String, remark: CodeRemark) -> Html<String> {
    let csrf = visit.form_proof();
    Html(html::render(|| view! { <CodePage csrf phone code remark /> }))
}
