//! `payout_details`, `withdrawals`, and the ledger's view of them.

use chrono::{DateTime, Utc};
use saathii_shared_types::{Earnings, Paise, UserId, WithdrawalId, wallet::WithdrawalStatus};
use sqlx::PgConnection;

use crate::{account::Record, wallet::Discrepancy};

/// Where somebody is paid.
pub(super) struct DetailsRow {
    pub(super) sealed: Vec<u8>,
    pub(super) masked: String,
    pub(super) updated_at: DateTime<Utc>,
}

pub(super) struct NewWithdrawal<'a> {
    pub(super) user: UserId,
    pub(super) amount: Earnings,
    pub(super) amount_paise: Paise,
    pub(super) details: &'a DetailsRow,
    pub(super) now: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub(super) struct WithdrawalRow {
    pub(super) withdrawal_id: WithdrawalId,
    pub(super) user_id: UserId,
    pub(super) amount: Earnings,
    pub(super) amount_paise: Paise,
    pub(super) status: WithdrawalStatus,
    pub(super) masked: String,
    pub(super) remarks: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) decided_by: Option<UserId>,
    pub(super) decided_at: Option<DateTime<Utc>>,
    pub(super) paid_by: Option<UserId>,
    pub(super) paid_at: Option<DateTime<Utc>>,
    pub(super) payout_reference: Option<String>,
}

/// Whole rows, between what stands before the columns and what stands after.
macro_rules! withdrawal_rows {
    ($before:literal, $after:literal, $($arg:expr),* $(,)?) => {
        sqlx::query_as!(
            WithdrawalRow,
            $before
                + r#"withdrawal_id AS "withdrawal_id: WithdrawalId", user_id AS "user_id: UserId",
                     amount AS "amount: Earnings", amount_paise AS "amount_paise: Paise",
                     status AS "status: WithdrawalStatus", masked, remarks, created_at,
                     decided_by AS "decided_by: UserId", decided_at, paid_by AS "paid_by: UserId", paid_at,
                     payout_reference"#
                + $after,
            $($arg),*
        )
    };
}

