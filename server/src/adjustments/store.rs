//! `adjustments`, and the ledger's view of them.

use chrono::{DateTime, Utc};
use saathii_shared_types::{AdjustmentId, UserId, wallet::Currency};
use serde::Serialize;
use sqlx::PgConnection;

use super::service::Asked;
use crate::{account::Record, wallet::Discrepancy};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    Pending,
    Applied,
    Rejected,
}

#[derive(Debug, Clone)]
pub struct AdjustmentRow {
    pub adjustment_id: AdjustmentId,
    pub user_id: UserId,
    pub currency: Currency,
    /// Given; taken where it is negative.
    pub amount: i64,
    pub reason: String,
    pub status: Status,
    pub requested_by: UserId,
    pub requested_at: DateTime<Utc>,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<DateTime<Utc>>,
}

pub(super) struct NewAdjustment<'a> {
    pub(super) asked: &'a Asked,
    pub(super) reason: &'a str,
    pub(super) status: Status,
    pub(super) needs_second: bool,
    pub(super) admin: UserId,
    pub(super) now: DateTime<Utc>,
}

/// Whole rows, between what stands before the columns and what stands after.
macro_rules! adjustment_rows {
    ($before:literal, $after:literal, $($arg:expr),* $(,)?) => {
        sqlx::query_as!(
            AdjustmentRow,
            $before
                + r#"adjustment_id AS "adjustment_id: AdjustmentId", user_id AS "user_id: UserId",
                     currency AS "currency: Currency", amount, reason, status AS "status: Status",
                     requested_by AS "requested_by: UserId", requested_at, decided_by AS "decided_by: UserId",
                     decided_at"#
                + $after,
            $($arg),*
        )
    };
}

/// `None` where this form was sent before.
pub(super) async fn insert(db: &mut PgConnection, new: NewAdjustment<'_>) -> sqlx::Result<Option<AdjustmentRow>> {
    let Asked { user, currency, amount, form_key, .. } = new.asked;
    let decided = (new.status == Status::Applied).then_some(new.now);
    adjustment_rows!(
        "INSERT INTO adjustments (user_id, currency, amount, reason, status, needs_second, form_key, requested_by,
                                  requested_at, decided_by, decided_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bigint, $9, CASE WHEN $10::timestamptz IS NOT NULL THEN $8::bigint END, $10)
         ON CONFLICT (requested_by, form_key) DO NOTHING
         RETURNING ",
        "",
        *user as UserId,
        *currency as Currency,
        amount,
        new.reason,
        new.status as Status,
        new.needs_second,
        form_key,
        new.admin as UserId,
        new.now,
        decided,
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn find_asked(
    db: &mut PgConnection,
    admin: UserId,
    form_key: &str,
) -> sqlx::Result<Option<AdjustmentRow>> {
    adjustment_rows!(
        "SELECT ",
        " FROM adjustments
         WHERE requested_by = $1 AND form_key = $2",
        admin as UserId,
        form_key,
    )
    .fetch_optional(db)
    .await
}

/// `None` where it does not wait, or the admin asked for it.
pub(super) async fn apply(
    db: &mut PgConnection,
    adjustment: AdjustmentId,
    admin: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<AdjustmentRow>> {
    adjustment_rows!(
        "UPDATE adjustments
         SET status = 'applied', decided_by = $2, decided_at = $3
         WHERE adjustment_id = $1 AND status = 'pending' AND requested_by <> $2
         RETURNING ",
        "",
        adjustment as AdjustmentId,
        admin as UserId,
        now,
    )
    .fetch_optional(db)
    .await
}

/// `None` where it does not wait.
pub(super) async fn reject(
    db: &mut PgConnection,
    adjustment: AdjustmentId,
    admin: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<AdjustmentRow>> {
    adjustment_rows!(
        "UPDATE adjustments
         SET status = 'rejected', decided_by = $2, decided_at = $3
         WHERE adjustment_id = $1 AND status = 'pending'
         RETURNING ",
        "",
        adjustment as AdjustmentId,
        admin as UserId,
        now,
    )
    .fetch_optional(db)
    .await
}

pub async fn find(db: &mut PgConnection, adjustment: AdjustmentId) -> sqlx::Result<Option<AdjustmentRow>> {
    adjustment_rows!(
        "SELECT ",
        " FROM adjustments
         WHERE adjustment_id = $1",
        adjustment as AdjustmentId,
    )
    .fetch_optional(db)
    .await
}

/// A page of those of a status, the newest first.
pub async fn list(db: &mut PgConnection, status: Status, offset: i64, limit: i64) -> sqlx::Result<Vec<AdjustmentRow>> {
    adjustment_rows!(
        "SELECT ",
        " FROM adjustments
         WHERE status = $1
         ORDER BY adjustments.adjustment_id DESC
         OFFSET $2 LIMIT $3",
        status as Status,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

pub async fn count_of(db: &mut PgConnection, status: Status) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM adjustments WHERE status = $1"#, status as Status)
        .fetch_one(db)
        .await
}

/// How many wait for another admin.
pub async fn count_pending(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM adjustments WHERE status = 'pending'"#).fetch_one(db).await
}

/// Adjustments whose state is not what the ledger moved, and transfers without their adjustment; up to a thousand.
pub async fn list_wrong(db: &mut PgConnection) -> sqlx::Result<Vec<Discrepancy>> {
    sqlx::query_as!(
        Discrepancy,
        r#"WITH booked AS (
               SELECT adjustment_id, user_id, 1 AS transfers,
                      CASE WHEN currency = 'coins' THEN amount ELSE 0 END AS coins,
                      CASE WHEN currency = 'earnings' THEN amount ELSE 0 END AS earnings
               FROM adjustments
               WHERE status = 'applied'
           )
           SELECT 'adjustment ' || adjustment_id AS "subject!",
                  format('user %s, %s coins, %s earnings, %s transfers', l.user_id, l.coins, l.earnings, l.transfers)
                      AS "expected!",
                  format('user %s, %s coins, %s earnings, %s transfers', b.user_id, b.coins, b.earnings, b.transfers)
                      AS "found!"
           FROM booked b
           FULL JOIN ledger_adjustments l USING (adjustment_id)
           WHERE (l.user_id, l.coins, l.earnings, l.transfers)
                 IS DISTINCT FROM (b.user_id, b.coins, b.earnings, b.transfers)
           LIMIT 1000"#
    )
    .fetch_all(db)
    .await
}

/// What somebody was given or taken, and why.
pub async fn export_adjustments(
    db: &mut PgConnection,
    user: UserId,
    after: i64,
    limit: i64,
) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT adjustment_id AS key,
                  jsonb_build_object('adjustment_id', adjustment_id, 'currency', currency, 'amount', amount,
                                     'reason', reason, 'applied_at', decided_at) AS "record!"
           FROM adjustments
           WHERE user_id = $1 AND adjustment_id > $2 AND status = 'applied'
           ORDER BY adjustment_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}
