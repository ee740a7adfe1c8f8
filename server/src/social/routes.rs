use axum::extract::State;
use saathii_shared_types::{
    ApiError, UserId,
    social::{BlockRequest, BlockState, BlockedPage, FavoritePage, FavoriteRequest, FavoriteState, UnblockRequest},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{blocks, favorites};
use crate::{
    auth::CurrentUser,
    http::{
        HttpError, Json, Paging, Path, Query,
        docs::{InvalidInput, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(add_favorite))
        .routes(routes!(remove_favorite))
        .routes(routes!(list_favorites))
        .routes(routes!(check_favorite))
        .routes(routes!(block_user, unblock_user))
        .routes(routes!(list_blocked_users))
        .routes(routes!(check_block))
}

/// Add a listener to one's favorites; twice is as good as once.
#[utoipa::path(post, path = "/favorites/add", request_body = FavoriteRequest, tag = "Favorites & Blocking", security(("bearer" = [])), responses(
    (status = 200, description = "A favorite", body = FavoriteState),
    (status = 400, description = "Oneself", body = ApiError, example = json!({"detail": "You cannot add yourself to favorites", "code": "own_account"})),
    (status = 403, description = "One has blocked the other", body = ApiError, example = json!({"detail": "One of you has blocked the other", "code": "blocked"})),
    (status = 404, description = "No such listener", body = ApiError, example = json!({"detail": "Listener not found", "code": "listener_not_found"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn add_favorite(
    State(app): State<AppState>,
    user: CurrentUser,
    Json(FavoriteRequest { listener_id }): Json<FavoriteRequest>,
) -> Result<Json<FavoriteState>, HttpError> {
    favorites::add_favorite(&app, user.id, listener_id).await?;
    Ok(favorite("Added to favorites", listener_id, true))
}

/// Take a listener out of one's favorites; twice is as good as once.
#[utoipa::path(delete, path = "/favorites/remove", request_body = FavoriteRequest, tag = "Favorites & Blocking", security(("bearer" = [])), responses(
    (status = 200, description = "No favorite", body = FavoriteState, example = json!({"success": true, "message": "Removed from favorites", "listener_id": 123, "is_favorited": false})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn remove_favorite(
    State(app): State<AppState>,
    user: CurrentUser,
    Json(FavoriteRequest { listener_id }): Json<FavoriteRequest>,
) -> Result<Json<FavoriteState>, HttpError> {
    favorites::remove_favorite(&app, user.id, listener_id).await?;
    Ok(favorite("Removed from favorites", listener_id, false))
}

/// One's favorites, the latest first.
///
/// Without those who are no listeners any more, suspended, or across a block.
#[utoipa::path(get, path = "/favorites", tag = "Favorites & Blocking", security(("bearer" = [])), params(Paging), responses(
    (status = 200, description = "A page of favorites", body = FavoritePage),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_favorites(
    State(app): State<AppState>,
    user: CurrentUser,
    Query(paging): Query<Paging>,
) -> Result<Json<FavoritePage>, HttpError> {
    Ok(Json(favorites::list_favorites(&app, user.id, paging).await?))
}

/// Whether a listener is among one's favorites.
#[utoipa::path(get, path = "/favorites/check/{listener_id}", tag = "Favorites & Blocking", security(("bearer" = [])),
    params(("listener_id" = i64, Path, description = "Which", example = 123)), responses(
    (status = 200, description = "Whether", body = FavoriteState),
    (status = 404, description = "No such user", body = ApiError, example = json!({"detail": "Listener not found", "code": "listener_not_found"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn check_favorite(
    State(app): State<AppState>,
    user: CurrentUser,
    Path(listener): Path<UserId>,
) -> Result<Json<FavoriteState>, HttpError> {
    let is_favorited = favorites::is_favorite(&app, user.id, listener).await?;
    let message = if is_favorited { "Listener is a favorite" } else { "Listener is not a favorite" };
    Ok(favorite(message, listener, is_favorited))
}

/// Block somebody; twice is as good as once.
///
/// Works both ways: neither sees or calls the other any more, and a call that they are in ends. Open sockets of both hear
/// within a second that the other went offline, and then nothing.
#[utoipa::path(post, path = "/block", request_body = BlockRequest, tag = "Favorites & Blocking", security(("bearer" = [])), responses(
    (status = 200, description = "Blocked", body = BlockState),
    (status = 400, description = "Oneself", body = ApiError, example = json!({"detail": "You cannot block yourself", "code": "own_account"})),
    (status = 404, description = "No such user", body = ApiError, example = json!({"detail": "User not found", "code": "not_found"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn block_user(
    State(app): State<AppState>,
    user: CurrentUser,
    Json(BlockRequest { blocked_id, reason }): Json<BlockRequest>,
) -> Result<Json<BlockState>, HttpError> {
    blocks::block(&app, user.id, blocked_id, reason.as_deref()).await?;
    Ok(block("User blocked", blocked_id, true))
}

/// Block somebody no longer; twice is as good as once.
///
/// Unless the other blocks oneself, open sockets of both hear how the other is.
#[utoipa::path(delete, path = "/block", request_body = UnblockRequest, tag = "Favorites & Blocking", security(("bearer" = [])), responses(
    (status = 200, description = "Not blocked", body = BlockState, example = json!({"success": true, "message": "User unblocked", "blocked_id": 456, "is_blocked": false})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn unblock_user(
    State(app): State<AppState>,
    user: CurrentUser,
    Json(UnblockRequest { blocked_id }): Json<UnblockRequest>,
) -> Result<Json<BlockState>, HttpError> {
    blocks::unblock(&app, user.id, blocked_id).await?;
    Ok(block("User unblocked", blocked_id, false))
}

/// Whom one blocks, the latest first.
#[utoipa::path(get, path = "/blocked", tag = "Favorites & Blocking", security(("bearer" = [])), params(Paging), responses(
    (status = 200, description = "A page of them", body = BlockedPage),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_blocked_users(
    State(app): State<AppState>,
    user: CurrentUser,
    Query(paging): Query<Paging>,
) -> Result<Json<BlockedPage>, HttpError> {
    Ok(Json(blocks::list_blocked(&app, user.id, paging).await?))
}

/// Whether one blocks somebody; whether they block oneself is not told.
#[utoipa::path(get, path = "/block/check/{user_id}", tag = "Favorites & Blocking", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "Whom", example = 456)), responses(
    (status = 200, description = "Whether", body = BlockState),
    (status = 404, description = "No such user", body = ApiError, example = json!({"detail": "User not found", "code": "not_found"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn check_block(
    State(app): State<AppState>,
    user: CurrentUser,
    Path(other): Path<UserId>,
) -> Result<Json<BlockState>, HttpError> {
    let is_blocked = blocks::is_blocked(&app, user.id, other).await?;
    let message = if is_blocked { "User is blocked" } else { "User is not blocked" };
    Ok(block(message, other, is_blocked))
}

fn favorite(message: &str, listener_id: UserId, is_favorited: bool) -> Json<FavoriteState> {
    Json(FavoriteState { success: true, message: message.to_owned(), listener_id, is_favorited })
}

fn block(message: &str, blocked_id: UserId, is_blocked: bool) -> Json<BlockState> {
    Json(BlockState { success: true, message: message.to_owned(), blocked_id, is_blocked })
}
