use axum::extract::State;
use saathii_shared_types::{
    ApiError, CallId,
    calls::{CallRated, RateCall},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::service;
use crate::{
    auth::CurrentUser,
    http::{
        HttpError, Json, Path,
        docs::{InvalidInput, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(rate_call))
}

/// Rate a call that one has made, once, after its end.
#[utoipa::path(post, path = "/calls/{call_id}/rating", request_body = RateCall, tag = "Call Management", security(("bearer" = [])),
    params(("call_id" = i64, Path, description = "Which", example = 456)), responses(
    (status = 200, description = "Recorded", body = CallRated),
    (status = 404, description = "No call that one has made", body = ApiError, example = json!({"detail": "Call not found", "code": "not_found"})),
    (status = 409, description = "The call goes on, or was rated", body = ApiError, example = json!({"detail": "Call already rated", "code": "already_rated"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn rate_call(
    State(app): State<AppState>,
    user: CurrentUser,
    Path(call): Path<CallId>,
    Json(request): Json<RateCall>,
) -> Result<Json<CallRated>, HttpError> {
    Ok(Json(service::rate_call(&app, user.id, call, request).await?))
}
