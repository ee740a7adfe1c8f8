//! Listeners to call (contract §Feed System).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    UserId,
    users::{Role, Sex},
};

/// A listener's card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 123, "username": "john_doe", "sex": "male", "bio": "Professional listener",
    "interests": ["music", "tech"], "profile_image_url": "https://example.com/john.jpg",
    "preferred_language": "en", "rating": 4.5, "country": "IN", "roles": ["listener"],
    "is_online": true, "last_seen": "2024-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FeedListener {
    pub user_id: UserId,
    pub username: String,
    pub sex: Sex,
    pub bio: Option<String>,
    pub interests: Vec<String>,
    pub profile_image_url: Option<String>,
    pub preferred_language: Option<String>,
    pub rating: f64,
    pub country: Option<String>,
    pub roles: Vec<Role>,
    pub is_online: bool,
    pub last_seen: DateTime<Utc>,
    pub is_busy: bool,
    pub busy_until: Option<DateTime<Utc>>,
    pub is_available: bool,
}

/// A page of listeners: available first, then online, then by rating, then by id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "listeners": [{
        "user_id": 123, "username": "john_doe", "sex": "male", "bio": "Professional listener",
        "interests": ["music", "tech"], "profile_image_url": "https://example.com/john.jpg",
        "preferred_language": "en", "rating": 4.5, "country": "IN", "roles": ["listener"], "is_online": true,
        "last_seen": "2024-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true
    }],
    "total_count": 150, "online_count": 45, "available_count": 38,
    "page": 1, "per_page": 20, "has_next": true, "has_previous": false
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FeedPage {
    pub listeners: Vec<FeedListener>,
    /// Listeners that match the filters.
    pub total_count: i64,
    pub online_count: i64,
    pub available_count: i64,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}

/// How many listeners there are, in all and right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "total_listeners": 150, "online_listeners": 45, "available_listeners": 38, "busy_listeners": 7
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FeedStats {
    pub total_listeners: i64,
    pub online_listeners: i64,
    pub available_listeners: i64,
    /// Online and busy.
    pub busy_listeners: i64,
}
