//! Who somebody is (contract §User Management).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{UserId, patch::nullable};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Sex {
    Female,
    Male,
    Other,
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Role {
    User,
    Listener,
    Admin,
}

/// One's own profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 123, "phone": "+919876543210", "username": "alice", "sex": "female", "dob": "2000-01-01",
    "bio": "Professional listener", "interests": ["music", "tech"],
    "profile_image_url": "https://example.com/alice.jpg", "preferred_language": "en",
    "rating": 4.8, "country": "IN", "roles": ["listener"]
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct UserProfile {
    pub user_id: UserId,
    /// E.164.
    pub phone: String,
    pub username: String,
    pub sex: Sex,
    pub dob: Option<NaiveDate>,
    pub bio: Option<String>,
    pub interests: Vec<String>,
    pub profile_image_url: Option<String>,
    pub preferred_language: Option<String>,
    /// The callers' mean, 0 before the first; 1 to 5 after.
    pub rating: f64,
    /// ISO 3166 alpha-2, from the phone number.
    pub country: Option<String>,
    pub roles: Vec<Role>,
}

/// Any subset of the profile; null clears what may be empty. `rating` is accepted and ignored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "username": "newname", "bio": "Updated bio", "interests": ["music", "tech", "art"],
    "profile_image_url": "https://example.com/new.jpg", "preferred_language": "en"
})))]
pub struct ProfilePatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub bio: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub interests: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub profile_image_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub preferred_language: Option<Option<String>>,
}
