use std::{io, path::Path};

use saathii_shared_types::{
    Message,
    users::{ProfilePatch, UserProfile},
};
use tokio::task::spawn_blocking;

use crate::{Client, Error, file::Replacement, transport::Request};

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

    /// Everything that the server keeps about oneself, as one JSON object; at most three times an hour.
    pub async fn export(&self) -> Result<serde_json::Value, Error> {
        let answer = self.client.inner.open(&export()).await?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(Error::of_request)?;
        serde_json::from_slice(&body).map_err(|error| Error::Unexpected { status, reason: error.to_string() })
    }

    /// The same into a file as it arrives, however long; all of it or nothing.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// client.users().export_to("my-data.json").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn export_to(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref().to_owned();
        // Before the request, which counts against a limit.
        let mut file = on_disk(move || Replacement::of(&path)).await?;
        let mut answer = self.client.inner.open(&export()).await?;
        while let Some(piece) = answer.chunk().await.map_err(Error::of_request)? {
            file = on_disk(move || file.write(&piece).map(|()| file)).await?;
        }
        on_disk(move || file.finish()).await
    }

    /// Deletes the account and signs out.
    pub async fn delete(&self) -> Result<(), Error> {
        let session = &self.client.inner.session;
        let _leaving = session.leaving();
        let _: Message = self.client.inner.call(&Request::delete("/users/me")).await?;
        session.forget().await
    }
}

/// Counts against a limit: a broken one is the caller's to ask for again.
fn export() -> Request {
    Request::get("/users/me/export").unrepeatable().transfer()
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, Error> {
    spawn_blocking(work).await.map_err(Error::internal)?.map_err(Error::file)
}
