use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use saathii_sdk::{Code, Failed, chrono::NaiveDate};
use saathii_shared_types::users::{Role, Sex};

use crate::{SaathiiError, runtime};

/// A code is on its way to a phone.
#[derive(uniffi::Object)]
pub struct OtpSent(saathii_sdk::OtpSent);

/// What a proven phone may do next.
#[derive(uniffi::Enum)]
pub enum Verified {
    SignedIn,
    NeedsRegistration { registration: Arc<Registration> },
}

/// Who registers; `dob` as `2000-01-31`.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NewUser {
    pub username: String,
    pub sex: Sex,
    #[uniffi(default = None)]
    pub dob: Option<String>,
    #[uniffi(default = None)]
    pub bio: Option<String>,
    #[uniffi(default = None)]
    pub interests: Option<Vec<String>>,
    #[uniffi(default = None)]
    pub profile_image_url: Option<String>,
    #[uniffi(default = None)]
    pub preferred_language: Option<String>,
    #[uniffi(default = None)]
    pub role: Option<Role>,
}

impl TryFrom<NewUser> for saathii_sdk::NewUser {
    type Error = SaathiiError;

    fn try_from(user: NewUser) -> Result<Self, SaathiiError> {
        let parse = |dob: String| {
            dob.parse::<NaiveDate>().map_err(|error| SaathiiError::failed(Code::Configuration, format!("dob: {error}")))
        };
        Ok(Self {
            username: user.username,
            sex: user.sex,
            dob: user.dob.map(parse).transpose()?,
            bio: user.bio,
            interests: user.interests,
            profile_image_url: user.profile_image_url,
            preferred_language: user.preferred_language,
            role: user.role,
        })
    }
}

impl OtpSent {
    pub(crate) fn new(sent: saathii_sdk::OtpSent) -> Arc<Self> {
        Arc::new(Self(sent))
    }
}

#[uniffi::export]
impl OtpSent {
    /// Has the code sent again, at most once a minute.
    pub async fn resend(&self) -> Result<(), SaathiiError> {
        let sent = self.0.clone();
        runtime::run(async move { sent.resend().await.map(|_| ()) }).await
    }

    /// Proves the phone with the code that arrived; after a wrong one, call it again.
    pub async fn verify(&self, code: String) -> Result<Verified, SaathiiError> {
        let sent = self.0.clone();
        let verified = runtime::run(async move { sent.verify(&code).await.map_err(|failed| failed.error) }).await?;
        Ok(match verified {
            saathii_sdk::Verified::SignedIn => Verified::SignedIn,
            saathii_sdk::Verified::NeedsRegistration(registration) => {
                Verified::NeedsRegistration { registration: Arc::new(Registration(Mutex::new(Some(registration)))) }
            }
        })
    }
}

/// A proven phone without an account, good for ten minutes.
#[derive(uniffi::Object)]
pub struct Registration(Mutex<Option<saathii_sdk::Registration>>);

impl Registration {
    fn state(&self) -> MutexGuard<'_, Option<saathii_sdk::Registration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[uniffi::export]
impl Registration {
    /// Makes the account and signs it in; after a taken username, call it again.
    ///
    /// Goes on where its caller goes away: the account would be made all the same.
    pub async fn register(self: Arc<Self>, user: NewUser) -> Result<(), SaathiiError> {
        let user = user.try_into()?;
        let spent = || SaathiiError::failed(Code::StepUsed, "this registration is over; ask for a new code");
        let registration = self.state().take().ok_or_else(spent)?;
        runtime::run_to_end(async move {
            registration.register(&user).await.map_err(|Failed { error, again }| {
                *self.state() = again;
                error
            })
        })
        .await
    }
}
