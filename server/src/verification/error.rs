use axum::http::StatusCode;
use saathii_shared_types::ErrorCode;

use super::{audio::Fault, rules::LARGEST_FILE};
use crate::{
    http::{HttpError, rate_limit::Exceeded},
    infra::object_store::ObjectError,
};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not an audio sample: {0}")]
    InvalidAudio(#[from] Fault),
    #[error("the file is too large")]
    TooLarge,
    #[error("the form has no audio_file")]
    MissingFile,
    #[error("not a form")]
    NotAForm,
    #[error("the form broke off")]
    BrokenForm,
    #[error("nothing more was sent")]
    Stalled,
    #[error("not an object of the caller's own")]
    ForeignObject,
    #[error("no such object in the bucket")]
    NoSuchObject,
    #[error("the object is a sample already")]
    SubmittedBefore,
    #[error("another sample waits")]
    Pending,
    #[error("the listener is verified")]
    AlreadyVerified,
    #[error("the upload lost its place before it was done")]
    Displaced,
    #[error("no such sample")]
    NotFound,
    #[error("the sample was reviewed")]
    AlreadyReviewed,
    #[error("the reviewer's own sample")]
    OwnSample,
    #[error("the remarks are too long")]
    LongRemarks,
    #[error("too many uploads")]
    RateLimited(Exceeded),
    #[error(transparent)]
    Store(#[from] ObjectError),
    #[error("a temporary file: {0}")]
    Spool(#[from] std::io::Error),
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let bad = |code, detail: &str| Self::new(StatusCode::BAD_REQUEST, code, detail);
        match error {
            Error::InvalidAudio(fault) => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidAudio, format!("Invalid audio file: {fault}"))
            }
            Error::TooLarge => Self::new(
                StatusCode::BAD_REQUEST,
                ErrorCode::PayloadTooLarge,
                format!("File too large: at most {} MB", LARGEST_FILE / 1024 / 1024),
            ),
            Error::MissingFile => Self::field("audio_file", "a form with the file is required"),
            Error::NotAForm => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ErrorCode::UnsupportedMediaType,
                "Send the file as multipart/form-data",
            ),
            Error::BrokenForm => Self::field("audio_file", "the form could not be read to its end"),
            Error::Stalled => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                ErrorCode::RequestTimeout,
                "The upload stood still for too long. Send it again",
            ),
            Error::ForeignObject => {
                bad(ErrorCode::InvalidAudio, "Not an object of your own in the bucket of this service")
            }
            Error::NoSuchObject => bad(ErrorCode::InvalidAudio, "There is no such file in the bucket"),
            Error::SubmittedBefore => bad(ErrorCode::InvalidAudio, "This file was submitted before: send another"),
            Error::Pending => bad(ErrorCode::VerificationPending, "You already have a pending verification"),
            Error::AlreadyVerified => bad(ErrorCode::AlreadyVerified, "You are already verified"),
            Error::Displaced => Self::unavailable("an upload took longer than its place was held"),
            Error::NotFound => Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Verification not found"),
            Error::AlreadyReviewed => {
                Self::new(StatusCode::CONFLICT, ErrorCode::AlreadyReviewed, "Verification already reviewed")
            }
            Error::OwnSample => {
                Self::new(StatusCode::FORBIDDEN, ErrorCode::OwnSample, "You cannot review your own sample")
            }
            Error::LongRemarks => Self::field("remarks", "at most 1000 characters, without a NUL"),
            Error::RateLimited(Exceeded { retry_after }) => {
                let detail = "Too many uploads. Try again later";
                Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, detail).retry_after(retry_after)
            }
            Error::Store(error @ ObjectError::Away(_)) => Self::unavailable(error),
            Error::Store(error) => Self::internal(error),
            Error::Spool(error) => Self::internal(error),
            Error::Redis(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
