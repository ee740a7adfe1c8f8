//! Ids, one type each, so that a user can never be passed for a session.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = i64, example = 123))]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// A person with an account.
    UserId
}
id! {
    /// One login on one device; all tokens that it was rotated into belong to it.
    SessionId
}
id! {
    /// One call, from its first minute to its last.
    CallId
}
id! {
    /// One purchase of coins.
    PaymentId
}
id! {
    /// One request to be paid out.
    WithdrawalId
}
id! {
    /// One change of a wallet by an admin's hand.
    AdjustmentId
}
id! {
    /// One audio sample sent in for verification.
    SampleId
}
id! {
    /// One complaint about somebody.
    ReportId
}
