use saathii_shared_types::{
    UserId,
    social::{BlockRequest, BlockState, BlockedPage, UnblockRequest},
};

use super::Page;
use crate::{Client, Error, transport::Request};

/// People to hear nothing of (`client.blocks()`).
#[derive(Clone, Copy)]
pub struct BlocksApi<'a> {
    pub(crate) client: &'a Client,
}

impl BlocksApi<'_> {
    /// Blocks somebody: neither sees or calls the other any more, and a call that they are in ends. `reason` is for
    /// oneself; twice is as good as once.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client, user: saathii_sdk::types::UserId) -> Result<(), saathii_sdk::Error> {
    /// client.blocks().add(user, Some("Rude")).await?;
    /// assert!(client.blocks().contains(user).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn add(&self, user: UserId, reason: Option<&str>) -> Result<BlockState, Error> {
        let body = BlockRequest { blocked_id: user, reason: reason.map(str::to_owned) };
        self.client.inner.call(&Request::post("/block").json(&body)?.repeatable()).await
    }

    /// Blocks somebody no longer; twice is as good as once.
    pub async fn remove(&self, user: UserId) -> Result<BlockState, Error> {
        let body = UnblockRequest { blocked_id: user };
        self.client.inner.call(&Request::delete("/block").json(&body)?.repeatable()).await
    }

    /// Whom one blocks, the latest first.
    pub async fn list(&self, page: Page) -> Result<BlockedPage, Error> {
        self.client.inner.call(&page.of(Request::get("/blocked"))).await
    }

    /// Whether one blocks somebody; whether they block oneself is not told.
    pub async fn contains(&self, user: UserId) -> Result<bool, Error> {
        let path = format!("/block/check/{user}");
        Ok(self.client.inner.call::<BlockState>(&Request::get(path)).await?.is_blocked)
    }
}
