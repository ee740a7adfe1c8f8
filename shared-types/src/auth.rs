//! Login by one-time password, registration and tokens (contract §Authentication).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::users::{Role, Sex};

/// Asks for a one-time password by SMS.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({"phone": "+919876543210"})))]
pub struct OtpRequest {
    /// International, or national to the server's default region.
    pub phone: String,
}

/// Proves the phone with the code that arrived.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(
    example = json!({"phone": "+919876543210", "otp": "123456"})
))]
pub struct VerifyOtpRequest {
    pub phone: String,
    /// Six digits.
    pub otp: String,
}

/// What a proven phone may do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum OtpVerified {
    #[cfg_attr(feature = "openapi", schema(title = "Registered", example = json!({
        "status": "registered", "access_token": "eyJ…", "refresh_token": "eyJ…"
    })))]
    Registered { access_token: String, refresh_token: String },
    #[cfg_attr(feature = "openapi", schema(title = "NeedsRegistration", example = json!({
        "status": "needs_registration", "registration_token": "eyJ…"
    })))]
    NeedsRegistration { registration_token: String },
}

/// Makes the account of a proven phone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "registration_token": "eyJ…", "username": "alice", "sex": "female", "dob": "2000-01-01",
    "bio": "Professional listener", "interests": ["music", "tech"],
    "profile_image_url": "https://example.com/alice.jpg", "preferred_language": "en", "role": "listener"
})))]
pub struct RegisterRequest {
    pub registration_token: String,
    /// 3–30 of letters, digits and `_ . -`; unique without regard to case.
    pub username: String,
    pub sex: Sex,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dob: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interests: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_language: Option<String>,
    /// `user` (the default) or `listener`; nobody registers as `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// Trades a refresh token for its successor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({"refresh_token": "eyJ…"})))]
pub struct RefreshRequest {
    pub refresh_token: String,
}

/// Access for minutes, and a single-use token that renews it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(
    example = json!({"access_token": "eyJ…", "refresh_token": "eyJ…"})
))]
pub struct TokenPair {
    pub access_token: String,
    pub refresh_token: String,
}
