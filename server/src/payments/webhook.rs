//! What Razorpay tells by itself. A delivery that is signed and concerns nobody here is taken all the same: refusing it
//! would bring it again for a day and then switch the webhook off.

use saathii_shared_types::UserId;
use sqlx::PgConnection;

use super::{
    Error,
    service::RAZORPAY,
    settlement,
    store::{self, PaymentRow},
};
use crate::{
    infra::payments::{Event, Money, Payment, Razorpay, Refund},
    state::AppState,
    wallet,
};

/// Checks the signature over the very bytes, and does what the event says once.
pub(super) async fn take_webhook(app: &AppState, signature: Option<&str>, body: &[u8]) -> Result<(), Error> {
    let razorpay = app.payments.razorpay().ok_or(Error::OrderNotFound)?;
    if !signature.is_some_and(|signature| razorpay.proves_webhook(body, signature)) {
        settlement::count("forged");
        return Err(Error::InvalidSignature);
    }
    match Event::parse(body).map_err(Error::Unreadable)? {
        Event::Captured(payment) => capture(app, &payment).await,
        Event::Failed(payment) => fail(app, &payment).await,
        Event::Refunded(refund) => take_refund(app, &refund).await,
        Event::Other(event) => {
            tracing::debug!(event, "a webhook that concerns nothing here");
            Ok(())
        }
    }
}

async fn capture(app: &AppState, paid: &Payment) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let Some(payment) = lock_order(&mut tx, paid.order_id.as_deref()).await? else { return Ok(()) };
    if !is_price(&payment, &paid.money) {
        report_mismatch(&payment, &paid.payment_id, &paid.money);
        return Ok(());
    }
    match settlement::credit(&mut tx, &payment, &paid.payment_id, app.clock.now()).await {
        Ok(true) => commit_and_tell(app, tx, payment.user_id, "paid").await,
        Ok(false) => Ok(()),
        Err(Error::OtherPayment) => {
            report_mismatch(&payment, &paid.payment_id, &paid.money);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

async fn fail(app: &AppState, failed: &Payment) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let Some(payment) = lock_order(&mut tx, failed.order_id.as_deref()).await? else { return Ok(()) };
    if store::mark_failed(&mut tx, payment.payment_id).await? {
        tx.commit().await?;
        settlement::count("failed");
    }
    Ok(())
}

async fn take_refund(app: &AppState, refund: &Refund) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let payment = match &refund.order_id {
        Some(order) => lock_order(&mut tx, Some(order)).await?,
        None => store::lock_by_payment(&mut tx, RAZORPAY, &refund.payment_id).await?,
    };
    let Some(payment) = payment else { return Ok(()) };
    if refund.money.currency != Razorpay::CURRENCY || refund.money.amount.0 <= 0 {
        report_mismatch(&payment, &refund.payment_id, &refund.money);
        return Ok(());
    }
    if settlement::refund(&mut tx, &payment, refund, app.clock.now()).await? {
        commit_and_tell(app, tx, payment.user_id, "refunded").await?;
    }
    Ok(())
}

async fn lock_order(db: &mut PgConnection, order: Option<&str>) -> Result<Option<PaymentRow>, Error> {
    let Some(order) = order else { return Ok(None) };
    let payment = store::lock_by_order(db, RAZORPAY, order).await?;
    if payment.is_none() {
        tracing::warn!(order, "a webhook of an order that was not made here");
    }
    Ok(payment)
}

fn is_price(payment: &PaymentRow, money: &Money) -> bool {
    money.amount == payment.amount && money.currency == Razorpay::CURRENCY
}

/// Money that does not fit its order is for a person to look at: it is never credited.
fn report_mismatch(payment: &PaymentRow, provider_payment: &str, money: &Money) {
    settlement::count("mismatched");
    tracing::error!(
        payment.id = payment.payment_id.0,
        provider_payment,
        amount = money.amount.0,
        currency = money.currency,
        expected = payment.amount.0,
        "a webhook does not fit its order"
    );
}

async fn commit_and_tell(
    app: &AppState,
    mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
    user: UserId,
    outcome: &'static str,
) -> Result<(), Error> {
    let wallet = wallet::find(&mut tx, user).await?;
    tx.commit().await?;
    wallet::tell(app, &wallet);
    settlement::count(outcome);
    Ok(())
}
