//! The proof that what was paid is what was credited.

use sqlx::PgConnection;

use super::store;
use crate::wallet::Discrepancy;

/// Payments that the ledger does not know as they are, transfers without their payment, and refunds that do not add up;
/// up to a thousand rows of each kind.
pub async fn prove(db: &mut PgConnection) -> sqlx::Result<Vec<Discrepancy>> {
    let mut found = store::list_wrong_payments(db).await?;
    found.extend(store::list_wrong_refunds(db).await?);
    Ok(found)
}
