//! Refusals as pages.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use saathii_admin_ui::{html, pages::failure::FailurePage, paths};
use saathii_shared_types::ErrorCode;

use crate::http::HttpError;

/// Why a page is not shown.
#[derive(Debug)]
pub(super) enum PageError {
    /// Nobody is signed in.
    SignIn,
    /// A second factor has to be set up first.
    Enrol,
    /// A viewer sent a form.
    ReadOnly,
    Refused(HttpError),
}

impl PageError {
    /// The form did not come from a page of ours, or from one of a session that is over.
    pub(super) fn stale_form() -> Self {
        Self::Refused(HttpError::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, "Stale form"))
    }

    /// There is no such thing.
    pub(super) fn missing() -> Self {
        Self::Refused(HttpError::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "No such page"))
    }

    /// The form's body could not be read.
    pub(super) fn bad_form(status: StatusCode) -> Self {
        Self::Refused(HttpError::new(status, ErrorCode::ValidationError, "Bad form"))
    }
}

impl<E> From<E> for PageError
where
    HttpError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn => Redirect::to(paths::SIGN_IN).into_response(),
            Self::Enrol => Redirect::to(paths::SECOND_FACTOR).into_response(),
            Self::ReadOnly => refusal(
                StatusCode::FORBIDDEN,
                "Your role may only look",
                "Nothing was changed. Ask an admin to do this, or to make you one.",
            ),
            Self::Refused(error) => {
                error.log();
                failure_page(error.status())
            }
        }
    }
}

/// The page of a status; a 503 may be tried again at once.
pub(super) fn failure_page(status: StatusCode) -> Response {
    let (title, advice) = words(status);
    let mut response = refusal(status, title, advice);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn refusal(status: StatusCode, title: &'static str, advice: &'static str) -> Response {
    let page = html::render(|| view! { <FailurePage title advice /> });
    (status, Html(page)).into_response()
}

fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => ("Page not found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => ("Not like this", "This address takes forms; open the page they are on."),
        StatusCode::FORBIDDEN => (
            "This form is out of date",
            "Nothing was changed. Load the page again and send the form from there; the browser must allow cookies.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("Too much at once", "Nothing was changed. The form was too large."),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("Away for a moment", "Something that this page needs does not answer. Nothing was changed; try again.")
        }
        status if status.is_client_error() => ("That did not work", "The form could not be read. Nothing was changed."),
        _ => ("Something went wrong", "The fault is ours and has been recorded. Try again in a moment."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(error: impl Into<PageError>) -> (StatusCode, String) {
        let response = error.into().into_response();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 64 * 1024).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_page_never_tells_the_cause() {
        let (status, page) = answer(sqlx::Error::ColumnNotFound("token_hash".to_owned())).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(page.contains("<h1>Something went wrong</h1>"), "{page}");
        assert!(!page.contains("token_hash"), "{page}");

        let (status, page) = answer(sqlx::Error::PoolTimedOut).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.contains("try again"), "{page}");
    }
}
