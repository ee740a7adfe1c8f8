//! What every answer of the dashboard tells the browser.

use axum::{
    extract::{Request, State},
    http::{
        HeaderName, HeaderValue,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS},
    },
    middleware::Next,
    response::Response,
};
use url::Url;

use crate::state::AppState;

/// Everything from here, nothing inline, and in nobody's frame. What is heard comes from the bucket at `storage`.
fn policy(storage: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' {storage}; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

pub(super) async fn protect(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // A URL that is no origin, or no header, allows nothing more.
    let storage = Url::parse(&app.objects.base_url()).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    if let Ok(policy) = HeaderValue::try_from(policy(&storage)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: browsers would then send forms with the origin `null`.
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Assets say for themselves how long they last.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::policy;

    #[test]
    fn the_policy_makes_no_exception() {
        let policy = policy("https://s3.example");
        assert!(policy.contains("; media-src 'self' https://s3.example; "), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(!policy.contains('*'), "{policy}");
        assert!(!policy.contains("  "), "{policy}");
    }
}
