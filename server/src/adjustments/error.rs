use axum::http::StatusCode;
use saathii_shared_types::ErrorCode;

use crate::http::HttpError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("nothing, or more than may be adjusted at once")]
    InvalidAmount,
    #[error("not 1 to 500 characters")]
    InvalidReason,
    #[error("no such adjustment, or no such user")]
    NotFound,
    #[error("one's own wallet")]
    Own,
    #[error("the one who asked does not apply so much")]
    SecondAdminRequired,
    #[error("the adjustment is decided")]
    Decided,
    #[error("less is there than is to be taken")]
    NotEnough,
    #[error("the admin's account is gone")]
    AccountGone,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Of what the dashboard's forms do not answer themselves.
impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let refuse = |status, code, detail: &str| Self::new(status, code, detail);
        match error {
            Error::InvalidAmount => Self::field("amount", "must not be 0 and at most 1000000000"),
            Error::InvalidReason => Self::field("reason", "must be 1 to 500 characters without control characters"),
            Error::NotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Adjustment not found"),
            Error::Own => refuse(StatusCode::FORBIDDEN, ErrorCode::Forbidden, "Nobody adjusts their own wallet"),
            Error::SecondAdminRequired => {
                let detail = "Another admin than the one who asked must apply this amount";
                refuse(StatusCode::FORBIDDEN, ErrorCode::SecondAdminRequired, detail)
            }
            Error::Decided => refuse(StatusCode::CONFLICT, ErrorCode::ValidationError, "Adjustment already decided"),
            Error::NotEnough => {
                refuse(StatusCode::CONFLICT, ErrorCode::InvalidAmount, "The wallet holds less than that")
            }
            Error::AccountGone => crate::auth::Error::SessionEnded.into(),
            Error::Database(error) => error.into(),
        }
    }
}
