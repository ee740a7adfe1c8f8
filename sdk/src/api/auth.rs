use saathii_shared_types::{Message, auth::OtpRequest};

use super::OtpSent;
use crate::{Client, Error, transport::Request};

/// Signing in and out (`client.auth()`).
#[derive(Clone, Copy)]
pub struct AuthApi<'a> {
    pub(crate) client: &'a Client,
}

impl AuthApi<'_> {
    /// Has a code sent to a phone, the first step of signing in.
    ///
    /// ```no_run
    /// # async fn example(client: saathii_sdk::Client, code: &str) -> Result<(), saathii_sdk::Error> {
    /// use saathii_sdk::{NewUser, Verified, types::users::Sex};
    ///
    /// let sent = client.auth().request_otp("+919876543210").await?;
    /// match sent.verify(code).await? {
    ///     Verified::SignedIn => println!("Welcome back"),
    ///     Verified::NeedsRegistration(registration) => {
    ///         registration.register(&NewUser::new("asha", Sex::Female)).await?;
    ///         println!("Welcome");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn request_otp(&self, phone: impl Into<String>) -> Result<OtpSent, Error> {
        let phone = phone.into();
        let request = Request::post("/auth/request_otp").json(&OtpRequest { phone: phone.clone() })?;
        let _: Message = self.client.inner.transport.send(&request, None).await?;
        Ok(OtpSent::new(self.client.clone(), phone))
    }

    /// Renews the tokens now; calls and sockets do so by themselves when it is time.
    pub async fn refresh(&self) -> Result<(), Error> {
        self.client.inner.session.renew().await
    }

    /// Signs out everywhere. On failure the server knows nothing of it, and one is still signed in.
    pub async fn logout(&self) -> Result<(), Error> {
        let session = &self.client.inner.session;
        let _leaving = session.leaving();
        let request = Request::post("/auth/logout").repeatable();
        match self.client.inner.call::<Message>(&request).await {
            // Whoever repeats a logout whose answer was lost is signed out already.
            Ok(_) | Err(Error::SignedOut) => session.forget().await,
            Err(error) if error.is_unauthorized() => session.forget().await,
            Err(error) => Err(error),
        }
    }

    /// Signs out on this device without asking the server, for whom the login goes on until it expires.
    pub async fn forget(&self) -> Result<(), Error> {
        self.client.inner.session.forget().await
    }
}
