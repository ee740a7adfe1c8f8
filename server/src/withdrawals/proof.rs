//! The proof that what is set aside and paid out is what was asked for.

use sqlx::PgConnection;

use super::store;
use crate::wallet::Discrepancy;

/// Withdrawals whose state is not what the ledger moved, and transfers without their withdrawal; up to a thousand.
/// With the wallet's own proof: what wallets hold as pending is what open withdrawals ask for.
pub async fn prove(db: &mut PgConnection) -> sqlx::Result<Vec<Discrepancy>> {
    store::list_wrong(db).await
}
