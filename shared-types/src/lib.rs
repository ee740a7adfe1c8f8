//! What crosses the wire: ids, errors, requests, answers and socket messages; serde only, no I/O.
//!
//! Shapes are those of the API contract. Times are RFC 3339 in UTC. A new field is optional, and a
//! new variant hides behind an unknown arm, because apps in the stores are never all up to date.

pub mod account;
pub mod audit;
pub mod auth;
pub mod calls;
pub mod error;
pub mod events;
pub mod feed;
pub mod ids;
pub mod money;
pub mod patch;
pub mod payments;
pub mod presence;
pub mod reports;
pub mod social;
pub mod users;
pub mod verification;
pub mod wallet;
pub mod withdrawals;

#[cfg(feature = "uniffi")]
mod foreign;

pub use error::{ApiError, Detail, ErrorCode, FieldError};
pub use ids::{AdjustmentId, CallId, PaymentId, ReportId, SampleId, SessionId, UserId, WithdrawalId};
pub use money::{Coins, Earnings, Paise};

use serde::{Deserialize, Serialize};

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

/// An answer that only says that it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({"message": "Done"})))]
pub struct Message {
    pub message: String,
}

impl Message {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
