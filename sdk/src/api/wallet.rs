use saathii_shared_types::wallet::{CoinBalance, EarningsPage, TransactionPage, TransactionType, WalletBalance};

use super::Page;
use crate::{Client, Error, transport::Request};

/// One's own coins and earnings (`client.wallet()`).
#[derive(Clone, Copy)]
pub struct WalletApi<'a> {
    pub(crate) client: &'a Client,
}

impl WalletApi<'_> {
    /// One's coins, and how many one ever got and spent.
    pub async fn coins(&self) -> Result<CoinBalance, Error> {
        self.client.inner.call(&Request::get("/calls/balance")).await
    }

    /// One's coins and earnings.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// let wallet = client.wallet().balance().await?;
    /// println!("{} coins, {} to be paid out", wallet.balance_coins, wallet.withdrawable_money);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn balance(&self) -> Result<WalletBalance, Error> {
        self.client.inner.call(&Request::get("/wallet/balance")).await
    }

    /// What one's calls as a listener earned, the newest first.
    pub async fn earnings(&self, page: Page) -> Result<EarningsPage, Error> {
        self.client.inner.call(&page.of(Request::get("/wallet/earnings"))).await
    }

    /// Every movement of one's wallet, or those of one type, the newest first.
    pub async fn transactions(&self, tx_type: Option<TransactionType>, page: Page) -> Result<TransactionPage, Error> {
        let mut request = page.of(Request::get("/transactions"));
        if let Some(tx_type) = tx_type {
            request = request.query("tx_type", &tx_type);
        }
        self.client.inner.call(&request).await
    }
}
