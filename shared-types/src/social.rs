//! Favorites and blocks.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{UserId, feed::FeedListener};

/// Which listener.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({"listener_id": 123})))]
pub struct FavoriteRequest {
    pub listener_id: UserId,
}

/// Whether a listener is one's favorite now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "success": true, "message": "Added to favorites", "listener_id": 123, "is_favorited": true
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FavoriteState {
    pub success: bool,
    pub message: String,
    pub listener_id: UserId,
    pub is_favorited: bool,
}

/// A favorite, as in the feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 123, "username": "john_doe", "sex": "male", "bio": "Professional listener",
    "interests": ["music", "tech"], "profile_image_url": "https://example.com/john.jpg",
    "preferred_language": "en", "rating": 4.5, "country": "IN", "roles": ["listener"], "is_online": true,
    "last_seen": "2024-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true,
    "favorited_at": "2024-01-10T08:00:00Z"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Favorite {
    #[serde(flatten)]
    pub listener: FeedListener,
    pub favorited_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "favorites": [{
        "user_id": 123, "username": "john_doe", "sex": "male", "bio": "Professional listener",
        "interests": ["music", "tech"], "profile_image_url": "https://example.com/john.jpg",
        "preferred_language": "en", "rating": 4.5, "country": "IN", "roles": ["listener"], "is_online": true,
        "last_seen": "2024-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true,
        "favorited_at": "2024-01-10T08:00:00Z"
    }],
    "total_count": 1, "page": 1, "per_page": 20, "has_next": false, "has_previous": false
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FavoritePage {
    /// The latest first.
    pub favorites: Vec<Favorite>,
    pub total_count: i64,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "blocked_id": 456, "reason": "Rude"
})))]
pub struct BlockRequest {
    pub blocked_id: UserId,
    /// For oneself; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({"blocked_id": 456})))]
pub struct UnblockRequest {
    pub blocked_id: UserId,
}

/// Whether one blocks somebody now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "success": true, "message": "User blocked", "blocked_id": 456, "is_blocked": true
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BlockState {
    pub success: bool,
    pub message: String,
    pub blocked_id: UserId,
    /// By oneself; whether the other blocks oneself is not told.
    pub is_blocked: bool,
}

/// Somebody whom one blocks: as in the feed, and how they are now is not told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 456, "username": "rude_one", "sex": "male", "bio": null, "interests": [], "profile_image_url": null,
    "preferred_language": "en", "rating": 0.0, "country": "IN", "roles": ["user"], "is_online": false,
    "last_seen": "2024-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": false,
    "blocked_at": "2024-01-15T10:30:00Z", "reason": "Rude"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Blocked {
    #[serde(flatten)]
    pub user: FeedListener,
    pub blocked_at: DateTime<Utc>,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "blocked": [{
        "user_id": 456, "username": "rude_one", "sex": "male", "bio": null, "interests": [], "profile_image_url": null,
        "preferred_language": "en", "rating": 0.0, "country": "IN", "roles": ["user"], "is_online": false,
        "last_seen": "2024-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": false,
        "blocked_at": "2024-01-15T10:30:00Z", "reason": "Rude"
    }],
    "total_count": 1, "page": 1, "per_page": 20, "has_next": false, "has_previous": false
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BlockedPage {
    /// The latest first.
    pub blocked: Vec<Blocked>,
    pub total_count: i64,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}
