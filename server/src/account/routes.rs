use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use saathii_shared_types::{
    ApiError, Message, UserId,
    account::{SuspendRequest, SuspensionState},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{export, service, suspension};
use crate::{
    audit::AdminAction,
    auth::CurrentUser,
    http::{
        HttpError, Json, Path,
        docs::{AdminsOnly, InvalidInput, Limited, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(delete_current_user))
        .routes(routes!(export_current_user))
        .routes(routes!(suspend_user))
        .routes(routes!(reinstate_user))
}

/// Delete one's account.
///
/// The person is gone, records that others need stay without a name. Ends every login and closes every socket.
#[utoipa::path(delete, path = "/users/me", tag = "User Management", security(("bearer" = [])), responses(
    (status = 200, description = "Deleted", body = Message, example = json!({"message": "User deleted"})),
    Unauthorized, Unavailable,
))]
async fn delete_current_user(State(app): State<AppState>, user: CurrentUser) -> Result<Json<Message>, HttpError> {
    service::delete_account(&app, &user).await?;
    Ok(Json(Message::new("User deleted")))
}

/// Everything that is kept about oneself, as one JSON object.
///
/// Profile, presence and wallet; then lists: logins, calls, transactions, payments, withdrawals, ratings given and received, audio samples, favorites,
/// blocks and the reports that one has made. Streamed: read it to its end, where a broken answer is no export. At most 3 an hour.
#[utoipa::path(get, path = "/users/me/export", tag = "User Management", security(("bearer" = [])), responses(
    (status = 200, description = "The export", content_type = "application/json", body = Object, example = json!({
        "exported_at": "2024-01-15T10:30:00Z", "profile": {"user_id": 123, "username": "alice"},
        "presence": {"is_online": true}, "wallet": {"balance_coins": 500}, "logins": [], "calls": [],
        "transactions": [], "payments": [], "withdrawals": [], "ratings_given": [], "ratings_received": [], "samples": [], "favorites": [], "blocks": [], "reports": []
    })),
    Unauthorized, Limited, Unavailable,
))]
async fn export_current_user(State(app): State<AppState>, user: CurrentUser) -> Result<Response, HttpError> {
    let body = export::export(&app, user.id).await?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"saathii-export.json\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, body).into_response())
}

/// Suspend somebody; of somebody who is suspended, change why and until when.
///
/// Ends every login, closes every socket, ends their call, and keeps them from signing in, from the feed and from calls.
/// Admins are not suspended, nor is oneself.
#[utoipa::path(post, path = "/admin/users/{user_id}/suspend", request_body = SuspendRequest, tag = "Admin - Moderation", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "Whom", example = 456)), responses(
    (status = 200, description = "Suspended", body = SuspensionState),
    (status = 400, description = "Oneself", body = ApiError, example = json!({"detail": "You cannot suspend yourself", "code": "own_account"})),
    (status = 403, description = "Not an admin, or the other is one", body = ApiError, example = json!({"detail": "Admins cannot be suspended", "code": "forbidden"})),
    (status = 404, description = "No such user", body = ApiError, example = json!({"detail": "User not found", "code": "not_found"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn suspend_user(
    State(app): State<AppState>,
    action: AdminAction,
    Path(user): Path<UserId>,
    Json(request): Json<SuspendRequest>,
) -> Result<Json<SuspensionState>, HttpError> {
    Ok(Json(suspension::suspend(&app, &action, user, &request).await?))
}

/// Lift a suspension; of somebody who is not suspended, change nothing.
#[utoipa::path(post, path = "/admin/users/{user_id}/reinstate", tag = "Admin - Moderation", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "Whom", example = 456)), responses(
    (status = 200, description = "Not suspended", body = SuspensionState, example = json!({"user_id": 456, "is_suspended": false, "suspended_at": null, "suspended_until": null, "reason": null})),
    (status = 404, description = "No such user", body = ApiError, example = json!({"detail": "User not found", "code": "not_found"})),
    InvalidInput, Unauthorized, AdminsOnly, Unavailable,
))]
async fn reinstate_user(
    State(app): State<AppState>,
    action: AdminAction,
    Path(user): Path<UserId>,
) -> Result<Json<SuspensionState>, HttpError> {
    Ok(Json(suspension::reinstate(&app, &action, user).await?))
}
