//! Partial changes, without the nested options that other languages lack.

use std::time::SystemTime;

use saathii_shared_types::{presence::StatusPatch, users::ProfilePatch};

/// A new text, or none.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TextChange {
    Clear,
    Set { value: String },
}

/// A new time, or none.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TimeChange {
    Clear,
    Set { value: SystemTime },
}

/// What to change in one's profile; null leaves it as it is.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct ProfileChanges {
    #[uniffi(default = None)]
    pub username: Option<String>,
    #[uniffi(default = None)]
    pub bio: Option<TextChange>,
    #[uniffi(default = None)]
    pub interests: Option<Vec<String>>,
    #[uniffi(default = None)]
    pub profile_image_url: Option<TextChange>,
    #[uniffi(default = None)]
    pub preferred_language: Option<TextChange>,
}

/// What to change in one's status; null leaves it as it is.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct StatusChanges {
    #[uniffi(default = None)]
    pub is_online: Option<bool>,
    #[uniffi(default = None)]
    pub is_busy: Option<bool>,
    #[uniffi(default = None)]
    pub busy_until: Option<TimeChange>,
}

impl From<TextChange> for Option<String> {
    fn from(change: TextChange) -> Self {
        match change {
            TextChange::Clear => None,
            TextChange::Set { value } => Some(value),
        }
    }
}

impl From<ProfileChanges> for ProfilePatch {
    fn from(changes: ProfileChanges) -> Self {
        Self {
            username: changes.username,
            bio: changes.bio.map(Into::into),
            interests: changes.interests.map(Some),
            profile_image_url: changes.profile_image_url.map(Into::into),
            preferred_language: changes.preferred_language.map(Into::into),
        }
    }
}

impl From<StatusChanges> for StatusPatch {
    fn from(changes: StatusChanges) -> Self {
        let busy_until = changes.busy_until.map(|change| match change {
            TimeChange::Clear => None,
            TimeChange::Set { value } => Some(value.into()),
        });
        Self { is_online: changes.is_online, is_busy: changes.is_busy, busy_until }
    }
}
