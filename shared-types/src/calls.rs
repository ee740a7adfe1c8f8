//! Paid calls (contract §Call Management).

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{CallId, Coins, Earnings, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CallType {
    Audio,
    Video,
}

/// As on the wire.
impl fmt::Display for CallType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// `completed`: one of the two hung up. `dropped`: anything else ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CallStatus {
    Ongoing,
    Completed,
    Dropped,
}

/// As on the wire.
impl fmt::Display for CallStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What ended a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum EndCause {
    /// One of the two hung up.
    Hangup,
    /// One of the two said that it broke.
    Emergency,
    /// The caller's coins did not cover the next minute.
    NoCoins,
    /// Nothing was heard of either for longer than the grace.
    Lost,
    /// The longest that a call may last.
    Limit,
    /// One of the two deleted their account.
    AccountDeleted,
    /// One of the two was suspended.
    Suspended,
    /// One of the two blocked the other.
    Blocked,
    /// An admin ended it.
    Admin,
    /// Something that this version does not know yet.
    #[default]
    #[serde(other)]
    Unknown,
}

/// As on the wire.
impl fmt::Display for EndCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "listener_id": 123, "call_type": "audio", "estimated_duration_minutes": 30
})))]
pub struct StartCall {
    pub listener_id: UserId,
    pub call_type: CallType,
    /// 1 to 120; without it, what the balance affords.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_duration_minutes: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "call_id": 456, "message": "Call started successfully", "estimated_cost": 300, "remaining_coins": 700,
    "call_type": "audio", "listener_id": 123, "status": "ongoing"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CallStarted {
    pub call_id: CallId,
    pub message: String,
    pub estimated_cost: Coins,
    /// The balance after the first minute is taken.
    pub remaining_coins: Coins,
    pub call_type: CallType,
    pub listener_id: UserId,
    pub status: CallStatus,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "call_id": 456, "reason": "completed"
})))]
pub struct EndCall {
    pub call_id: CallId,
    /// Free text for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a call ended; every end of the same call is answered alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "call_id": 456, "message": "Call ended successfully", "duration_seconds": 1800, "duration_minutes": 30,
    "coins_spent": 300, "user_money_spend": 300, "listener_money_earned": 450, "status": "completed"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CallEnded {
    pub call_id: CallId,
    pub message: String,
    pub duration_seconds: i64,
    /// The minutes that have begun, at least one.
    pub duration_minutes: i64,
    pub coins_spent: Coins,
    pub user_money_spend: Coins,
    pub listener_money_earned: Earnings,
    pub status: CallStatus,
}

/// A call as both of its sides see it. While it lasts, the durations count up to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "call_id": 456, "user_id": 123, "listener_id": 789, "call_type": "audio",
    "start_time": "2024-01-15T10:30:00Z", "end_time": "2024-01-15T11:00:00Z", "duration_seconds": 1800,
    "duration_minutes": 30, "coins_spent": 300, "user_money_spend": 300, "listener_money_earned": 450,
    "status": "completed", "caller_username": "john_doe", "listener_username": "jane_smith"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Call {
    pub call_id: CallId,
    /// The caller, who pays.
    pub user_id: UserId,
    pub listener_id: UserId,
    pub call_type: CallType,
    pub start_time: DateTime<Utc>,
    pub end_time: Option<DateTime<Utc>>,
    pub duration_seconds: i64,
    pub duration_minutes: i64,
    pub coins_spent: Coins,
    pub user_money_spend: Coins,
    pub listener_money_earned: Earnings,
    pub status: CallStatus,
    pub caller_username: String,
    pub listener_username: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "calls": [{
        "call_id": 456, "user_id": 123, "listener_id": 789, "call_type": "audio",
        "start_time": "2024-01-15T10:30:00Z", "end_time": "2024-01-15T11:00:00Z", "duration_seconds": 1800,
        "duration_minutes": 30, "coins_spent": 300, "user_money_spend": 300, "listener_money_earned": 450,
        "status": "completed", "caller_username": "john_doe", "listener_username": "jane_smith"
    }],
    "total_calls": 25, "total_coins_spent": 1500, "total_money_spent": 1500, "total_earnings": 2250,
    "page": 1, "per_page": 20, "has_next": true, "has_previous": false
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CallHistory {
    /// The newest first.
    pub calls: Vec<Call>,
    /// Calls that match the filters.
    pub total_calls: i64,
    /// By oneself as caller.
    pub total_coins_spent: Coins,
    pub total_money_spent: Coins,
    /// By oneself as listener.
    pub total_earnings: Earnings,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "summary": {
        "total_calls": 25, "calls_made": 15, "calls_received": 10, "completed_calls": 20, "dropped_calls": 3,
        "ongoing_calls": 2, "audio_calls": 18, "video_calls": 7, "total_coins_spent": 1500,
        "total_money_spent": 1500, "total_earnings": 2250, "total_duration_seconds": 54000,
        "avg_duration_seconds": 2160
    },
    "recent_calls": [],
    "monthly_stats": [{"month": "2024-01-01T00:00:00Z", "calls_count": 8, "coins_spent": 400, "earnings": 600}]
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CallSummary {
    pub summary: CallTotals,
    /// The last five.
    pub recent_calls: Vec<Call>,
    /// The last twelve months with calls, the newest first.
    pub monthly_stats: Vec<MonthlyCalls>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CallTotals {
    pub total_calls: i64,
    pub calls_made: i64,
    pub calls_received: i64,
    pub completed_calls: i64,
    pub dropped_calls: i64,
    pub ongoing_calls: i64,
    pub audio_calls: i64,
    pub video_calls: i64,
    pub total_coins_spent: Coins,
    pub total_money_spent: Coins,
    pub total_earnings: Earnings,
    /// Of ended calls.
    pub total_duration_seconds: i64,
    pub avg_duration_seconds: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MonthlyCalls {
    /// Its first moment, UTC.
    pub month: DateTime<Utc>,
    pub calls_count: i64,
    pub coins_spent: Coins,
    pub earnings: Earnings,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "call_id": 456, "coins_deducted": 10, "remaining_coins": 290, "total_coins_spent": 20,
    "message": "Successfully billed for 1 minute"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MinuteBilled {
    pub call_id: CallId,
    /// For the minute that runs now, whoever billed it.
    pub coins_deducted: Coins,
    pub remaining_coins: Coins,
    pub total_coins_spent: Coins,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "ongoing_calls": 5, "busy_users": 10, "redis_call_keys": 5, "system_status": "healthy"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CallSystemStatus {
    pub ongoing_calls: i64,
    pub busy_users: i64,
    /// Calls in the mirror that Redis keeps for watching.
    pub redis_call_keys: i64,
    /// `healthy`, or `degraded` while a store is away or the meter is late.
    pub system_status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "call_rates": {
        "audio": {"rate_per_minute": 10, "minimum_charge": 10},
        "video": {"rate_per_minute": 50, "minimum_charge": 50}
    },
    "recharge_options": {"150": 300, "300": 600, "500": 1000, "1000": 2000},
    "listener_earnings": {"audio": 15, "video": 75}
})))]
pub struct CallRates {
    pub call_rates: BTreeMap<CallType, CallRate>,
    /// Rupees to coins.
    pub recharge_options: BTreeMap<i64, Coins>,
    /// Per minute.
    pub listener_earnings: BTreeMap<CallType, Earnings>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CallRate {
    pub rate_per_minute: Coins,
    pub minimum_charge: Coins,
}

/// What a caller thought of an ended call.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({"rating": 5})))]
pub struct RateCall {
    /// 1 to 5.
    pub rating: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "call_id": 456, "listener_id": 789, "rating": 5, "listener_rating": 4.8, "message": "Thank you for rating"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CallRated {
    pub call_id: CallId,
    pub listener_id: UserId,
    pub rating: i64,
    /// The mean of all callers' ratings, this one included.
    pub listener_rating: f64,
    pub message: String,
}
