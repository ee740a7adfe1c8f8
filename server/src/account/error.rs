use axum::http::StatusCode;
use saathii_shared_types::ErrorCode;

use crate::{auth, http::HttpError, presence};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such user")]
    NotFound,
    #[error("nobody suspends themselves")]
    OwnAccount,
    #[error("admins are not suspended")]
    IsAdmin,
    #[error("not 1 to 500 characters")]
    InvalidReason,
    #[error("a suspension that ends before it begins")]
    UntilPast,
    #[error("too many exports")]
    RateLimited { retry_after: u64 },
    #[error(transparent)]
    Auth(#[from] auth::Error),
    #[error(transparent)]
    Presence(#[from] presence::Error),
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "User not found"),
            Error::OwnAccount => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::OwnAccount, "You cannot suspend yourself")
            }
            Error::IsAdmin => Self::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, "Admins cannot be suspended"),
            Error::InvalidReason => Self::field("reason", "must be 1 to 500 characters without control characters"),
            Error::UntilPast => Self::field("until", "must be a later time of a four-digit year"),
            Error::RateLimited { retry_after } => auth::Error::RateLimited { retry_after }.into(),
            Error::Auth(error) => error.into(),
            Error::Presence(error) => error.into(),
            Error::Redis(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
