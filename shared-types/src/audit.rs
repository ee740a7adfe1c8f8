//! What was done by the power of a role.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::UserId;

/// Something that was done, by whom and to whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "entry_id": 7, "actor": "admin", "actor_id": 1, "actor_username": "the.boss", "action": "user.suspend",
    "subject_kind": "user", "subject_id": 456, "before": {"suspended_at": null},
    "after": {"suspended_at": "2024-01-15T10:30:00Z", "reason": "Insulted callers"}, "address": "203.0.113.9",
    "user_agent": "Mozilla/5.0", "created_at": "2024-01-15T10:30:00Z"
})))]
pub struct AuditEntry {
    pub entry_id: i64,
    /// `admin`, `command_line` or `configuration`.
    pub actor: String,
    /// Of an admin.
    pub actor_id: Option<UserId>,
    pub actor_username: Option<String>,
    /// Like `user.suspend`.
    pub action: String,
    /// Like `user`.
    pub subject_kind: String,
    pub subject_id: i64,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub before: Option<serde_json::Value>,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub after: Option<serde_json::Value>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "entries": [{
        "entry_id": 7, "actor": "admin", "actor_id": 1, "actor_username": "the.boss", "action": "user.suspend",
        "subject_kind": "user", "subject_id": 456, "before": {"suspended_at": null},
        "after": {"suspended_at": "2024-01-15T10:30:00Z", "reason": "Insulted callers"}, "address": "203.0.113.9",
        "user_agent": "Mozilla/5.0", "created_at": "2024-01-15T10:30:00Z"
    }],
    "page": 1, "per_page": 20, "has_next": false, "has_previous": false
})))]
pub struct AuditPage {
    /// The newest first.
    pub entries: Vec<AuditEntry>,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}
