use saathii_shared_types::{
    Earnings, ErrorCode,
    wallet::Withdrawal,
    withdrawals::{PayoutDestination, PayoutDetails, WithdrawRequest, WithdrawalPage},
};

use super::Page;
use crate::{Client, Error, IdempotencyKey, transport::Request};

/// Having earnings paid out (`client.withdrawals()`).
#[derive(Clone, Copy)]
pub struct WithdrawalsApi<'a> {
    pub(crate) client: &'a Client,
    pub(crate) key: Option<&'a IdempotencyKey>,
}

impl<'a> WithdrawalsApi<'a> {
    /// Has the next request bear this key instead of a new one.
    #[must_use]
    pub fn with_key(self, key: &'a IdempotencyKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Asks for earnings to be paid; they are set aside at once, until an admin pays or rejects.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::types::{Earnings, withdrawals::PayoutDetails};
    ///
    /// let details = PayoutDetails::Upi { upi_id: "jane@okbank".into() };
    /// client.withdrawals().set_bank_details(&details).await?;
    /// match client.withdrawals().request(Earnings(1000)).await {
    ///     Ok(withdrawal) => println!("On its way to {}", withdrawal.destination),
    ///     Err(error) => match error.missing_earnings() {
    ///         Some(missing) => println!("You have earned {} of {}", missing.available, missing.required),
    ///         None => return Err(error),
    ///     },
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn request(&self, amount: Earnings) -> Result<Withdrawal, Error> {
        let body = WithdrawRequest { amount };
        self.client.inner.call(&Request::post("/wallet/withdraw").json(&body)?.once(self.key)).await
    }

    /// One's withdrawals, the newest first.
    pub async fn history(&self, page: Page) -> Result<WithdrawalPage, Error> {
        self.client.inner.call(&page.of(Request::get("/wallet/withdrawals"))).await
    }

    /// Where one is paid, masked; `None` where nothing is kept.
    pub async fn bank_details(&self) -> Result<Option<PayoutDestination>, Error> {
        match self.client.inner.call(&Request::get("/wallet/bank-details")).await {
            Ok(destination) => Ok(Some(destination)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Says where one is paid; withdrawals that are open go where they were to go.
    pub async fn set_bank_details(&self, details: &PayoutDetails) -> Result<PayoutDestination, Error> {
        self.client.inner.call(&Request::put("/wallet/bank-details").json(details)?).await
    }
}
