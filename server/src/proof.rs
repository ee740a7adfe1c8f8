//! The proof that the books close: every room's records against the ledger, at one moment.
//!
//! Owns no table. `saathii ledger verify` and the dashboard show it.

use sqlx::{Connection, PgPool};

use crate::{adjustments, calls, payments, wallet, wallet::Discrepancy, withdrawals};

/// Everything that does not agree; nothing, if no coin was ever lost or made. Calls go on meanwhile: all is read from
/// one snapshot.
pub async fn prove(db: &PgPool) -> sqlx::Result<Vec<Discrepancy>> {
    let mut connection = db.acquire().await?;
    let mut tx = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let mut found = wallet::prove(&mut tx).await?;
    found.extend(calls::prove(&mut tx).await?);
    found.extend(payments::prove(&mut tx).await?);
    found.extend(withdrawals::prove(&mut tx).await?);
    found.extend(adjustments::prove(&mut tx).await?);
    tx.commit().await?;
    Ok(found)
}
