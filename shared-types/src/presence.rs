//! Who is there, and who is free (contract §Presence & Status).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{UserId, patch::nullable};

/// One's own status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 123, "is_online": true, "last_seen": "2024-01-15T10:30:00Z", "is_busy": false, "busy_until": null
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct UserStatus {
    pub user_id: UserId,
    pub is_online: bool,
    pub last_seen: DateTime<Utc>,
    pub is_busy: bool,
    pub busy_until: Option<DateTime<Utc>>,
}

/// Any subset of one's status; a null `busy_until` clears it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "is_online": true, "is_busy": false, "busy_until": "2024-01-15T11:00:00Z"
})))]
pub struct StatusPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_online: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_busy: Option<bool>,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DateTime<Utc>>))]
    pub busy_until: Option<Option<DateTime<Utc>>>,
}

/// Somebody's presence as others see it; also the `status` of a `user_status_update` frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 456, "username": "john_doe", "profile_image_url": "https://example.com/john.jpg",
    "is_online": true, "last_seen": "2024-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct UserPresence {
    pub user_id: UserId,
    pub username: String,
    pub profile_image_url: Option<String>,
    pub is_online: bool,
    pub last_seen: DateTime<Utc>,
    pub is_busy: bool,
    pub busy_until: Option<DateTime<Utc>>,
    /// Online and not busy.
    pub is_available: bool,
}
