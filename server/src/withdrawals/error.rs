use axum::http::StatusCode;
use saathii_shared_types::{Earnings, ErrorCode, FieldError, wallet::WithdrawalStatus};

use crate::{
    http::{HttpError, idempotency},
    infra::seal::SealError,
};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("less than may be withdrawn")]
    InvalidAmount { minimum: Earnings },
    #[error("{required} earnings needed, {available} there")]
    InsufficientEarnings { required: Earnings, available: Earnings },
    #[error("payout details out of form")]
    InvalidDetails(Vec<FieldError>),
    #[error("no payout details")]
    DetailsMissing,
    #[error("no payout details to show")]
    NoDetails,
    #[error("no such withdrawal")]
    NotFound,
    #[error("the withdrawal is {0:?}")]
    Decided(WithdrawalStatus),
    #[error("one's own withdrawal")]
    Own,
    #[error("the one who approved does not pay so much")]
    SecondAdminRequired,
    #[error("{0} out of form")]
    InvalidText(&'static str),
    #[error("the account is deleted")]
    AccountGone,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Idempotency(#[from] idempotency::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let refuse = |status, code, detail: &str| Self::new(status, code, detail);
        match error {
            Error::InvalidAmount { minimum } => {
                let detail = format!("Invalid amount. Minimum: {minimum}");
                refuse(StatusCode::BAD_REQUEST, ErrorCode::InvalidAmount, &detail)
            }
            Error::InsufficientEarnings { required, available } => {
                let detail = format!("Insufficient earnings. Required: {required}, Available: {available}");
                let refusal = refuse(StatusCode::BAD_REQUEST, ErrorCode::InsufficientEarnings, &detail);
                refusal.lacking(required.0, available.0)
            }
            Error::InvalidDetails(faults) => Self::fields(faults),
            Error::DetailsMissing => {
                let detail = "Add your bank or UPI details first";
                refuse(StatusCode::BAD_REQUEST, ErrorCode::PayoutDetailsMissing, detail)
            }
            Error::NoDetails => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "No bank details"),
            Error::NotFound => refuse(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Withdrawal not found"),
            Error::Decided(status) => {
                let detail = match status {
                    WithdrawalStatus::Requested => "The withdrawal is not approved yet",
                    WithdrawalStatus::Approved => "The withdrawal is approved already",
                    WithdrawalStatus::Paid => "The withdrawal is paid already",
                    WithdrawalStatus::Rejected => "The withdrawal is rejected already",
                };
                refuse(StatusCode::CONFLICT, ErrorCode::WithdrawalDecided, detail)
            }
            Error::Own => refuse(StatusCode::FORBIDDEN, ErrorCode::Forbidden, "Nobody decides their own withdrawal"),
            Error::SecondAdminRequired => {
                let detail = "Another admin than the one who approved must pay this amount";
                refuse(StatusCode::FORBIDDEN, ErrorCode::SecondAdminRequired, detail)
            }
            Error::InvalidText(field @ "remarks") => Self::field(field, "must be 1 to 500 characters"),
            Error::InvalidText(field) => Self::field(field, "must be 1 to 100 printable characters"),
            Error::AccountGone => crate::auth::Error::SessionEnded.into(),
            Error::Seal(error) => Self::internal(error),
            Error::Idempotency(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
