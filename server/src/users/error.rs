use axum::http::StatusCode;
use saathii_shared_types::{ErrorCode, FieldError};

use crate::http::HttpError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the username is taken")]
    UsernameTaken,
    #[error("the phone has an account")]
    PhoneTaken,
    #[error("no such user")]
    NotFound,
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|error| error.constraint()) {
            Some("users_username_key") => Self::UsernameTaken,
            Some("users_phone_key") => Self::PhoneTaken,
            _ => Self::Database(error),
        }
    }
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        match error {
            Error::UsernameTaken => Self::new(StatusCode::CONFLICT, ErrorCode::UsernameTaken, "Username already taken"),
            Error::PhoneTaken => {
                Self::new(StatusCode::CONFLICT, ErrorCode::RegistrationSpent, "Phone already registered")
            }
            Error::NotFound => Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "User not found"),
            Error::Invalid(fields) => Self::fields(fields),
            Error::Database(error) => error.into(),
        }
    }
}
