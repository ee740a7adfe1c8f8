use axum::http::StatusCode;
use saathii_shared_types::{Coins, ErrorCode};

use crate::http::{HttpError, idempotency};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("nobody calls themselves")]
    SelfCall,
    #[error("an estimate out of range")]
    InvalidEstimate,
    #[error("no such listener")]
    ListenerNotFound,
    #[error("the listener is not verified")]
    NotVerified,
    #[error("one has blocked the other")]
    Blocked,
    #[error("the listener is offline")]
    Offline,
    #[error("the listener is busy")]
    Busy,
    #[error("the caller is in a call")]
    AlreadyInCall,
    #[error("{required} coins needed, {available} there")]
    InsufficientCoins { required: Coins, available: Coins },
    #[error("no such call")]
    NotFound,
    #[error("no ongoing call")]
    NoOngoingCall,
    #[error("the call has ended")]
    Ended,
    #[error("the account is deleted")]
    AccountGone,
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
    #[error(transparent)]
    Presence(#[from] crate::presence::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let refuse = |status, code, detail: &str| Self::new(status, code, detail);
        match error {
            Error::SelfCall => refuse(StatusCode::BAD_REQUEST, ErrorCode::SelfCall, "You cannot call yourself"),
            Error::InvalidEstimate => Self::field("estimated_duration_minutes", "must be 1 to 120"),
            Error::ListenerNotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::ListenerNotFound, "Listener not found"),
            Error::NotVerified => {
                refuse(StatusCode::FORBIDDEN, ErrorCode::ListenerNotVerified, "Listener is not verified")
            }
            Error::Blocked => refuse(StatusCode::FORBIDDEN, ErrorCode::Blocked, "One of you has blocked the other"),
            Error::Offline => refuse(StatusCode::CONFLICT, ErrorCode::ListenerOffline, "Listener is offline"),
            Error::Busy => refuse(StatusCode::CONFLICT, ErrorCode::ListenerBusy, "Listener is busy"),
            Error::AlreadyInCall => refuse(StatusCode::CONFLICT, ErrorCode::AlreadyInCall, "You are already in a call"),
            Error::InsufficientCoins { required, available } => {
                let detail = format!("Insufficient coins. Required: {required}, Available: {available}");
                refuse(StatusCode::BAD_REQUEST, ErrorCode::InsufficientCoins, &detail).lacking(required.0, available.0)
            }
            Error::NotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Call not found"),
            Error::NoOngoingCall => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "No ongoing call"),
            Error::Ended => refuse(StatusCode::CONFLICT, ErrorCode::CallEnded, "The call has ended"),
            Error::AccountGone => crate::auth::Error::SessionEnded.into(),
            Error::Idempotency(error) => error.into(),
            Error::Redis(error) => error.into(),
            Error::Presence(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
