//! The proof that no coin was lost or made: what the ledger says against what wallets hold.

use std::fmt;

use sqlx::PgConnection;

use super::store;

/// Something that does not agree with the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// What was looked at: `user 12, coins`.
    pub subject: String,
    pub expected: String,
    pub found: String,
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the ledger says {}, found {}", self.subject, self.expected, self.found)
    }
}

/// What is wrong within the ledger and in wallets; up to a thousand rows of each kind.
pub async fn prove(db: &mut PgConnection) -> sqlx::Result<Vec<Discrepancy>> {
    let mut found = Vec::new();
    for (currency, sum) in store::list_unbalanced(db).await? {
        found.push(Discrepancy {
            subject: format!("all {currency}"),
            expected: "0".to_owned(),
            found: sum.to_string(),
        });
    }
    for wrong in store::list_wrong_wallets(db).await? {
        found.push(Discrepancy {
            subject: format!("user {}, {}", wrong.user_id, wrong.account),
            expected: wrong.ledger.to_string(),
            found: wrong.wallet.map_or_else(|| "no wallet".to_owned(), |amount| amount.to_string()),
        });
    }
    Ok(found)
}
