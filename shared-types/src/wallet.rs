//! Coins, earnings and how they move (contract §Coin Management).

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{CallId, Coins, Earnings, Paise, UserId, WithdrawalId, calls::CallType};

/// A caller's coins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 123, "current_balance": 500, "total_earned": 1000, "total_spent": 500
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CoinBalance {
    pub user_id: UserId,
    /// Earned less spent.
    pub current_balance: Coins,
    /// Every coin ever credited.
    pub total_earned: Coins,
    pub total_spent: Coins,
}

/// Everything in one's wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "user_id": 123, "balance_coins": 500, "withdrawable_money": 450, "total_earned": 1000,
    "total_withdrawn": 300, "pending_withdrawals": 250
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct WalletBalance {
    pub user_id: UserId,
    pub balance_coins: Coins,
    pub withdrawable_money: Earnings,
    /// Everything ever earned: withdrawable, pending and withdrawn.
    pub total_earned: Earnings,
    pub total_withdrawn: Earnings,
    pub pending_withdrawals: Earnings,
}

/// What a movement was, as its owner sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum TransactionType {
    /// Coins bought.
    Recharge,
    /// Coins taken back because their price was.
    Refund,
    /// A minute of a call paid.
    CallCharge,
    /// A minute of a call earned.
    CallEarning,
    /// Earnings on their way out.
    Withdrawal,
    /// A withdrawal was turned down, the earnings are back.
    WithdrawalReversal,
    /// Given or taken by an admin.
    Adjustment,
    /// Something that this version does not know yet.
    #[default]
    #[serde(other)]
    Unknown,
}

/// As on the wire.
impl fmt::Display for TransactionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Currency {
    Coins,
    Earnings,
}

/// One movement in or out of one's wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "transaction_id": 9001, "tx_type": "call_charge", "currency": "coins", "amount": -10,
    "call_id": 456, "minute": 3, "created_at": "2024-01-15T10:32:00Z"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Transaction {
    pub transaction_id: i64,
    pub tx_type: TransactionType,
    pub currency: Currency,
    /// Negative where it left the wallet.
    pub amount: i64,
    pub call_id: Option<CallId>,
    /// Of the call, from 1.
    pub minute: Option<i64>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "transactions": [{
        "transaction_id": 9001, "tx_type": "call_charge", "currency": "coins", "amount": -10,
        "call_id": 456, "minute": 3, "created_at": "2024-01-15T10:32:00Z"
    }],
    "total_transactions": 31, "page": 1, "per_page": 20, "has_next": true, "has_previous": false
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct TransactionPage {
    /// The newest first.
    pub transactions: Vec<Transaction>,
    pub total_transactions: i64,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}

/// What one call earned its listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "call_id": 456, "caller_username": "john_doe", "call_type": "audio", "start_time": "2024-01-15T10:30:00Z",
    "duration_minutes": 30, "earned": 450
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CallEarning {
    pub call_id: CallId,
    pub caller_username: String,
    pub call_type: CallType,
    pub start_time: DateTime<Utc>,
    pub duration_minutes: i64,
    pub earned: Earnings,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "earnings": [{
        "call_id": 456, "caller_username": "john_doe", "call_type": "audio",
        "start_time": "2024-01-15T10:30:00Z", "duration_minutes": 30, "earned": 450
    }],
    "total_calls": 10, "total_minutes": 150, "total_earned": 2250,
    "page": 1, "per_page": 20, "has_next": false, "has_previous": false
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct EarningsPage {
    /// The newest call first.
    pub earnings: Vec<CallEarning>,
    pub total_calls: i64,
    pub total_minutes: i64,
    pub total_earned: Earnings,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum WithdrawalStatus {
    /// Waits for an admin.
    Requested,
    /// Approved, not paid yet.
    Approved,
    Paid,
    /// Turned down; the earnings are withdrawable again.
    Rejected,
}

/// A listener's request to be paid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "withdrawal_id": 12, "amount": 1000, "amount_paise": 50000, "status": "requested", "remarks": null,
    "destination": "UPI ja…@okbank", "created_at": "2024-01-15T10:30:00Z", "decided_at": null, "paid_at": null
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Withdrawal {
    pub withdrawal_id: WithdrawalId,
    pub amount: Earnings,
    /// What will be paid, at the rate of the day of the request.
    pub amount_paise: Paise,
    pub status: WithdrawalStatus,
    pub remarks: Option<String>,
    /// Where it goes, masked.
    pub destination: String,
    pub created_at: DateTime<Utc>,
    /// Approved or rejected.
    pub decided_at: Option<DateTime<Utc>>,
    pub paid_at: Option<DateTime<Utc>>,
}
