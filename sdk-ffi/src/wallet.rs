use saathii_sdk::Page;
use saathii_shared_types::wallet::{CoinBalance, EarningsPage, TransactionPage, TransactionType, WalletBalance};

use crate::{SaathiiClient, SaathiiError, runtime::run};

#[uniffi::export]
impl SaathiiClient {
    /// One's coins, and how many one ever got and spent.
    pub async fn coins(&self) -> Result<CoinBalance, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.wallet().coins().await }).await
    }

    /// One's coins and earnings.
    pub async fn wallet_balance(&self) -> Result<WalletBalance, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.wallet().balance().await }).await
    }

    /// What one's calls as a listener earned, the newest first; pages from 1.
    pub async fn earnings(&self, page: u32, per_page: u32) -> Result<EarningsPage, SaathiiError> {
        let client = self.client.clone();
        let page = Page { number: page, size: per_page };
        run(async move { client.wallet().earnings(page).await }).await
    }

    /// Every movement of one's wallet, or those of one type, the newest first; pages from 1.
    #[uniffi::method(default(tx_type = None))]
    pub async fn transactions(
        &self,
        page: u32,
        per_page: u32,
        tx_type: Option<TransactionType>,
    ) -> Result<TransactionPage, SaathiiError> {
        let client = self.client.clone();
        let page = Page { number: page, size: per_page };
        run(async move { client.wallet().transactions(tx_type, page).await }).await
    }
}
