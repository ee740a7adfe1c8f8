//! Complaints about people, and what moderators made of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{CallId, ReportId, UserId};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 456, "call_id": 789, "reason": "Asked for my address"
})))]
pub struct ReportRequest {
    pub user_id: UserId,
    /// A call with them, as evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// 1 to 1000 characters.
    pub reason: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ReportStatus {
    /// Waits for a moderator.
    Open,
    /// Something was done about it.
    Resolved,
    /// Nothing was to be done.
    Dismissed,
    /// Something that this version does not know yet.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A report has reached the moderators; the same one again is the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "report_id": 12, "user_id": 456, "call_id": 789, "status": "open", "message": "Thank you, we will look into it"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReportReceived {
    pub report_id: ReportId,
    pub user_id: UserId,
    pub call_id: Option<CallId>,
    pub status: ReportStatus,
    pub message: String,
}

/// A report as moderators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "report_id": 12, "reporter_id": 123, "reporter_username": "alice", "user_id": 456, "username": "rude_one",
    "call_id": 789, "reason": "Asked for my address", "status": "open", "created_at": "2024-01-15T10:30:00Z",
    "decided_by": null, "decided_at": null, "remarks": null
})))]
pub struct Report {
    pub report_id: ReportId,
    pub reporter_id: UserId,
    pub reporter_username: String,
    /// Whom it is about.
    pub user_id: UserId,
    pub username: String,
    pub call_id: Option<CallId>,
    pub reason: String,
    pub status: ReportStatus,
    pub created_at: DateTime<Utc>,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<DateTime<Utc>>,
    pub remarks: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "reports": [{
        "report_id": 12, "reporter_id": 123, "reporter_username": "alice", "user_id": 456, "username": "rude_one",
        "call_id": 789, "reason": "Asked for my address", "status": "open", "created_at": "2024-01-15T10:30:00Z",
        "decided_by": null, "decided_at": null, "remarks": null
    }],
    "total_count": 1, "page": 1, "per_page": 20, "has_next": false, "has_previous": false
})))]
pub struct ReportPage {
    /// The oldest first.
    pub reports: Vec<Report>,
    pub total_count: i64,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReportOutcome {
    Resolved,
    Dismissed,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "outcome": "resolved", "remarks": "Suspended for a week"
})))]
pub struct ResolveReport {
    pub outcome: ReportOutcome,
    /// For other moderators; at most 1000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
}
