use axum::extract::State;
use saathii_shared_types::{
    ApiError, Message, UserId,
    presence::{StatusPatch, UserPresence, UserStatus},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{query::PresenceQuery, service, sockets};
use crate::{
    auth::CurrentUser,
    http::{
        HttpError, Json, Path, Query,
        docs::{InvalidInput, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_my_status, update_my_status))
        .routes(routes!(send_heartbeat))
        .routes(routes!(list_users_presence))
        .routes(routes!(get_user_presence))
        .merge(sockets::router())
}

/// One's own status.
#[utoipa::path(get, path = "/users/me/status", tag = "User Management", security(("bearer" = [])), responses(
    (status = 200, description = "The status", body = UserStatus),
    Unauthorized, Unavailable,
))]
async fn get_my_status(State(app): State<AppState>, user: CurrentUser) -> Result<Json<UserStatus>, HttpError> {
    Ok(Json(service::get_status(&app, user.id).await?))
}

/// Change any subset of one's status; everybody is told.
///
/// `busy_until` ends `is_busy` by itself.
#[utoipa::path(put, path = "/users/me/status", request_body = StatusPatch, tag = "User Management", security(("bearer" = [])), responses(
    (status = 200, description = "The status after the change", body = UserStatus),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn update_my_status(
    State(app): State<AppState>,
    user: CurrentUser,
    Json(patch): Json<StatusPatch>,
) -> Result<Json<UserStatus>, HttpError> {
    Ok(Json(service::update_status(&app, user.id, &patch).await?))
}

/// Say that one is there; every 30 seconds while the app is open.
///
/// Marks online. Without a heartbeat and without a socket for 90 seconds one is offline.
#[utoipa::path(post, path = "/users/me/heartbeat", tag = "User Management", security(("bearer" = [])), responses(
    (status = 200, description = "Recorded", body = Message, example = json!({"message": "Heartbeat received"})),
    Unauthorized, Unavailable,
))]
async fn send_heartbeat(State(app): State<AppState>, user: CurrentUser) -> Result<Json<Message>, HttpError> {
    app.heartbeats.record(user.id).await?;
    Ok(Json(Message::new("Heartbeat received")))
}

/// Somebody's presence.
///
/// Across a block there is no such user.
#[utoipa::path(get, path = "/users/{user_id}/presence", tag = "User Management", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "Whose", example = 456)), responses(
    (status = 200, description = "The presence", body = UserPresence),
    (status = 404, description = "No such user", body = ApiError, example = json!({"detail": "User not found", "code": "not_found"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn get_user_presence(
    State(app): State<AppState>,
    viewer: CurrentUser,
    Path(user): Path<UserId>,
) -> Result<Json<UserPresence>, HttpError> {
    Ok(Json(service::get_presence(&app, viewer.id, user).await?))
}

/// The presence of many, in the order asked.
///
/// Those across a block are left out, as the unknown are.
#[utoipa::path(get, path = "/users/presence", tag = "User Management", security(("bearer" = [])), params(PresenceQuery), responses(
    (status = 200, description = "The presence of those who exist", body = Vec<UserPresence>),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_users_presence(
    State(app): State<AppState>,
    viewer: CurrentUser,
    Query(query): Query<PresenceQuery>,
) -> Result<Json<Vec<UserPresence>>, HttpError> {
    Ok(Json(service::list_presence(&app, viewer.id, &query.user_ids()?).await?))
}
