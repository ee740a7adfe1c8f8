use axum::extract::State;
use saathii_shared_types::{
    ApiError, ReportId,
    reports::{Report, ReportPage, ReportReceived, ReportRequest, ResolveReport},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{query::ReportQuery, service};
use crate::{
    audit::AdminAction,
    auth::{Admin, CurrentUser},
    http::{
        HttpError, Json, Paging, Path, Query,
        docs::{AdminsOnly, InvalidInput, Limited, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(report_user)).routes(routes!(list_reports)).routes(routes!(resolve_report))
}

/// Tell the moderators about somebody.
///
/// A call with them may be named as evidence. The same again, while nobody has looked, is the same report. At most 20 an
/// hour.
#[utoipa::path(post, path = "/reports", request_body = ReportRequest, tag = "Favorites & Blocking", security(("bearer" = [])), responses(
    (status = 200, description = "Received", body = ReportReceived),
    (status = 400, description = "Oneself", body = ApiError, example = json!({"detail": "You cannot report yourself", "code": "own_account"})),
    (status = 404, description = "No such user, or no call with them", body = ApiError, example = json!({"detail": "Call not found", "code": "not_found"})),
    InvalidInput, Unauthorized, Limited, Unavailable,
))]
async fn report_user(
    State(app): State<AppState>,
    user: CurrentUser,
    Json(request): Json<ReportRequest>,
) -> Result<Json<ReportReceived>, HttpError> {
    Ok(Json(service::report(&app, user.id, &request).await?))
}

/// The moderators' queue, the oldest first.
#[utoipa::path(get, path = "/admin/reports", tag = "Admin - Moderation", security(("bearer" = [])), params(Paging, ReportQuery), responses(
    (status = 200, description = "A page of reports", body = ReportPage),
    InvalidInput, Unauthorized, AdminsOnly, Unavailable,
))]
async fn list_reports(
    State(app): State<AppState>,
    _: Admin,
    Query(paging): Query<Paging>,
    Query(query): Query<ReportQuery>,
) -> Result<Json<ReportPage>, HttpError> {
    Ok(Json(service::list(&app, query.status, paging).await?))
}

/// Decide on a report, once.
///
/// Another moderator decides where one is the reporter or the reported.
#[utoipa::path(post, path = "/admin/reports/{report_id}/resolve", request_body = ResolveReport, tag = "Admin - Moderation", security(("bearer" = [])),
    params(("report_id" = i64, Path, description = "Which", example = 12)), responses(
    (status = 200, description = "Decided", body = Report),
    (status = 403, description = "Not an admin, or one's own report", body = ApiError, example = json!({"detail": "Not allowed for your role", "code": "forbidden"})),
    (status = 404, description = "No such report", body = ApiError, example = json!({"detail": "Report not found", "code": "not_found"})),
    (status = 409, description = "Decided already", body = ApiError, example = json!({"detail": "Report already decided", "code": "report_decided"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn resolve_report(
    State(app): State<AppState>,
    action: AdminAction,
    Path(report): Path<ReportId>,
    Json(request): Json<ResolveReport>,
) -> Result<Json<Report>, HttpError> {
    Ok(Json(service::resolve(&app, &action, report, &request).await?))
}
