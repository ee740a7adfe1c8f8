use saathii_sdk::Page;
use saathii_shared_types::{
    Earnings,
    wallet::Withdrawal,
    withdrawals::{PayoutDestination, PayoutDetails, WithdrawalPage},
};

use crate::{
    SaathiiClient, SaathiiError,
    recharges::parse_key,
    runtime::{run, run_to_end},
};

#[uniffi::export]
impl SaathiiClient {
    /// Asks for earnings to be paid; they are set aside at once. Goes on where its caller goes away.
    #[uniffi::method(default(idempotency_key = None))]
    pub async fn request_withdrawal(
        &self,
        amount: Earnings,
        idempotency_key: Option<String>,
    ) -> Result<Withdrawal, SaathiiError> {
        let client = self.client.clone();
        run_to_end(async move {
            let key = parse_key(idempotency_key)?;
            let mut api = client.withdrawals();
            if let Some(key) = &key {
                api = api.with_key(key);
            }
            api.request(amount).await
        })
        .await
    }

    /// One's withdrawals, the newest first; pages from 1.
    pub async fn withdrawals(&self, page: u32, per_page: u32) -> Result<WithdrawalPage, SaathiiError> {
        let client = self.client.clone();
        let page = Page { number: page, size: per_page };
        run(async move { client.withdrawals().history(page).await }).await
    }

    /// Where one is paid, masked; null where nothing is kept.
    pub async fn bank_details(&self) -> Result<Option<PayoutDestination>, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.withdrawals().bank_details().await }).await
    }

    /// Says where one is paid; withdrawals that are open go where they were to go.
    pub async fn set_bank_details(&self, details: PayoutDetails) -> Result<PayoutDestination, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.withdrawals().set_bank_details(&details).await }).await
    }
}
