//! Signing in, step by step: each step is a value that only the step before gives.

use std::fmt;

use saathii_shared_types::{
    ErrorCode, Message,
    auth::{OtpRequest, OtpVerified, RegisterRequest, TokenPair, VerifyOtpRequest},
    users::{Role, Sex},
};

use crate::{Client, Error, transport::Request};

/// A code is on its way to a phone.
#[derive(Clone)]
pub struct OtpSent {
    client: Client,
    phone: String,
}

/// What a resend did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resent {
    /// The code of before was sent once more.
    Again,
    /// That code had expired: a new one was sent.
    Anew,
}

/// What a proven phone may do next.
#[derive(Debug)]
pub enum Verified {
    /// The phone has an account, and it is signed in.
    SignedIn,
    /// The phone is new: it must register.
    NeedsRegistration(Registration),
}

/// A proven phone without an account, good for ten minutes.
pub struct Registration {
    client: Client,
    token: String,
}

/// Who registers; what is not asked for may stay empty.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// 3–30 of letters, digits and `_ . -`; unique without regard to case.
    pub username: String,
    /// As in the profile.
    pub sex: Sex,
    /// Date of birth.
    pub dob: Option<chrono::NaiveDate>,
    /// A few words.
    pub bio: Option<String>,
    /// What one likes to talk about.
    pub interests: Option<Vec<String>>,
    /// A picture.
    pub profile_image_url: Option<String>,
    /// An ISO 639 code.
    pub preferred_language: Option<String>,
    /// `User`, the default, or `Listener`.
    pub role: Option<Role>,
}

impl NewUser {
    /// The least that registers.
    ///
    /// ```
    /// use saathii_sdk::{NewUser, types::users::{Role, Sex}};
    ///
    /// let listener = NewUser { role: Some(Role::Listener), ..NewUser::new("asha", Sex::Female) };
    /// assert_eq!(listener.bio, None);
    /// ```
    pub fn new(username: impl Into<String>, sex: Sex) -> Self {
        Self {
            username: username.into(),
            sex,
            dob: None,
            bio: None,
            interests: None,
            profile_image_url: None,
            preferred_language: None,
            role: None,
        }
    }
}

/// A step that failed, with the state to try it again from.
pub struct Failed<S> {
    /// Why.
    pub error: Error,
    /// Where to go on; `None` where only a new code helps.
    pub again: Option<S>,
}

impl<S> fmt::Debug for Failed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failed").field("error", &self.error).field("again", &self.again.is_some()).finish()
    }
}

impl<S> fmt::Display for Failed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<S> std::error::Error for Failed<S> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl<S> From<Failed<S>> for Error {
    fn from(failed: Failed<S>) -> Self {
        failed.error
    }
}

impl OtpSent {
    pub(super) fn new(client: Client, phone: String) -> Self {
        Self { client, phone }
    }

    /// The phone as it was given.
    pub fn phone(&self) -> &str {
        &self.phone
    }

    /// Has the code sent again, at most once a minute.
    pub async fn resend(&self) -> Result<Resent, Error> {
        let request = Request::post("/auth/resend_otp").json(&OtpRequest { phone: self.phone.clone() })?;
        let answer: Message = self.client.inner.transport.send(&request, None).await?;
        Ok(if answer.message == "OTP sent" { Resent::Anew } else { Resent::Again })
    }

    /// Proves the phone with the code that arrived; a wrong code gives this state back.
    pub async fn verify(self, code: &str) -> Result<Verified, Failed<Self>> {
        match self.send_code(code).await {
            Ok(OtpVerified::Registered { access_token, refresh_token }) => {
                self.client.inner.session.establish(TokenPair { access_token, refresh_token }).await;
                Ok(Verified::SignedIn)
            }
            Ok(OtpVerified::NeedsRegistration { registration_token }) => {
                Ok(Verified::NeedsRegistration(Registration { client: self.client, token: registration_token }))
            }
            Err(error) => Err(Failed { error, again: Some(self) }),
        }
    }

    async fn send_code(&self, code: &str) -> Result<OtpVerified, Error> {
        let body = VerifyOtpRequest { phone: self.phone.clone(), otp: code.trim().to_owned() };
        let request = Request::post("/auth/verify").json(&body)?;
        self.client.inner.transport.send(&request, None).await
    }
}

impl Registration {
    /// Makes the account and signs it in; a taken username or an invalid field gives this state back.
    ///
    /// Where the answer is lost the account may exist: then a new code signs in.
    pub async fn register(self, user: &NewUser) -> Result<(), Failed<Self>> {
        match self.send_profile(user).await {
            Ok(tokens) => {
                self.client.inner.session.establish(tokens).await;
                Ok(())
            }
            Err(error) => {
                // A registration token that is spent or expired opens nothing more.
                let is_over = error.is_unauthorized() || error.code() == ErrorCode::RegistrationSpent;
                Err(Failed { error, again: (!is_over).then_some(self) })
            }
        }
    }

    async fn send_profile(&self, user: &NewUser) -> Result<TokenPair, Error> {
        let user = user.clone();
        let body = RegisterRequest {
            registration_token: self.token.clone(),
            username: user.username,
            sex: user.sex,
            dob: user.dob,
            bio: user.bio,
            interests: user.interests,
            profile_image_url: user.profile_image_url,
            preferred_language: user.preferred_language,
            role: user.role,
        };
        let request = Request::post("/auth/register").json(&body)?;
        self.client.inner.transport.send(&request, None).await
    }
}

impl fmt::Debug for OtpSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtpSent").finish_non_exhaustive()
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}
