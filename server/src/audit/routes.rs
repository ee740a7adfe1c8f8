use axum::extract::State;
use saathii_shared_types::audit::AuditPage;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{query::AuditQuery, service};
use crate::{
    auth::Admin,
    http::{
        HttpError, Json, Paging, Query,
        docs::{AdminsOnly, InvalidInput, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit_entries))
}

/// What was done by the power of a role, the newest first.
#[utoipa::path(get, path = "/admin/audit", tag = "Admin - Moderation", security(("bearer" = [])), params(Paging, AuditQuery), responses(
    (status = 200, description = "A page of the record", body = AuditPage),
    InvalidInput, Unauthorized, AdminsOnly, Unavailable,
))]
async fn list_audit_entries(
    State(app): State<AppState>,
    _: Admin,
    Query(paging): Query<Paging>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditPage>, HttpError> {
    Ok(Json(service::list_entries(&app, &query, paging).await?))
}
