use axum::http::StatusCode;
use saathii_shared_types::ErrorCode;

use crate::{
    http::{HttpError, idempotency},
    infra::payments::PaymentError,
};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("an amount that is not sold")]
    InvalidAmount { sold: String },
    #[error("a payment method that cannot be kept")]
    InvalidMethod,
    #[error("a signature that proves nothing")]
    InvalidSignature,
    #[error("no such order")]
    OrderNotFound,
    #[error("the order was paid by another payment")]
    OtherPayment,
    #[error("a signed webhook that makes no sense: {0}")]
    Unreadable(serde_json::Error),
    #[error("the account is deleted")]
    AccountGone,
    #[error(transparent)]
    Provider(#[from] PaymentError),
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let refuse = |status, code, detail: &str| Self::new(status, code, detail);
        match error {
            Error::InvalidAmount { sold } => {
                let detail = format!("Invalid amount. Available: {sold}");
                refuse(StatusCode::BAD_REQUEST, ErrorCode::InvalidAmount, &detail)
            }
            Error::InvalidMethod => Self::field("payment_method", "must be at most 50 printable characters"),
            Error::InvalidSignature => {
                refuse(StatusCode::BAD_REQUEST, ErrorCode::InvalidSignature, "Invalid signature")
            }
            Error::OrderNotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Order not found"),
            Error::OtherPayment => {
                refuse(StatusCode::CONFLICT, ErrorCode::PaymentMismatch, "The order was paid by another payment")
            }
            Error::Unreadable(error) => Self::field("event", "is not understood").caused_by(error),
            Error::AccountGone => crate::auth::Error::SessionEnded.into(),
            Error::Provider(error) => {
                let detail = "Payments are temporarily unavailable. Nothing was charged";
                refuse(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::PaymentsUnavailable, detail)
                    .retry_after(5)
                    .caused_by(error)
            }
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
