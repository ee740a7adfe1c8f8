use saathii_shared_types::{
    UserId,
    social::{FavoritePage, FavoriteRequest, FavoriteState},
};

use super::Page;
use crate::{Client, Error, transport::Request};

/// Listeners to come back to (`client.favorites()`).
#[derive(Clone, Copy)]
pub struct FavoritesApi<'a> {
    pub(crate) client: &'a Client,
}

impl FavoritesApi<'_> {
    /// Adds a listener; twice is as good as once.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client, listener: saathii_sdk::types::UserId) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::Page;
    ///
    /// client.favorites().add(listener).await?;
    /// for favorite in client.favorites().list(Page::default()).await?.favorites {
    ///     println!("{} since {}", favorite.listener.username, favorite.favorited_at);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn add(&self, listener: UserId) -> Result<FavoriteState, Error> {
        let body = FavoriteRequest { listener_id: listener };
        self.client.inner.call(&Request::post("/favorites/add").json(&body)?.repeatable()).await
    }

    /// Takes a listener out; twice is as good as once.
    pub async fn remove(&self, listener: UserId) -> Result<FavoriteState, Error> {
        let body = FavoriteRequest { listener_id: listener };
        self.client.inner.call(&Request::delete("/favorites/remove").json(&body)?.repeatable()).await
    }

    /// One's favorites, the latest first.
    pub async fn list(&self, page: Page) -> Result<FavoritePage, Error> {
        self.client.inner.call(&page.of(Request::get("/favorites"))).await
    }

    /// Whether a listener is one.
    pub async fn contains(&self, listener: UserId) -> Result<bool, Error> {
        let path = format!("/favorites/check/{listener}");
        Ok(self.client.inner.call::<FavoriteState>(&Request::get(path)).await?.is_favorited)
    }
}
