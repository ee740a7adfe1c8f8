//! Who is asking: tokens checked, roles as types.

use std::{sync::LazyLock, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use chrono::{DateTime, TimeDelta, Utc};
use redis::Script;
use saathii_shared_types::{SessionId, UserId, users::Role};

use super::Error;
use crate::{http::HttpError, realtime::SessionsEnded, state::AppState, users};

/// Somebody signed in, of any role.
#[derive(Debug, Clone)]
pub struct CurrentUser {
    pub id: UserId,
    pub session: SessionId,
    pub roles: Vec<Role>,
    /// When the token ends; a socket outlives it only if the session was refreshed.
    pub expires_at: DateTime<Utc>,
}

/// Somebody signed in who holds the role listener.
#[derive(Debug, Clone)]
pub struct Listener(pub CurrentUser);

/// Somebody signed in who holds the role admin.
#[derive(Debug, Clone)]
pub struct Admin(pub CurrentUser);

impl CurrentUser {
    /// Checks a token: its signature and kind, then that nothing has ended it since.
    pub async fn authenticate(app: &AppState, token: &str) -> Result<Self, Error> {
        let claims = app.signer.verify_access(token, app.clock.now())?;
        if access_version(app, claims.sub, claims.ver).await? != Some(claims.ver) {
            return Err(Error::SessionEnded);
        }
        tracing::Span::current().record("user.id", claims.sub.0);
        let expires_at = DateTime::from_timestamp(claims.exp, 0).unwrap_or_default();
        Ok(Self { id: claims.sub, session: claims.sid, roles: claims.roles, expires_at })
    }

    fn require(self, role: Role) -> Result<Self, Error> {
        if self.roles.contains(&role) { Ok(self) } else { Err(Error::WrongRole) }
    }
}

impl FromRequestParts<AppState> for CurrentUser {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, HttpError> {
        let token = token_in(&parts.headers).ok_or(Error::MissingToken)?;
        Ok(Self::authenticate(app, token).await?)
    }
}

impl FromRequestParts<AppState> for Listener {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, HttpError> {
        let user = CurrentUser::from_request_parts(parts, app).await?;
        Ok(Self(user.require(Role::Listener)?))
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, HttpError> {
        let user = CurrentUser::from_request_parts(parts, app).await?;
        Ok(Self(user.require(Role::Admin)?))
    }
}

/// The bearer token of the `Authorization` header.
pub fn token_in(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

const CACHED_FOR: TimeDelta = TimeDelta::minutes(10);

// Versions only grow, so that a slow reader of Postgres never overwrites what a logout has just written.
static RAISE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local known = tonumber(redis.call('GET', KEYS[1]) or '0')
        if tonumber(ARGV[1]) >= known then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
        return 1
        ",
    )
});

/// The user's access version: Redis's, unless the token has seen a newer one. `None`: there is no such user.
async fn access_version(app: &AppState, user: UserId, token_version: i32) -> Result<Option<i32>, Error> {
    let cached: Option<i32> = app.redis.query(&redis::Cmd::get(access_key(app, user))).await?;
    if let Some(version) = cached.filter(|version| *version >= token_version) {
        return Ok(Some(version));
    }
    let mut db = app.db.acquire().await?;
    let Some(standing) = users::standing(&mut db, user).await? else { return Ok(None) };
    raise(app, user, standing.access_version).await?;
    Ok(Some(standing.access_version))
}

async fn raise(app: &AppState, user: UserId, version: i32) -> Result<(), redis::RedisError> {
    let args = [i64::from(version), CACHED_FOR.num_milliseconds()];
    app.redis.script(&RAISE, &[access_key(app, user)], &args).await
}

fn access_key(app: &AppState, user: UserId) -> String {
    app.redis.key("access", user)
}

/// After the commit that raised `user`'s access version: older tokens die on every node, and with `ended` the
/// sockets of those logins close. Where Redis is away this fails, and goes on trying until it is done.
pub async fn announce_access_change(
    app: &AppState,
    user: UserId,
    version: i32,
    ended: Option<SessionsEnded>,
) -> Result<(), redis::RedisError> {
    let told = tell(app, user, version, ended).await;
    if told.is_err() {
        let app = app.clone();
        tokio::spawn(async move {
            while tell(&app, user, version, ended).await.is_err() && !app.shutdown.is_cancelled() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
    }
    told
}

async fn tell(
    app: &AppState,
    user: UserId,
    version: i32,
    ended: Option<SessionsEnded>,
) -> Result<(), redis::RedisError> {
    raise(app, user, version).await?;
    match ended {
        Some(ended) => app.bus.end_sessions(&app.redis, &ended).await,
        None => Ok(()),
    }
}
