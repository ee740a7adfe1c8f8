use saathii_shared_types::{
    Message,
    users::{ProfilePatch, UserProfile},
};

use crate::{Client, Error, transport::Request};

/// One's own profile (`client.users()`).
#[derive(Clone, Copy)]
pub struct UsersApi<'a> {
    pub(crate) client: &'a Client,
}

impl UsersApi<'_> {
    /// One's own profile.
    pub async fn me(&self) -> Result<UserProfile, Error> {
        self.client.inner.call(&Request::get("/users/me")).await
    }

    /// Changes what the patch names and answers with the whole profile.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::types::users::ProfilePatch;
    ///
    /// let patch = ProfilePatch { bio: Some(Some("I listen".into())), ..ProfilePatch::default() };
    /// let profile = client.users().update(&patch).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update(&self, patch: &ProfilePatch) -> Result<UserProfile, Error> {
        self.client.inner.call(&Request::put("/users/me").json(patch)?).await
    }

    /// Deletes the account and signs out.
    pub async fn delete(&self) -> Result<(), Error> {
        let session = &self.client.inner.session;
        let _leaving = session.leaving();
        let _: Message = self.client.inner.call(&Request::delete("/users/me")).await?;
        session.forget().await
    }
}
