use axum::http::StatusCode;
use saathii_shared_types::ErrorCode;

use crate::http::HttpError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not 1 to 5")]
    OutOfRange,
    #[error("no such call of this caller")]
    NotFound,
    #[error("the call goes on")]
    Ongoing,
    #[error("the call was rated")]
    AlreadyRated,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        match error {
            Error::OutOfRange => Self::field("rating", "must be 1 to 5"),
            Error::NotFound => Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Call not found"),
            Error::Ongoing => Self::new(StatusCode::CONFLICT, ErrorCode::CallOngoing, "The call has not ended"),
            Error::AlreadyRated => Self::new(StatusCode::CONFLICT, ErrorCode::AlreadyRated, "Call already rated"),
            Error::Database(error) => error.into(),
        }
    }
}
