use axum::extract::State;
use saathii_shared_types::Message;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::service;
use crate::{
    auth::CurrentUser,
    http::{
        HttpError, Json,
        docs::{Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(delete_current_user))
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
