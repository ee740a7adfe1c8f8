use axum::http::StatusCode;
use saathii_shared_types::ErrorCode;

use crate::{auth, http::HttpError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("nobody reports themselves")]
    OwnAccount,
    #[error("no such user")]
    UserNotFound,
    #[error("no call between the two")]
    CallNotFound,
    #[error("not 1 to 1000 characters")]
    InvalidReason,
    #[error("more than 1000 characters")]
    InvalidRemarks,
    #[error("no such report")]
    NotFound,
    #[error("the report is decided")]
    Decided,
    #[error("the report is about or by the moderator")]
    OwnReport,
    #[error("too many reports")]
    RateLimited { retry_after: u64 },
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let refuse = |status, code, detail: &str| Self::new(status, code, detail);
        match error {
            Error::OwnAccount => refuse(StatusCode::BAD_REQUEST, ErrorCode::OwnAccount, "You cannot report yourself"),
            Error::UserNotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "User not found"),
            Error::CallNotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Call not found"),
            Error::InvalidReason => Self::field("reason", "must be 1 to 1000 characters without control characters"),
            Error::InvalidRemarks => {
                Self::field("remarks", "must be at most 1000 characters without control characters")
            }
            Error::NotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Report not found"),
            Error::Decided => refuse(StatusCode::CONFLICT, ErrorCode::ReportDecided, "Report already decided"),
            Error::OwnReport => {
                refuse(StatusCode::FORBIDDEN, ErrorCode::Forbidden, "Another moderator decides on your own reports")
            }
            Error::RateLimited { retry_after } => auth::Error::RateLimited { retry_after }.into(),
            Error::Redis(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
