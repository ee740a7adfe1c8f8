use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use saathii_shared_types::ErrorCode;

use crate::{http::HttpError, infra::seal::SealError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("wrong, used or expired code")]
    WrongCode,
    #[error("too many wrong codes")]
    Locked { until: DateTime<Utc> },
    #[error("no second factor, or none that waits to be confirmed")]
    NotEnrolled,
    #[error("there is a second factor already")]
    Enrolled,
    #[error("the account is gone")]
    AccountGone,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Of what the dashboard's forms do not answer themselves.
impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let refuse = |status, code, detail| Self::new(status, code, detail);
        match error {
            Error::WrongCode => refuse(StatusCode::FORBIDDEN, ErrorCode::InvalidOtp, "Wrong code"),
            Error::Locked { .. } => {
                refuse(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, "Too many wrong codes")
            }
            Error::NotEnrolled => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "No second factor"),
            Error::Enrolled => refuse(StatusCode::CONFLICT, ErrorCode::ValidationError, "There is one already"),
            Error::AccountGone => crate::auth::Error::SessionEnded.into(),
            Error::Seal(error) => Self::internal(error),
            Error::Database(error) => error.into(),
        }
    }
}
