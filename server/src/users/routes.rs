use axum::extract::State;
use saathii_shared_types::{
    ApiError,
    users::{ProfilePatch, UserProfile},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::service;
use crate::{
    auth::CurrentUser,
    http::{
        HttpError, Json,
        docs::{InvalidInput, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_current_user, update_current_user))
}

/// One's own profile.
#[utoipa::path(get, path = "/users/me", tag = "User Management", security(("bearer" = [])), responses(
    (status = 200, description = "The profile", body = UserProfile),
    Unauthorized, Unavailable,
))]
async fn get_current_user(State(app): State<AppState>, user: CurrentUser) -> Result<Json<UserProfile>, HttpError> {
    Ok(Json(service::get_profile(&app, user.id).await?))
}

/// Change any subset of one's profile.
///
/// Null clears a field that may be empty. `rating` is accepted and ignored: ratings come from callers.
#[utoipa::path(put, path = "/users/me", request_body = ProfilePatch, tag = "User Management", security(("bearer" = [])), responses(
    (status = 200, description = "The profile after the change", body = UserProfile),
    (status = 409, description = "The username is taken", body = ApiError, example = json!({"detail": "Username already taken", "code": "username_taken"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn update_current_user(
    State(app): State<AppState>,
    user: CurrentUser,
    Json(patch): Json<ProfilePatch>,
) -> Result<Json<UserProfile>, HttpError> {
    Ok(Json(service::update_profile(&app, user.id, &patch).await?))
}
