use axum::http::StatusCode;
use saathii_shared_types::ErrorCode;

use crate::http::HttpError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("nobody is their own favorite")]
    OwnFavorite,
    #[error("nobody blocks themselves")]
    OwnBlock,
    #[error("no such listener")]
    ListenerNotFound,
    #[error("no such user")]
    NotFound,
    #[error("one has blocked the other")]
    Blocked,
    #[error("the reason is too long or has control characters")]
    InvalidReason,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let refuse = |status, code, detail: &str| Self::new(status, code, detail);
        match error {
            Error::OwnFavorite => {
                refuse(StatusCode::BAD_REQUEST, ErrorCode::OwnAccount, "You cannot add yourself to favorites")
            }
            Error::OwnBlock => refuse(StatusCode::BAD_REQUEST, ErrorCode::OwnAccount, "You cannot block yourself"),
            Error::ListenerNotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::ListenerNotFound, "Listener not found"),
            Error::NotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "User not found"),
            Error::Blocked => refuse(StatusCode::FORBIDDEN, ErrorCode::Blocked, "One of you has blocked the other"),
            Error::InvalidReason => Self::field("reason", "must be at most 500 characters without control characters"),
            Error::Database(error) => error.into(),
        }
    }
}
