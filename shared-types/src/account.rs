//! What admins do with whole accounts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::UserId;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "reason": "Insulted callers", "until": "2024-02-15T00:00:00Z"
})))]
pub struct SuspendRequest {
    /// Told to the person; 1 to 500 characters.
    pub reason: String,
    /// Ends by itself then; without it, when it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 456, "is_suspended": true, "suspended_at": "2024-01-15T10:30:00Z",
    "suspended_until": "2024-02-15T00:00:00Z", "reason": "Insulted callers"
})))]
pub struct SuspensionState {
    pub user_id: UserId,
    pub is_suspended: bool,
    pub suspended_at: Option<DateTime<Utc>>,
    /// None: until it is lifted.
    pub suspended_until: Option<DateTime<Utc>>,
    pub reason: Option<String>,
}
