//! Money, one type per currency, so that coins are never paid out as rupees. No floats.

use std::{
    fmt,
    ops::{Add, Mul, Sub},
};

use serde::{Deserialize, Serialize};

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = i64, example = 300))]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Add for $name {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = Self;

            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl Mul<i64> for $name {
            type Output = Self;

            fn mul(self, count: i64) -> Self {
                Self(self.0 * count)
            }
        }
    };
}

amount! {
    /// What callers prepay and spend.
    Coins
}
amount! {
    /// What listeners earn; one is worth the server's `PAYOUT_PAISE_PER_EARNING`.
    Earnings
}
amount! {
    /// Hundredths of a rupee.
    Paise
}
