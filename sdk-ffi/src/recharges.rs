use std::sync::Arc;

use saathii_sdk::{CallSession, Error, IdempotencyKey, Page};
use saathii_shared_types::payments::{Recharge, RechargeHistory, VerifyRecharge};

use crate::{
    SaathiiClient, SaathiiError,
    runtime::{run, run_to_end},
};

#[uniffi::export]
impl SaathiiClient {
    /// Buys coins for one of the prices of `call_rates`; the call that is followed knows them at once and goes on.
    ///
    /// Where the answer bears an order, nothing is paid yet: hand the order to the provider's checkout, and what that
    /// returns to `verify_recharge`. Goes on where its caller goes away.
    #[uniffi::method(default(payment_method = None, idempotency_key = None))]
    pub async fn recharge(
        &self,
        amount_rupees: i64,
        payment_method: Option<String>,
        idempotency_key: Option<String>,
    ) -> Result<Recharge, SaathiiError> {
        let (client, call) = (self.client.clone(), self.calls.session().ok());
        run_to_end(async move {
            let key = parse_key(idempotency_key)?;
            let mut api = client.recharges();
            if let Some(key) = &key {
                api = api.with_key(key);
            }
            let recharge = api.buy(amount_rupees, payment_method.as_deref()).await?;
            if recharge.order.is_none() {
                look_for_coins(call).await;
            }
            Ok::<_, Error>(recharge)
        })
        .await
    }

    /// Says that an order is paid, with what the checkout returned. Goes on where its caller goes away.
    #[uniffi::method(default(idempotency_key = None))]
    pub async fn verify_recharge(
        &self,
        proof: VerifyRecharge,
        idempotency_key: Option<String>,
    ) -> Result<Recharge, SaathiiError> {
        let (client, call) = (self.client.clone(), self.calls.session().ok());
        run_to_end(async move {
            let key = parse_key(idempotency_key)?;
            let mut api = client.recharges();
            if let Some(key) = &key {
                api = api.with_key(key);
            }
            let recharge = api.verify(&proof).await?;
            look_for_coins(call).await;
            Ok::<_, Error>(recharge)
        })
        .await
    }

    /// One's purchases, the newest first; pages from 1.
    pub async fn recharge_history(&self, page: u32, per_page: u32) -> Result<RechargeHistory, SaathiiError> {
        let client = self.client.clone();
        let page = Page { number: page, size: per_page };
        run(async move { client.recharges().history(page).await }).await
    }
}

pub(crate) fn parse_key(key: Option<String>) -> Result<Option<IdempotencyKey>, Error> {
    key.map(IdempotencyKey::try_from).transpose()
}

async fn look_for_coins(call: Option<Arc<CallSession>>) {
    if let Some(call) = call {
        // The coins are bought; where they cannot be read now, the call reads them later.
        let _ = call.refresh().await;
    }
}
