//! `payments`, `payment_refunds`, and the ledger's view of them.

use chrono::{DateTime, Utc};
use saathii_shared_types::{Coins, Paise, PaymentId, UserId, payments::RechargeStatus};
use sqlx::PgConnection;

use super::{Error, rules::Purchase};
use crate::{account::Record, infra::payments::Refund, wallet::Discrepancy};

pub(super) struct NewPayment<'a> {
    pub(super) payment: PaymentId,
    pub(super) user: UserId,
    pub(super) provider: &'a str,
    pub(super) purchase: &'a Purchase,
    pub(super) status: RechargeStatus,
    pub(super) order: Option<&'a str>,
    pub(super) now: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct PaymentRow {
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub provider: String,
    pub amount: Paise,
    pub coins: Coins,
    pub payment_method: Option<String>,
    pub status: RechargeStatus,
    /// Of the attempt that paid it.
    pub provider_payment_id: Option<String>,
    pub refunded: Paise,
    pub created_at: DateTime<Utc>,
}

impl PaymentRow {
    /// Whether its coins were credited, whatever was given back since.
    pub(super) fn is_paid(&self) -> bool {
        matches!(self.status, RechargeStatus::Paid | RechargeStatus::Refunded)
    }
}

/// `SELECT` of whole rows, with what follows `FROM payments`.
macro_rules! payment_rows {
    ($tail:literal, $($arg:expr),* $(,)?) => {
        sqlx::query_as!(
            PaymentRow,
            r#"SELECT payment_id AS "payment_id: PaymentId", user_id AS "user_id: UserId", provider,
                      amount_paise AS "amount: Paise", coins AS "coins: Coins", payment_method,
                      status AS "status: RechargeStatus", provider_payment_id, refunded_paise AS "refunded: Paise",
                      created_at
               FROM payments "# + $tail,
            $($arg),*
        )
    };
}

/// The id of a payment that is about to be made: its order bears it before there is a row.
pub(super) async fn next_id(db: &mut PgConnection) -> sqlx::Result<PaymentId> {
    sqlx::query_scalar!(
        r#"SELECT nextval(pg_get_serial_sequence('payments', 'payment_id')) AS "payment_id!: PaymentId""#
    )
    .fetch_one(db)
    .await
}

pub(super) async fn insert(db: &mut PgConnection, new: NewPayment<'_>) -> sqlx::Result<()> {
    let NewPayment { payment, user, provider, purchase, status, order, now } = new;
    let paid_at = (status == RechargeStatus::Paid).then_some(now);
    sqlx::query!(
        "INSERT INTO payments (payment_id, user_id, provider, amount_paise, coins, payment_method, status,
                               provider_order_id, created_at, paid_at)
         OVERRIDING SYSTEM VALUE
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        payment as PaymentId,
        user as UserId,
        provider,
        purchase.amount() as Paise,
        purchase.coins as Coins,
        purchase.payment_method,
        status as RechargeStatus,
        order,
        now,
        paid_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The payment of this order, which nobody else settles before the transaction ends.
pub(super) async fn lock_by_order(
    db: &mut PgConnection,
    provider: &str,
    order: &str,
) -> sqlx::Result<Option<PaymentRow>> {
    payment_rows!(
        "WHERE provider = $1 AND provider_order_id = $2
         FOR NO KEY UPDATE",
        provider,
        order,
    )
    .fetch_optional(db)
    .await
}

/// As [`lock_by_order`], by the attempt that paid it.
pub(super) async fn lock_by_payment(
    db: &mut PgConnection,
    provider: &str,
    provider_payment: &str,
) -> sqlx::Result<Option<PaymentRow>> {
    payment_rows!(
        "WHERE provider = $1 AND provider_payment_id = $2
         FOR NO KEY UPDATE",
        provider,
        provider_payment,
    )
    .fetch_optional(db)
    .await
}

/// Refused where `paid_by` has paid another order.
pub(super) async fn mark_paid(
    db: &mut PgConnection,
    payment: PaymentId,
    paid_by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let marked = sqlx::query!(
        "UPDATE payments SET status = 'paid', provider_payment_id = $2, paid_at = $3 WHERE payment_id = $1",
        payment as PaymentId,
        paid_by,
        now,
    )
    .execute(db)
    .await;
    match marked {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.constraint() == Some("payments_once") => Err(Error::OtherPayment),
        Err(error) => Err(error.into()),
    }
}

/// False where it is paid, or failed before.
pub(super) async fn mark_failed(db: &mut PgConnection, payment: PaymentId) -> sqlx::Result<bool> {
    let marked = sqlx::query!(
        "UPDATE payments SET status = 'failed' WHERE payment_id = $1 AND status = 'pending'",
        payment as PaymentId,
    )
    .execute(db)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// A refund that has taken nothing back yet.
pub(super) struct WaitingRefund {
    provider: String,
    provider_refund_id: String,
    pub(super) amount: Paise,
}

/// False where it is known.
pub(super) async fn insert_refund(
    db: &mut PgConnection,
    payment: &PaymentRow,
    refund: &Refund,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        "INSERT INTO payment_refunds (provider, provider_refund_id, payment_id, provider_payment_id, amount_paise,
                                      created_at)
         SELECT provider, $2, payment_id, $3, $4, $5 FROM payments WHERE payment_id = $1
         ON CONFLICT (provider, provider_refund_id) DO NOTHING",
        payment.payment_id as PaymentId,
        refund.refund_id,
        refund.payment_id,
        refund.money.amount as Paise,
        now,
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(super) async fn list_waiting_refunds(
    db: &mut PgConnection,
    payment: PaymentId,
    paid_by: &str,
) -> sqlx::Result<Vec<WaitingRefund>> {
    sqlx::query_as!(
        WaitingRefund,
        r#"SELECT provider, provider_refund_id, amount_paise AS "amount: Paise"
           FROM payment_refunds
           WHERE payment_id = $1 AND provider_payment_id = $2 AND part IS NULL
           ORDER BY created_at, provider_refund_id"#,
        payment as PaymentId,
        paid_by,
    )
    .fetch_all(db)
    .await
}

/// How many refunds of this payment have taken their share.
pub(super) async fn count_taken_back(db: &mut PgConnection, payment: PaymentId) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        r#"SELECT count(part)::integer AS "count!" FROM payment_refunds WHERE payment_id = $1"#,
        payment as PaymentId,
    )
    .fetch_one(db)
    .await
}

