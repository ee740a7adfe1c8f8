//! `Idempotency-Key`: a money POST that is sent again is answered again, and done once.
//!
//! Owns `idempotency_keys`. The key is a row of the transaction that does the work, so that after a crash either both
//! are there or neither. Only successes are kept: a refusal has changed nothing, and may be tried again.

mod store;

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use saathii_shared_types::{ErrorCode, FieldError, UserId};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{HttpError, extract::parse_json};
use crate::state::AppState;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const LONGEST: usize = 255;

/// How long an answer can be had again.
const KEPT: TimeDelta = TimeDelta::days(7);
const SWEEP_EVERY: Duration = Duration::from_hours(1);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the key was used for another request")]
    Reused,
    #[error("the first request with this key is not finished")]
    InProgress,
    #[error("the answer cannot be kept: {0}")]
    Encoding(#[from] serde_json::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        match error {
            Error::Reused => {
                let detail = "This Idempotency-Key was used for another request";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::IdempotencyKeyReused, detail)
            }
            Error::InProgress => {
                let detail = "The first request with this Idempotency-Key is not finished";
                Self::new(StatusCode::CONFLICT, ErrorCode::IdempotencyInProgress, detail).retry_after(1)
            }
            Error::Encoding(error) => Self::internal(error),
            Error::Database(error) => error.into(),
        }
    }
}

/// The key of a request, if it bears one, and what the request is.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: Option<String>,
    request_hash: [u8; 32],
}

/// A JSON body and the request's key.
pub struct Once<T> {
    pub body: T,
    pub key: IdempotencyKey,
}

/// An answer that is new, or the very bytes of an earlier one.
#[derive(Debug)]
pub enum Answer<T> {
    New(T),
    /// New, and not simply 200.
    NewAs(StatusCode, T),
    Replayed(Kept),
}

/// An answer as it was given.
#[derive(Debug)]
pub struct Kept {
    status: StatusCode,
    body: Vec<u8>,
}

impl IdempotencyKey {
    /// Of a request that bears none.
    pub fn none() -> Self {
        Self { key: None, request_hash: [0; 32] }
    }

    fn read(parts: &Parts, body: &[u8]) -> Result<Self, HttpError> {
        let key = match parts.headers.get(HEADER) {
            None => None,
            Some(value) => Some(parse(value).ok_or_else(|| {
                HttpError::fields(vec![FieldError {
                    loc: vec!["header".to_owned(), "Idempotency-Key".to_owned()],
                    msg: "must be 1 to 255 visible ASCII characters".to_owned(),
                    kind: "value_error".to_owned(),
                }])
            })?),
        };
        Ok(Self { key, request_hash: hash(&parts.method, parts.uri.path(), body) })
    }

    /// The earlier answer to this request, before anything is done. Without one, whoever sends the same key now waits
    /// for nothing and is told that the first is in progress.
    pub async fn claim(&self, db: &mut PgConnection, user: UserId) -> Result<Option<Kept>, Error> {
        let Some(key) = &self.key else { return Ok(None) };
        if !store::try_lock(db, user, key).await? {
            return Err(Error::InProgress);
        }
        let Some(kept) = store::find(db, user, key).await? else { return Ok(None) };
        if kept.request_hash != self.request_hash {
            return Err(Error::Reused);
        }
        let status = u16::try_from(kept.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        Ok(Some(Kept { status: status.unwrap_or_default(), body: kept.body }))
    }

    /// Keeps the answer in the transaction that did the work.
    pub async fn keep(
        &self,
        db: &mut PgConnection,
        user: UserId,
        answer: &impl Serialize,
        app: &AppState,
    ) -> Result<(), Error> {
        self.keep_as(db, user, StatusCode::OK, answer, app).await
    }

    /// As [`keep`](Self::keep), for an answer of another status.
    pub async fn keep_as(
        &self,
        db: &mut PgConnection,
        user: UserId,
        status: StatusCode,
        answer: &impl Serialize,
        app: &AppState,
    ) -> Result<(), Error> {
        let Some(key) = &self.key else { return Ok(()) };
        let body = serde_json::to_vec(answer)?;
        store::insert(db, user, key, &self.request_hash, status.as_u16(), &body, app.clock.now()).await?;
        Ok(())
    }
}

fn parse(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim();
    let is_good = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_good.then(|| text.to_owned())
}

fn hash(method: &Method, path: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    // Neither a method nor a path contains a space.
    hash.update(format!("{method} {path} "));
    hash.update(body);
    hash.finalize().into()
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpError> {
        Self::read(parts, &[])
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Once<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers.clone();
        let request = Request::from_parts(parts.clone(), body);
        let bytes: Bytes = super::extract::body_bytes(request, state).await?;
        Ok(Self { body: parse_json(&headers, &bytes)?, key: IdempotencyKey::read(&parts, &bytes)? })
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match self {
            Self::New(answer) => axum::Json(answer).into_response(),
            Self::NewAs(status, answer) => (status, axum::Json(answer)).into_response(),
            Self::Replayed(Kept { status, body }) => {
                let headers = [
                    (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
                    (REPLAYED, HeaderValue::from_static("true")),
                ];
                (status, headers, body).into_response()
            }
        }
    }
}

/// Forgets old answers for ever; any number of nodes may do so at once.
pub async fn run_janitor(app: &AppState) {
    let mut interval = tokio::time::interval(SWEEP_EVERY);
    loop {
        interval.tick().await;
        if let Err(error) = forget_old(app).await {
            tracing::warn!(%error, "old answers could not be deleted");
        }
    }
}

async fn forget_old(app: &AppState) -> Result<(), sqlx::Error> {
    let before = app.clock.now() - KEPT;
    let mut db = app.db.acquire().await?;
    while store::delete_old(&mut db, before).await? > 0 {}
    Ok(())
}
