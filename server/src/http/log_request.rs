//! One span, one line and one count per request; the timeout and the panic guard stand inside it.

use std::{
    any::Any,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use saathii_shared_types::ErrorCode;
use tracing::{Instrument, field};
use uuid::Uuid;

use super::HttpError;

const REQUEST_ID: &str = "x-request-id";

/// Longer than anything that is asked of us takes, shorter than a balancer waits.
const TIMEOUT: Duration = Duration::from_secs(25);

/// What a phone sends for minutes over a slow line; the room itself gives up on one that stands still.
const UPLOADS: [&str; 1] = ["/verification/upload-audio-file"];
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(5);

/// Logs the matched path and never the URI, whose query may hold a token.
pub async fn log_request(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", id = %id, %method, path, user.id = field::Empty);

    let answer = tokio::time::timeout(patience(&path), next.run(request)).instrument(span.clone()).await;
    let mut response = span.in_scope(|| answer.unwrap_or_else(|_| timed_out()));

    let status = response.status();
    let elapsed = begun.elapsed();
    span.in_scope(|| {
        let duration_ms = elapsed.as_secs_f64() * 1000.0;
        if is_probe(&path) {
            tracing::debug!(status = status.as_u16(), duration_ms, "answered");
        } else {
            tracing::info!(status = status.as_u16(), duration_ms, "answered");
        }
    });
    let labels = [("method", method.to_string()), ("path", path), ("status", status.as_u16().to_string())];
    metrics::histogram!("http_request_duration_seconds", &labels).record(elapsed.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn patience(path: &str) -> Duration {
    if UPLOADS.contains(&path) { UPLOAD_TIMEOUT } else { TIMEOUT }
}

/// The caller's id where it is a plain one, so that a request can be followed through a proxy.
fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let is_plain =
        |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    given.filter(is_plain).map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

fn timed_out() -> Response {
    let detail = "The request took too long";
    HttpError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::RequestTimeout, detail)
        .retry_after(5)
        .caused_by("no answer in time")
        .into_response()
}

/// Answers a request whose handler panicked; the panic hook has logged the place.
#[expect(clippy::needless_pass_by_value, reason = "the signature that CatchPanicLayer takes")]
pub fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    HttpError::internal(format!("panicked: {}", text.unwrap_or_default())).into_response()
}
