use saathii_shared_types::{
    Message, UserId,
    presence::{StatusPatch, UserPresence, UserStatus},
};

use crate::{Client, Error, heartbeat, transport::Request};

/// As many as the server takes at a time.
const MOST_AT_ONCE: usize = 500;

/// Who is there, and who is free (`client.presence()`).
#[derive(Clone, Copy)]
pub struct PresenceApi<'a> {
    pub(crate) client: &'a Client,
}

impl PresenceApi<'_> {
    /// One's own status.
    pub async fn my_status(&self) -> Result<UserStatus, Error> {
        self.client.inner.call(&Request::get("/users/me/status")).await
    }

    /// Changes what the patch names; everybody is told.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::types::presence::StatusPatch;
    ///
    /// let busy = StatusPatch { is_busy: Some(true), ..StatusPatch::default() };
    /// assert!(client.presence().update_status(&busy).await?.is_busy);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_status(&self, patch: &StatusPatch) -> Result<UserStatus, Error> {
        self.client.inner.call(&Request::put("/users/me/status").json(patch)?).await
    }

    /// Says once that one is there; [`Client::set_foreground`] does so regularly.
    pub async fn send_heartbeat(&self) -> Result<(), Error> {
        self.client.inner.call::<Message>(&heartbeat::request()).await.map(|_| ())
    }

    /// Somebody's presence.
    pub async fn of(&self, user: UserId) -> Result<UserPresence, Error> {
        self.client.inner.call(&Request::get(format!("/users/{user}/presence"))).await
    }

    /// The presence of many in the order asked, without those who do not exist.
    pub async fn of_many(&self, users: &[UserId]) -> Result<Vec<UserPresence>, Error> {
        let mut found = Vec::with_capacity(users.len());
        for users in users.chunks(MOST_AT_ONCE) {
            let ids: Vec<String> = users.iter().map(ToString::to_string).collect();
            let request = Request::get("/users/presence").query("user_ids", &ids.join(","));
            found.extend(self.client.inner.call::<Vec<UserPresence>>(&request).await?);
        }
        Ok(found)
    }
}
