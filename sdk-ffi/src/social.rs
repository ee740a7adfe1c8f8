use saathii_sdk::Page;
use saathii_shared_types::{
    CallId, UserId,
    reports::ReportReceived,
    social::{BlockState, BlockedPage, FavoritePage, FavoriteState},
};

use crate::{SaathiiClient, SaathiiError, runtime::run};

#[uniffi::export]
impl SaathiiClient {
    /// Adds a listener to one's favorites; twice is as good as once.
    pub async fn add_favorite(&self, listener: UserId) -> Result<FavoriteState, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.favorites().add(listener).await }).await
    }

    /// Takes a listener out of one's favorites; twice is as good as once.
    pub async fn remove_favorite(&self, listener: UserId) -> Result<FavoriteState, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.favorites().remove(listener).await }).await
    }

    /// One's favorites, the latest first; pages from 1.
    pub async fn favorites(&self, page: u32, per_page: u32) -> Result<FavoritePage, SaathiiError> {
        let client = self.client.clone();
        let page = Page { number: page, size: per_page };
        run(async move { client.favorites().list(page).await }).await
    }

    /// Whether a listener is among one's favorites.
    pub async fn is_favorite(&self, listener: UserId) -> Result<bool, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.favorites().contains(listener).await }).await
    }

    /// Blocks somebody: neither sees or calls the other any more; twice is as good as once.
    #[uniffi::method(default(reason = None))]
    pub async fn block(&self, user: UserId, reason: Option<String>) -> Result<BlockState, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.blocks().add(user, reason.as_deref()).await }).await
    }

    /// Blocks somebody no longer; twice is as good as once.
    pub async fn unblock(&self, user: UserId) -> Result<BlockState, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.blocks().remove(user).await }).await
    }

    /// Whom one blocks, the latest first; pages from 1.
    pub async fn blocked(&self, page: u32, per_page: u32) -> Result<BlockedPage, SaathiiError> {
        let client = self.client.clone();
        let page = Page { number: page, size: per_page };
        run(async move { client.blocks().list(page).await }).await
    }

    /// Whether one blocks somebody; whether they block oneself is not told.
    pub async fn is_blocked(&self, user: UserId) -> Result<bool, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.blocks().contains(user).await }).await
    }

    /// Tells the moderators about somebody, with a call as evidence where there is one.
    #[uniffi::method(default(call = None))]
    pub async fn report(
        &self,
        user: UserId,
        reason: String,
        call: Option<CallId>,
    ) -> Result<ReportReceived, SaathiiError> {
        let client = self.client.clone();
        run(async move { client.reports().send(user, call, reason).await }).await
    }
}
