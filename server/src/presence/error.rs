use axum::http::StatusCode;
use saathii_shared_types::ErrorCode;

use crate::http::HttpError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such user")]
    NotFound,
    #[error("no time that RFC 3339 can say")]
    InvalidBusyUntil,
    #[error("the heartbeat was not recorded: {0}")]
    NotRecorded(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "User not found"),
            Error::InvalidBusyUntil => Self::field("busy_until", "must be a time of a four-digit year"),
            Error::NotRecorded(cause) => Self::unavailable(cause),
            Error::Database(error) => error.into(),
        }
    }
}
