use axum::{
    extract::{FromRequestParts, State},
    http::{header, request::Parts},
};
use saathii_shared_types::{
    ApiError, Message,
    auth::{OtpRequest, OtpVerified, RefreshRequest, RegisterRequest, TokenPair, VerifyOtpRequest},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ClientInfo, CurrentUser, service};
use crate::{
    http::{
        HttpError, Json,
        client_address::ClientAddress,
        docs::{InvalidInput, Limited, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(request_otp))
        .routes(routes!(resend_otp))
        .routes(routes!(verify_otp))
        .routes(routes!(register))
        .routes(routes!(refresh_tokens))
        .routes(routes!(logout))
}

impl FromRequestParts<AppState> for ClientInfo {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Self::Rejection> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, app).await?;
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { address, user_agent: user_agent.map(|text| text.chars().take(200).collect()) })
    }
}

/// Send a one-time password to a phone.
///
/// Known and unknown phones answer alike. The code has six digits and lives for five minutes; a new one
/// replaces it. At most 5 requests per phone in 15 minutes.
#[utoipa::path(post, path = "/auth/request_otp", request_body = OtpRequest, tag = "Authentication", responses(
    (status = 200, description = "Sent", body = Message, example = json!({"message": "OTP sent"})),
    InvalidInput, Limited, Unavailable,
))]
async fn request_otp(
    State(app): State<AppState>,
    client: ClientAddress,
    Json(request): Json<OtpRequest>,
) -> Result<Json<Message>, HttpError> {
    service::request_otp(&app, &request.phone, client).await?;
    Ok(Json(Message::new("OTP sent")))
}

/// Send the living code again, or a new one where none lives.
///
/// The same code keeps its lifetime. At most 1 resend per phone in 60 seconds.
#[utoipa::path(post, path = "/auth/resend_otp", request_body = OtpRequest, tag = "Authentication", responses(
    (status = 200, description = "Sent, again (`OTP re-sent`) or anew (`OTP sent`)", body = Message, example = json!({"message": "OTP re-sent"})),
    InvalidInput, Limited, Unavailable,
))]
async fn resend_otp(
    State(app): State<AppState>,
    client: ClientAddress,
    Json(request): Json<OtpRequest>,
) -> Result<Json<Message>, HttpError> {
    let message = match service::resend_otp(&app, &request.phone, client).await? {
        service::Resent::Again => "OTP re-sent",
        service::Resent::Anew => "OTP sent",
    };
    Ok(Json(Message::new(message)))
}

/// Prove a phone with its code.
///
/// A code works once and dies after five wrong guesses. A phone without an account gets a registration token
/// for ten minutes.
#[utoipa::path(post, path = "/auth/verify", request_body = VerifyOtpRequest, tag = "Authentication", responses(
    (status = 200, description = "Proven", body = OtpVerified),
    (status = 400, description = "Wrong, used or expired code", body = ApiError, example = json!({"detail": "Invalid or expired OTP", "code": "invalid_otp"})),
    (status = 403, description = "The account is suspended", body = ApiError, example = json!({"detail": "Account suspended until 2024-02-15 00:00 UTC: Insulted callers", "code": "account_suspended"})),
    InvalidInput, Limited, Unavailable,
))]
async fn verify_otp(
    State(app): State<AppState>,
    client: ClientInfo,
    Json(request): Json<VerifyOtpRequest>,
) -> Result<Json<OtpVerified>, HttpError> {
    Ok(Json(service::verify_otp(&app, &request.phone, &request.otp, client).await?))
}

/// Make the account of a proven phone.
///
/// The registration token works once. A taken username leaves it alive.
#[utoipa::path(post, path = "/auth/register", request_body = RegisterRequest, tag = "Authentication", responses(
    (status = 200, description = "Registered and signed in", body = TokenPair),
    (status = 409, description = "The username is taken", body = ApiError, example = json!({"detail": "Username already taken", "code": "username_taken"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn register(
    State(app): State<AppState>,
    client: ClientInfo,
    Json(request): Json<RegisterRequest>,
) -> Result<Json<TokenPair>, HttpError> {
    Ok(Json(service::register(&app, request, client).await?))
}

/// Trade a refresh token for its successor.
///
/// Single-use: the same token gives the same successor for a minute, so that a lost answer may be asked for
/// again; used later, it ends the login (401).
#[utoipa::path(post, path = "/auth/refresh", request_body = RefreshRequest, tag = "Authentication", responses(
    (status = 200, description = "The successor", body = TokenPair),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn refresh_tokens(
    State(app): State<AppState>,
    Json(request): Json<RefreshRequest>,
) -> Result<Json<TokenPair>, HttpError> {
    Ok(Json(service::refresh(&app, &request.refresh_token).await?))
}

/// Sign out everywhere.
///
/// Ends every access and refresh token of the user and closes the user's sockets (close code 4401).
#[utoipa::path(post, path = "/auth/logout", tag = "Authentication", security(("bearer" = [])), responses(
    (status = 200, description = "Signed out", body = Message, example = json!({"message": "Logged out"})),
    Unauthorized, Unavailable,
))]
async fn logout(State(app): State<AppState>, user: CurrentUser) -> Result<Json<Message>, HttpError> {
    service::sign_out(&app, user.id).await?;
    Ok(Json(Message::new("Logged out")))
}
