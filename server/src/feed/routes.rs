use axum::extract::State;
use saathii_shared_types::feed::{FeedPage, FeedStats};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{query::FeedQuery, service};
use crate::{
    auth::CurrentUser,
    http::{
        HttpError, Json, Query,
        docs::{InvalidInput, Unauthorized, Unavailable},
        extract::Paging,
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_listeners)).routes(routes!(get_feed_stats))
}

/// Listeners to call.
///
/// Available first, then online, then by rating, then by id. The counts are of the listeners that match the filters.
/// Only verified listeners are listed, unless the server says `LISTENER_VERIFICATION=optional`. Nobody across a block is
/// listed or counted.
#[utoipa::path(get, path = "/feed/listeners", tag = "User Management", security(("bearer" = [])), params(FeedQuery, Paging), responses(
    (status = 200, description = "A page", body = FeedPage),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_listeners(
    State(app): State<AppState>,
    viewer: CurrentUser,
    Query(query): Query<FeedQuery>,
    Query(paging): Query<Paging>,
) -> Result<Json<FeedPage>, HttpError> {
    Ok(Json(service::list_listeners(&app, viewer.id, &query, paging).await?))
}

/// How many listeners there are.
#[utoipa::path(get, path = "/feed/stats", tag = "User Management", security(("bearer" = [])), responses(
    (status = 200, description = "The numbers", body = FeedStats),
    Unauthorized, Unavailable,
))]
async fn get_feed_stats(State(app): State<AppState>, viewer: CurrentUser) -> Result<Json<FeedStats>, HttpError> {
    Ok(Json(service::get_stats_for(&app, viewer.id).await?))
}
