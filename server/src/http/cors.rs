//! Which browsers may call.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header, request::Parts};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::{Host, Url};

use crate::config::{Config, Mode};

/// Whether a page of this origin may call: one of the list, or without a list in development any on this machine.
pub fn is_allowed(config: &Config, origin: &str) -> bool {
    let listed = &config.server.cors_origins;
    listed.iter().any(|allowed| allowed == origin)
        || (listed.is_empty() && config.mode == Mode::Development && is_local(origin))
}

fn is_local(origin: &str) -> bool {
    match Url::parse(origin).as_ref().map(Url::host) {
        Ok(Some(Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Some(Host::Ipv4(address))) => address.is_loopback(),
        Ok(Some(Host::Ipv6(address))) => address.is_loopback(),
        Ok(None) | Err(_) => false,
    }
}

pub fn layer(config: &Config) -> CorsLayer {
    let config = config.clone();
    let origin = move |origin: &HeaderValue, _: &Parts| origin.to_str().is_ok_and(|origin| is_allowed(&config, origin));
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(origin))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("idempotency-key")])
        .expose_headers([
            header::RETRY_AFTER,
            HeaderName::from_static("x-request-id"),
            HeaderName::from_static("idempotency-replayed"),
        ])
        .max_age(Duration::from_hours(1))
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_this_machine_is_local() {
        for origin in [
            "http://localhost:3000",
            "https://localhost",
            "http://127.0.0.1:8081",
            "http://[::1]:19006",
            "http://app.localhost",
        ] {
            assert!(is_local(origin), "{origin}");
        }
        for origin in ["http://localhost.evil.com", "https://evil.com", "null", "http://10.0.0.1"] {
            assert!(!is_local(origin), "{origin}");
        }
    }
}
