//! `/ws/feed` and `/ws/presence` (contract §WebSocket).

use axum::{
    extract::{FromRequestParts, State, WebSocketUpgrade},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::Response,
};
use chrono::{DateTime, TimeDelta, Utc};
use saathii_shared_types::{ErrorCode, SessionId, events::Topic};
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::{self, CurrentUser, token_in},
    http::{
        HttpError, Query, cors,
        docs::{Handshake, Unauthorized, Unavailable},
    },
    realtime::{self, Credentials},
    state::AppState,
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(connect_feed)).routes(routes!(connect_presence))
}

/// Listeners' changes, live.
///
/// Authenticate by `?token=`, by `Authorization: Bearer`, or by `Sec-WebSocket-Protocol: bearer, <token>`.
/// The first frame is `connection_established`, then a `user_status_update` per change; `ping` is answered by `pong`.
/// A `subscribe` with `user_ids`, `batch_ms` or `resume` narrows, batches and resumes (see `ClientMessage` and
/// `ServerEvent`). Nobody is shown across a block: when one begins, the other goes offline in a last frame; when the last
/// one ends, a frame tells how the other is. These two bear no offset. Closes with 4401 when the login ends, 4402 when the token expires unrefreshed, 4408 for a reader
/// too slow to follow (resume), 1012 when this server goes down (reconnect), 1013 when it was not ready (try again), 1003, 1007, 1008 and 1009 for binary,
/// broken, too many and too large messages.
#[utoipa::path(get, path = "/ws/feed", tag = "WebSocket", params(("token" = Option<String>, Query, description = "Access token")),
    responses(Handshake, Unauthorized, Unavailable))]
async fn connect_feed(State(app): State<AppState>, socket: Socket) -> Response {
    socket.serve(app, Topic::Feed)
}

/// Everybody's changes, live.
///
/// As `/ws/feed`, for all users; and what concerns oneself alone comes here, on every socket of one's own, whatever
/// `subscribe` narrowed it to: `call_started`, `call_minute`, `call_low_balance`, `call_ended`, `wallet_updated` and
/// `verification_reviewed`. These bear no offset and are not resumed: after a reconnect or `resync` read calls and
/// wallet over HTTP.
#[utoipa::path(get, path = "/ws/presence", tag = "WebSocket", params(("token" = Option<String>, Query, description = "Access token")),
    responses(Handshake, Unauthorized, Unavailable))]
async fn connect_presence(State(app): State<AppState>, socket: Socket) -> Response {
    socket.serve(app, Topic::Presence)
}

/// A handshake whose origin and token are good.
struct Socket {
    upgrade: WebSocketUpgrade,
    user: CurrentUser,
}

#[derive(Deserialize)]
struct TokenQuery {
    token: Option<String>,
}

impl FromRequestParts<AppState> for Socket {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, HttpError> {
        check_origin(&parts.headers, app)?;
        let query = Query::<TokenQuery>::from_request_parts(parts, app).await?.0;
        let offered = parts.headers.get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
        let token = token_in(&parts.headers).or_else(|| protocol_token(offered?)).or(query.token.as_deref());
        let user = CurrentUser::authenticate(app, token.ok_or(auth::Error::MissingToken)?).await?;
        let upgrade = WebSocketUpgrade::from_request_parts(parts, app).await.map_err(|rejection| {
            let detail = "Open this address as a WebSocket";
            HttpError::new(StatusCode::BAD_REQUEST, ErrorCode::ValidationError, detail).caused_by(rejection)
        })?;
        Ok(Self { upgrade, user })
    }
}

impl Socket {
    fn serve(self, app: AppState, topic: Topic) -> Response {
        let CurrentUser { id, session, expires_at, .. } = self.user;
        realtime::handshake(self.upgrade).on_upgrade(move |socket| {
            let credentials = Credentials { user: id, session, expires_at };
            let (hub, clock) = (app.hub.clone(), app.clock.clone());
            // Boxed: what a socket asks once in half an hour must not make every idle one four times as large.
            let renewed = move || Box::pin(newest_token_end(app.clone(), session));
            realtime::run(hub, clock, socket, topic, credentials, renewed)
        })
    }
}

async fn newest_token_end(app: AppState, session: SessionId) -> Option<DateTime<Utc>> {
    auth::session_deadline(&app, session).await.unwrap_or_else(|error| {
        // Nobody is thrown out because Postgres is away for a moment.
        tracing::warn!(%error, "a socket's login could not be checked");
        Some(app.clock.now() + TimeDelta::seconds(30))
    })
}

/// A page of another site must not use what its visitor is signed in to; apps send no origin or the server's own.
fn check_origin(headers: &HeaderMap, app: &AppState) -> Result<(), HttpError> {
    let Some(origin) = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let is_own = origin.split_once("://").map(|(_, authority)| authority) == host;
    if is_own || cors::is_allowed(&app.config, origin) {
        return Ok(());
    }
    Err(HttpError::new(StatusCode::FORBIDDEN, ErrorCode::OriginNotAllowed, "Origin not allowed"))
}

/// `bearer, <token>`: the way of browsers that put no token into an address.
fn protocol_token(offered: &str) -> Option<&str> {
    let mut protocols = offered.split(',').map(str::trim);
    (protocols.next()? == "bearer").then(|| protocols.next()).flatten()
}
