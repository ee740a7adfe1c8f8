use saathii_shared_types::payments::{Recharge, RechargeHistory, RechargeRequest, VerifyRecharge};

use super::Page;
use crate::{Client, Error, IdempotencyKey, transport::Request};

/// Buying coins (`client.recharges()`).
#[derive(Clone, Copy)]
pub struct RechargesApi<'a> {
    pub(crate) client: &'a Client,
    pub(crate) key: Option<&'a IdempotencyKey>,
}

impl<'a> RechargesApi<'a> {
    /// Has the next action bear this key instead of a new one.
    #[must_use]
    pub fn with_key(self, key: &'a IdempotencyKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Buys coins for one of the prices of [`CallsApi::rates`](crate::CallsApi::rates); `method` is free text for one's
    /// own history.
    ///
    /// Where the answer bears an `order`, nothing is paid yet: hand the order to the provider's checkout, and what that
    /// returns to [`verify`](Self::verify).
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// let recharge = client.recharges().buy(150, Some("upi")).await?;
    /// match recharge.order {
    ///     None => println!("{} coins, {} in all", recharge.coins_added, recharge.new_balance),
    ///     Some(order) => println!("Pay order {} of {}", order.order_id, order.provider),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn buy(&self, amount_rupees: i64, method: Option<&str>) -> Result<Recharge, Error> {
        let body = RechargeRequest { amount_rupees, payment_method: method.map(str::to_owned) };
        self.client.inner.call(&Request::post("/calls/recharge").json(&body)?.once(self.key)).await
    }

    /// Says that an order is paid, with what the checkout returned; the provider says so by itself as well, and coins
    /// come once.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     client: saathii_sdk::Client, order: String, payment: String, signature: String,
    /// # ) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::types::payments::VerifyRecharge;
    ///
    /// let proof = VerifyRecharge {
    ///     razorpay_order_id: order,
    ///     razorpay_payment_id: payment,
    ///     razorpay_signature: signature,
    /// };
    /// println!("{} coins", client.recharges().verify(&proof).await?.new_balance);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn verify(&self, proof: &VerifyRecharge) -> Result<Recharge, Error> {
        self.client.inner.call(&Request::post("/calls/recharge/verify").json(proof)?.once(self.key)).await
    }

    /// One's purchases, the newest first.
    pub async fn history(&self, page: Page) -> Result<RechargeHistory, Error> {
        self.client.inner.call(&page.of(Request::get("/calls/recharge/history"))).await
    }
}
