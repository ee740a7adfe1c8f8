//! `/openapi.json`, `/docs` and `/redoc`, with every asset in the binary; and the errors that routes share.

use std::collections::BTreeMap;

use axum::{Router, response::Html, routing::get};
use saathii_shared_types::{
    ApiError,
    events::{ClientMessage, ServerEvent},
};
use utoipa::{
    IntoParams, IntoResponses, Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_swagger_ui::SwaggerUi;

/// The document without its paths, which the rooms add.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Saathii",
        description = "Paid listening calls: login by phone, presence, a live feed of listeners.\n\nErrors are `{detail, code}`: \
            match on `code`. Malformed input is 422 with `detail` as a list of fields. Every answer bears `x-request-id`.",
    ),
    components(schemas(ApiError, ClientMessage, ServerEvent)),
    modifiers(&Bearer),
    tags(
        (name = "Authentication", description = "OTP verification, registration, and token management"),
        (name = "User Management", description = "Profile management, presence tracking, and feed system"),
        (name = "Call Management", description = "Call lifecycle, billing, and coin management"),
        (name = "Wallet", description = "Earnings, movements and payouts"),
        (name = "Favorites & Blocking", description = "Favorites, blocks and reports"),
        (name = "Admin - Moderation", description = "Reports, suspensions and the record of what admins did"),
        (name = "Listener Verification", description = "Audio sample uploads and verification workflow"),
        (name = "Admin - Verification", description = "Admin review and approval of verification requests"),
        (name = "Admin - Withdrawals", description = "Paying listeners out"),
        (name = "WebSocket", description = "Real-time WebSocket connections for live updates"),
        (name = "Operations", description = "Probes and metrics"),
    ),
)]
pub struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The pages that show the document; it is itself at `/openapi.json`.
pub fn pages<S: Clone + Send + Sync + 'static>(document: utoipa::openapi::OpenApi) -> Router<S> {
    let redoc = aide::redoc::Redoc::new("/openapi.json").with_title("Saathii API").html();
    // The bundle has everything in it but its maker's logo, which it asks of another host.
    let redoc = redoc.replace("https://cdn.redoc.ly/redoc/logo-mini.svg", "data:image/gif;base64,R0lGODlhAQABAAAAACw=");
    Router::new()
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .route("/redoc", get(async move || Html(redoc)))
}

/// The header that makes a POST safe to repeat.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header that `IdempotencyKey` reads")]
pub struct Idempotent {
    /// One per user action: the same request again is answered again (`Idempotency-Replayed: true`) and done once,
    /// another request with the key of an earlier one is 422.
    #[param(rename = "Idempotency-Key", example = "4f1c2a9b-start")]
    idempotency_key: Option<String>,
}

/// 422, 413 and 415: malformed input.
pub struct InvalidInput;
/// 401: no token, or not a good one.
pub struct Unauthorized;
/// 403: the role admin is needed.
pub struct AdminsOnly;
/// 429 with `retry_after`.
pub struct Limited;
/// 503: a store is away.
pub struct Unavailable;
/// 101 and what a handshake is refused with.
pub struct Handshake;

fn refusal(description: &str, example: serde_json::Value) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ApiError"))).example(Some(example)).build();
    RefOr::T(ResponseBuilder::new().description(description).content("application/json", content).build())
}

impl IntoResponses for InvalidInput {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let fields = serde_json::json!({
            "detail": [{"loc": ["body", "phone"], "msg": "Field required", "type": "missing"}], "code": "validation_error"
        });
        let large = serde_json::json!({"detail": "The body is too large", "code": "payload_too_large"});
        let media =
            serde_json::json!({"detail": "Send the body as application/json", "code": "unsupported_media_type"});
        BTreeMap::from([
            ("413".into(), refusal("Too large", large)),
            ("415".into(), refusal("Not JSON", media)),
            ("422".into(), refusal("Malformed input", fields)),
        ])
    }
}

impl IntoResponses for Unauthorized {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let example = serde_json::json!({"detail": "Not authenticated", "code": "not_authenticated"});
        BTreeMap::from([("401".into(), refusal("Missing, expired or dead token", example))])
    }
}

impl IntoResponses for AdminsOnly {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let example = serde_json::json!({"detail": "Not allowed for your role", "code": "forbidden"});
        BTreeMap::from([("403".into(), refusal("Not an admin", example))])
    }
}

impl IntoResponses for Limited {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let example = serde_json::json!({"detail": "Too many requests. Try again later", "code": "rate_limited", "retry_after": 42});
        BTreeMap::from([("429".into(), refusal("Too many requests", example))])
    }
}

impl IntoResponses for Unavailable {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let example =
            serde_json::json!({"detail": "Service temporarily unavailable", "code": "unavailable", "retry_after": 1});
        BTreeMap::from([("503".into(), refusal("Nothing was done; try again", example))])
    }
}

impl IntoResponses for Handshake {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let origin = serde_json::json!({"detail": "Origin not allowed", "code": "origin_not_allowed"});
        let plain = serde_json::json!({"detail": "Open this address as a WebSocket", "code": "validation_error"});
        let switched = ResponseBuilder::new().description("Connected; frames follow (`ServerEvent`)").build();
        BTreeMap::from([
            ("101".into(), RefOr::T(switched)),
            ("400".into(), refusal("Not a WebSocket handshake", plain)),
            ("403".into(), refusal("A page of another site", origin)),
        ])
    }
}
