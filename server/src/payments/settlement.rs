//! What becomes of a payment once its provider has spoken. Whoever calls has locked its row.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    Error, rules,
    store::{self, PaymentRow},
};
use crate::{infra::payments::Refund, wallet};

/// Credits a payment that `paid_by` has paid; false where that was done before.
pub(super) async fn credit(
    db: &mut PgConnection,
    payment: &PaymentRow,
    paid_by: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    match &payment.provider_payment_id {
        Some(known) if known == paid_by => return Ok(false),
        Some(_) => return Err(Error::OtherPayment),
        None => {}
    }
    store::mark_paid(db, payment.payment_id, paid_by, now).await?;
    wallet::credit_purchase(db, payment.user_id, payment.payment_id, payment.coins, now).await?;
    take_back_waiting(db, payment, paid_by, now).await?;
    Ok(true)
}

/// Keeps a refund, and takes its share back where the payment is paid; false where it was told before.
pub(super) async fn refund(
    db: &mut PgConnection,
    payment: &PaymentRow,
    refund: &Refund,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    if !store::insert_refund(db, payment, refund, now).await? {
        return Ok(false);
    }
    if let Some(paid_by) = &payment.provider_payment_id {
        take_back_waiting(db, payment, paid_by, now).await?;
    }
    Ok(true)
}

async fn take_back_waiting(
    db: &mut PgConnection,
    payment: &PaymentRow,
    paid_by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut refunded = payment.refunded;
    let mut part = store::count_taken_back(db, payment.payment_id).await?;
    for waiting in store::list_waiting_refunds(db, payment.payment_id, paid_by).await? {
        part += 1;
        // A provider that gives back more than was paid does not get more coins back.
        let after = payment.amount.min(refunded + waiting.amount);
        let share = rules::share(payment.coins, payment.amount, refunded, after);
        let taken = wallet::take_back_purchase(db, payment.user_id, payment.payment_id, part, share, now).await?;
        if taken < share {
            tracing::warn!(
                payment.id = payment.payment_id.0,
                user.id = payment.user_id.0,
                missing = (share - taken).0,
                "refunded coins were spent already"
            );
        }
        store::mark_taken_back(db, &waiting, part, taken).await?;
        store::add_refund(db, payment.payment_id, after - refunded, taken).await?;
        refunded = after;
    }
    Ok(())
}

pub(super) fn count(outcome: &'static str) {
    metrics::counter!("saathii_payments_total", "outcome" => outcome).increment(1);
}
