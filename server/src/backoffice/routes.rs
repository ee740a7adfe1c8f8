use std::any::Any;

use axum::{
    Router,
    extract::State,
    http::{
        Method, StatusCode, Uri,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{any, get, post},
};
use saathii_admin_ui::{
    assets::{self, Asset},
    paths,
};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    calls,
    error::{PageError, failure_page},
    headers, live, moderation, money, pages, people, second_factor,
    session::{Form, NoFields, SignedIn, Token, end_session},
    sign_in, verification,
};
use crate::{auth, http::log_request, state::AppState};

pub fn router(app: &AppState) -> Router<AppState> {
    let mut router = Router::new()
        .merge(sign_in::router())
        .merge(people::router())
        .merge(verification::router())
        .merge(calls::router())
        .merge(money::router())
        .merge(moderation::router())
        .merge(second_factor::router())
        .route(paths::SIGN_OUT_EVERYWHERE, post(sign_out_everywhere))
        .route(paths::SIGN_OUT, post(sign_out))
        .route(paths::EVENTS, get(live::show_events))
        .route("/admin/", any(show_nothing))
        .route("/admin/{*rest}", any(show_nothing));
    for asset in assets::all() {
        router = router.route(&asset.url, get(async || show_asset(asset)));
    }
    pages::mount(router)
        .method_not_allowed_fallback(async || failure_page(StatusCode::METHOD_NOT_ALLOWED))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(middleware::from_fn_with_state(app.clone(), headers::protect))
}

async fn sign_out(
    State(app): State<AppState>,
    SignedIn(admin): SignedIn,
    _: Form<NoFields>,
) -> Result<Response, PageError> {
    end_session(&app, &admin).await?;
    Ok((Token::forget(app.config.mode), Redirect::to(paths::SIGN_IN)).into_response())
}

async fn sign_out_everywhere(
    State(app): State<AppState>,
    SignedIn(admin): SignedIn,
    _: Form<NoFields>,
) -> Result<Response, PageError> {
    auth::sign_out(&app, admin.user).await?;
    Ok((Token::forget(app.config.mode), Redirect::to(paths::SIGN_IN)).into_response())
}

fn show_asset(asset: &'static Asset) -> Response {
    // Its address changes with its content.
    let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.body).into_response()
}

/// An unknown address; one that only ends with a slash too many leads to where it means.
async fn show_nothing(method: Method, uri: Uri) -> Response {
    let trimmed = uri.path().trim_end_matches('/');
    if method == Method::GET && trimmed.len() < uri.path().len() {
        return Redirect::to(trimmed).into_response();
    }
    failure_page(StatusCode::NOT_FOUND)
}

fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    // Logged as everywhere; the body alone is another.
    let status = log_request::answer_panic(panic).status();
    failure_page(status)
}