pub(super) async fn upsert_details(
    db: &mut PgConnection,
    user: UserId,
    sealed: &[u8],
    masked: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO payout_details (user_id, sealed, masked, updated_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE
         SET sealed = excluded.sealed, masked = excluded.masked, updated_at = excluded.updated_at",
        user as UserId,
        sealed,
        masked,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn find_details(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<DetailsRow>> {
    sqlx::query_as!(
        DetailsRow,
        "SELECT sealed, masked, updated_at FROM payout_details WHERE user_id = $1",
        user as UserId,
    )
    .fetch_optional(db)
    .await
}

/// Of somebody who is deleted. Open withdrawals keep what they need until they are paid or rejected.
pub async fn forget_details(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM payout_details WHERE user_id = $1", user as UserId).execute(db).await?;
    Ok(())
}

pub(super) async fn insert(db: &mut PgConnection, new: NewWithdrawal<'_>) -> sqlx::Result<WithdrawalRow> {
    withdrawal_rows!(
        "INSERT INTO withdrawals (user_id, amount, amount_paise, status, sealed, masked, created_at)
         VALUES ($1, $2, $3, 'requested', $4, $5, $6)
         RETURNING ",
        "",
        new.user as UserId,
        new.amount as Earnings,
        new.amount_paise as Paise,
        new.details.sealed,
        new.details.masked,
        new.now,
    )
    .fetch_one(db)
    .await
}

/// `None` where it is not requested any more, or the admin's own.
pub(super) async fn approve(
    db: &mut PgConnection,
    withdrawal: WithdrawalId,
    admin: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<WithdrawalRow>> {
    withdrawal_rows!(
        "UPDATE withdrawals
         SET status = 'approved', decided_by = $2, decided_at = $3
         WHERE withdrawal_id = $1 AND status = 'requested' AND user_id <> $2
         RETURNING ",
        "",
        withdrawal as WithdrawalId,
        admin as UserId,
        now,
    )
    .fetch_optional(db)
    .await
}

/// `None` where it is paid or rejected, or the admin's own.
pub(super) async fn reject(
    db: &mut PgConnection,
    withdrawal: WithdrawalId,
    admin: UserId,
    remarks: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<WithdrawalRow>> {
    withdrawal_rows!(
        "UPDATE withdrawals
         SET status = 'rejected', remarks = $3, decided_by = $2, decided_at = $4, sealed = NULL
         WHERE withdrawal_id = $1 AND status IN ('requested', 'approved') AND user_id <> $2
         RETURNING ",
        "",
        withdrawal as WithdrawalId,
        admin as UserId,
        remarks,
        now,
    )
    .fetch_optional(db)
    .await
}

/// `None` where it is not approved, the admin's own, or so large that another admin than the approving one must pay.
pub(super) async fn pay(
    db: &mut PgConnection,
    withdrawal: WithdrawalId,
    admin: UserId,
    second_admin_from: Earnings,
    reference: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<WithdrawalRow>> {
    withdrawal_rows!(
        "UPDATE withdrawals
         SET status = 'paid', payout_reference = $4, paid_by = $2, paid_at = $5, sealed = NULL
         WHERE withdrawal_id = $1 AND status = 'approved' AND user_id <> $2
         AND (amount < $3 OR decided_by IS DISTINCT FROM $2)
         RETURNING ",
        "",
        withdrawal as WithdrawalId,
        admin as UserId,
        second_admin_from as Earnings,
        reference,
        now,
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn find(db: &mut PgConnection, withdrawal: WithdrawalId) -> sqlx::Result<Option<WithdrawalRow>> {
    withdrawal_rows!(
        "SELECT ",
        " FROM withdrawals
         WHERE withdrawal_id = $1",
        withdrawal as WithdrawalId,
    )
    .fetch_optional(db)
    .await
}

/// `None` once it is paid or rejected.
pub(super) async fn find_sealed(db: &mut PgConnection, withdrawal: WithdrawalId) -> sqlx::Result<Option<Vec<u8>>> {
    let sealed =
        sqlx::query_scalar!("SELECT sealed FROM withdrawals WHERE withdrawal_id = $1", withdrawal as WithdrawalId,)
            .fetch_optional(db)
            .await?;
    Ok(sealed.flatten())
}

/// A page of somebody's withdrawals, the newest first.
pub(super) async fn list_of(
    db: &mut PgConnection,
    user: UserId,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<WithdrawalRow>> {
    withdrawal_rows!(
        "SELECT ",
        " FROM withdrawals
         WHERE user_id = $1
         ORDER BY withdrawals.withdrawal_id DESC
         OFFSET $2 LIMIT $3",
        user as UserId,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

pub(super) async fn count_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM withdrawals WHERE user_id = $1"#, user as UserId)
        .fetch_one(db)
        .await
}

/// A page of everybody's withdrawals, the oldest first.
pub(super) async fn list(
    db: &mut PgConnection,
    status: Option<WithdrawalStatus>,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<WithdrawalRow>> {
    withdrawal_rows!(
        "SELECT ",
        " FROM withdrawals
         WHERE $1::text IS NULL OR status = $1
         ORDER BY withdrawals.withdrawal_id
         OFFSET $2 LIMIT $3",
        status as Option<WithdrawalStatus>,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

pub(super) async fn count(db: &mut PgConnection, status: Option<WithdrawalStatus>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM withdrawals WHERE $1::text IS NULL OR status = $1"#,
        status as Option<WithdrawalStatus>,
    )
    .fetch_one(db)
    .await
}

/// How many wait for an admin.
pub async fn count_requested(db: &mut PgConnection) -> sqlx::Result<i64> {
    count(db, Some(WithdrawalStatus::Requested)).await
}

pub(super) async fn list_wrong(db: &mut PgConnection) -> sqlx::Result<Vec<Discrepancy>> {
    sqlx::query_as!(
        Discrepancy,
        r#"WITH booked AS (
               SELECT withdrawal_id, user_id, amount AS held,
                      CASE WHEN status = 'paid' THEN amount ELSE 0 END AS paid,
                      CASE WHEN status = 'rejected' THEN amount ELSE 0 END AS released
               FROM withdrawals
           )
           SELECT 'withdrawal ' || withdrawal_id AS "subject!",
                  format('user %s, %s held, %s paid, %s released', l.user_id, l.held, l.paid, l.released)
                      AS "expected!",
                  format('user %s, %s held, %s paid, %s released', b.user_id, b.held, b.paid, b.released) AS "found!"
           FROM booked b
           FULL JOIN ledger_withdrawals l USING (withdrawal_id)
           WHERE (l.user_id, l.held, l.paid, l.released) IS DISTINCT FROM (b.user_id, b.held, b.paid, b.released)
              OR l.users > 1
           LIMIT 1000"#
    )
    .fetch_all(db)
    .await
}

/// What somebody was paid out; where to, masked.
pub async fn export_withdrawals(
    db: &mut PgConnection,
    user: UserId,
    after: i64,
    limit: i64,
) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT withdrawal_id AS key,
                  jsonb_build_object('withdrawal_id', withdrawal_id, 'amount', amount, 'amount_paise', amount_paise,
                                     'status', status, 'destination', masked, 'remarks', remarks,
                                     'payout_reference', payout_reference, 'created_at', created_at,
                                     'paid_at', paid_at) AS "record!"
           FROM withdrawals
           WHERE user_id = $1 AND withdrawal_id > $2
           ORDER BY withdrawal_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}
