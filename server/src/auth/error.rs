use axum::http::StatusCode;
use saathii_shared_types::{ErrorCode, FieldError};

use crate::{http::HttpError, infra::sms::SmsError, users};

/// What can go wrong on the way in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not a valid phone number")]
    InvalidPhone,
    #[error("too many requests")]
    RateLimited { retry_after: u64 },
    #[error("wrong, used or expired code")]
    InvalidOtp,
    #[error("no token")]
    MissingToken,
    #[error("not a token of ours for this purpose")]
    InvalidToken,
    #[error("the token has expired")]
    TokenExpired,
    #[error("the login has ended")]
    SessionEnded,
    #[error("a used refresh token came back")]
    TokenReused,
    #[error("the registration token was used")]
    RegistrationSpent,
    #[error("the role does not allow it")]
    WrongRole,
    #[error("the account is suspended")]
    Suspended(users::Suspension),
    #[error("nobody registers as admin")]
    AdminRegistration,
    #[error("{} fields are not valid", .0.len())]
    InvalidProfile(Vec<FieldError>),
    #[error(transparent)]
    Users(#[from] users::Error),
    #[error(transparent)]
    Sms(#[from] SmsError),
    #[error("cannot sign: {0}")]
    Signing(jsonwebtoken::errors::Error),
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let unauthorized = |code, detail| HttpError::new(StatusCode::UNAUTHORIZED, code, detail);
        match error {
            Error::InvalidPhone => HttpError::field("phone", "not a valid phone number"),
            Error::RateLimited { retry_after } => {
                let detail = "Too many requests. Try again later";
                HttpError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, detail).retry_after(retry_after)
            }
            Error::InvalidOtp => {
                HttpError::new(StatusCode::BAD_REQUEST, ErrorCode::InvalidOtp, "Invalid or expired OTP")
            }
            Error::MissingToken => unauthorized(ErrorCode::NotAuthenticated, "Not authenticated"),
            Error::InvalidToken => unauthorized(ErrorCode::InvalidToken, "Invalid token"),
            Error::TokenExpired => unauthorized(ErrorCode::TokenExpired, "Token expired"),
            Error::SessionEnded => unauthorized(ErrorCode::SessionEnded, "Session ended"),
            Error::TokenReused => unauthorized(ErrorCode::TokenReused, "Refresh token already used"),
            Error::RegistrationSpent => {
                unauthorized(ErrorCode::RegistrationSpent, "Registration token already used or expired")
            }
            Error::WrongRole => {
                HttpError::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, "Not allowed for your role")
            }
            Error::Suspended(suspension) => {
                HttpError::new(StatusCode::FORBIDDEN, ErrorCode::AccountSuspended, suspension_text(&suspension))
            }
            Error::AdminRegistration => HttpError::field("role", "must be `user` or `listener`"),
            Error::InvalidProfile(fields) => HttpError::fields(fields),
            Error::Users(error) => error.into(),
            Error::Sms(error) => {
                let detail = "The code could not be sent. Try again in a moment";
                HttpError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::SmsUnavailable, detail)
                    .retry_after(5)
                    .caused_by(error)
            }
            Error::Signing(error) => HttpError::internal(error),
            Error::Redis(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// What somebody suspended is told.
pub fn suspension_text(suspension: &users::Suspension) -> String {
    let reason = &suspension.reason;
    match suspension.until {
        Some(until) => format!("Account suspended until {}: {reason}", until.format("%Y-%m-%d %H:%M UTC")),
        None => format!("Account suspended: {reason}"),
    }
}