pub(super) async fn mark_taken_back(
    db: &mut PgConnection,
    refund: &WaitingRefund,
    part: i32,
    taken: Coins,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE payment_refunds SET part = $3, coins_taken_back = $4
         WHERE provider = $1 AND provider_refund_id = $2",
        refund.provider,
        refund.provider_refund_id,
        part,
        taken as Coins,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn add_refund(
    db: &mut PgConnection,
    payment: PaymentId,
    amount: Paise,
    taken: Coins,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE payments
         SET refunded_paise = refunded_paise + $2, coins_taken_back = coins_taken_back + $3,
             status = CASE WHEN refunded_paise + $2 = amount_paise THEN 'refunded' ELSE status END
         WHERE payment_id = $1",
        payment as PaymentId,
        amount as Paise,
        taken as Coins,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was sold within a span of time.
#[derive(Debug, Clone, Copy)]
pub struct Sold {
    /// The span's beginning.
    pub at: DateTime<Utc>,
    /// Less those that were taken back.
    pub coins: Coins,
}

/// Coins sold by the hour or day (`unit`) in which they were paid, from `since` on; spans without a sale are left out.
pub async fn list_spans(db: &mut PgConnection, unit: &str, since: DateTime<Utc>) -> sqlx::Result<Vec<Sold>> {
    sqlx::query_as!(
        Sold,
        r#"SELECT date_trunc($1, paid_at, 'UTC') AS "at!", sum(coins - coins_taken_back)::bigint AS "coins!: Coins"
           FROM payments
           WHERE paid_at >= $2
           GROUP BY 1
           ORDER BY 1"#,
        unit,
        since,
    )
    .fetch_all(db)
    .await
}

/// Which purchases an admin looks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Search {
    pub user: Option<UserId>,
    pub status: Option<RechargeStatus>,
    /// Begun at this moment or later.
    pub since: Option<DateTime<Utc>>,
    /// Begun earlier than this.
    pub until: Option<DateTime<Utc>>,
    pub before: Option<PaymentId>,
}

/// Up to `limit` purchases, the newest first.
pub async fn search(db: &mut PgConnection, search: Search, limit: i64) -> sqlx::Result<Vec<PaymentRow>> {
    payment_rows!(
        "WHERE ($1::bigint IS NULL OR user_id = $1)
           AND ($2::text IS NULL OR status = $2)
           AND ($3::timestamptz IS NULL OR created_at >= $3)
           AND ($4::timestamptz IS NULL OR created_at < $4)
           AND ($5::bigint IS NULL
                OR (created_at, payment_id) < (SELECT p.created_at, p.payment_id FROM payments p WHERE p.payment_id = $5))
         ORDER BY created_at DESC, payment_id DESC
         LIMIT $6",
        search.user as Option<UserId>,
        search.status as Option<RechargeStatus>,
        search.since,
        search.until,
        search.before as Option<PaymentId>,
        limit,
    )
    .fetch_all(db)
    .await
}

/// A page of somebody's purchases, the newest first.
pub(super) async fn list_of(
    db: &mut PgConnection,
    user: UserId,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<PaymentRow>> {
    payment_rows!(
        "WHERE user_id = $1
         ORDER BY payment_id DESC
         OFFSET $2 LIMIT $3",
        user as UserId,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Sums over somebody's purchases; amount and coins of those that were paid.
pub(super) struct Sums {
    pub(super) recharges: i64,
    pub(super) amount: Paise,
    pub(super) coins: Coins,
}

pub(super) async fn sum_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<Sums> {
    sqlx::query_as!(
        Sums,
        r#"SELECT count(*) AS "recharges!",
                  coalesce(sum(amount_paise) FILTER (WHERE paid_at IS NOT NULL), 0)::bigint AS "amount!: Paise",
                  coalesce(sum(coins) FILTER (WHERE paid_at IS NOT NULL), 0)::bigint AS "coins!: Coins"
           FROM payments
           WHERE user_id = $1"#,
        user as UserId,
    )
    .fetch_one(db)
    .await
}

pub(super) async fn list_wrong_payments(db: &mut PgConnection) -> sqlx::Result<Vec<Discrepancy>> {
    sqlx::query_as!(
        Discrepancy,
        r#"WITH booked AS (
               SELECT payment_id, user_id, coins_taken_back,
                      CASE WHEN paid_at IS NULL THEN 0 ELSE coins END AS credited
               FROM payments
           )
           SELECT 'payment ' || payment_id AS "subject!",
                  format('user %s, %s coins credited, %s taken back', l.user_id, l.credited, l.taken_back)
                      AS "expected!",
                  format('user %s, %s coins credited, %s taken back', b.user_id, b.credited, b.coins_taken_back)
                      AS "found!"
           FROM booked b
           FULL JOIN ledger_payments l USING (payment_id)
           WHERE coalesce(b.credited, -1) <> coalesce(l.credited, 0)
              OR b.coins_taken_back <> coalesce(l.taken_back, 0)
              OR l.user_id <> b.user_id
              OR l.users > 1
           LIMIT 1000"#
    )
    .fetch_all(db)
    .await
}

pub(super) async fn list_wrong_refunds(db: &mut PgConnection) -> sqlx::Result<Vec<Discrepancy>> {
    sqlx::query_as!(
        Discrepancy,
        r#"WITH told AS (
               SELECT r.payment_id,
                      sum(r.amount_paise) FILTER (WHERE r.part IS NOT NULL) AS paise,
                      sum(r.coins_taken_back) AS coins,
                      count(*) FILTER (WHERE r.part IS NULL AND r.provider_payment_id = p.provider_payment_id) AS waiting
               FROM payment_refunds r
               JOIN payments p USING (payment_id)
               GROUP BY r.payment_id
           )
           SELECT 'refunds of payment ' || p.payment_id AS "subject!",
                  format('%s paise, %s coins', p.refunded_paise, p.coins_taken_back) AS "expected!",
                  format('%s paise, %s coins, %s waiting', coalesce(t.paise, 0), coalesce(t.coins, 0), t.waiting)
                      AS "found!"
           FROM payments p
           LEFT JOIN told t USING (payment_id)
           WHERE p.refunded_paise <> least(p.amount_paise, coalesce(t.paise, 0))
              OR p.coins_taken_back <> coalesce(t.coins, 0)
              OR t.waiting > 0
           LIMIT 1000"#
    )
    .fetch_all(db)
    .await
}

/// What somebody bought.
pub async fn export_payments(db: &mut PgConnection, user: UserId, after: i64, limit: i64) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT payment_id AS key,
                  jsonb_build_object('payment_id', payment_id, 'provider', provider, 'amount_paise', amount_paise, 'coins', coins,
                                     'payment_method', payment_method, 'status', status,
                                     'refunded_paise', refunded_paise, 'created_at', created_at, 'paid_at', paid_at) AS "record!"
           FROM payments
           WHERE user_id = $1 AND payment_id > $2
           ORDER BY payment_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}
