//! Refunds, over the front doors of the rooms: only Razorpay tells of one, and here nobody pays through it.

use saathii_server::{state::AppState, wallet};
use saathii_shared_types::{Coins, PaymentId, UserId};

use super::request::Answer;

/// Gives the whole price of a purchase back, and takes its coins, as far as they are there.
pub(super) async fn perform(app: &AppState, payment: i64) -> sqlx::Result<Answer> {
    let mut tx = app.db.begin().await?;
    let row: Option<(i64, i64)> = sqlx::query_as(
        "SELECT user_id, coins FROM payments WHERE payment_id = $1 AND status = 'paid' FOR NO KEY UPDATE",
    )
    .bind(payment)
    .fetch_optional(&mut *tx)
    .await?;
    let Some((user, coins)) = row else { return Ok(Answer::refused(409, "not_refundable")) };
    let (user, now) = (UserId(user), app.clock.now());
    let taken = wallet::take_back_purchase(&mut tx, user, PaymentId(payment), 1, Coins(coins), now).await?;
    sqlx::query(
        "INSERT INTO payment_refunds (provider, provider_refund_id, payment_id, provider_payment_id, amount_paise,
                                      created_at, part, coins_taken_back)
         SELECT provider, 'refund-' || payment_id, payment_id, 'sandbox', amount_paise, $2, 1, $3
         FROM payments WHERE payment_id = $1",
    )
    .bind(payment)
    .bind(now)
    .bind(taken.0)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE payments SET status = 'refunded', refunded_paise = amount_paise, coins_taken_back = $2
         WHERE payment_id = $1",
    )
    .bind(payment)
    .bind(taken.0)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Answer::ok())
}
