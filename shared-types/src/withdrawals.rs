//! Being paid out: where to, and an admin's side of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Earnings, Paise, UserId, WithdrawalId, wallet::Withdrawal, wallet::WithdrawalStatus};

/// Where a listener is paid.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "method": "bank", "account_holder": "Jane Smith", "account_number": "012345678901", "ifsc": "HDFC0001234"
})))]
#[serde(tag = "method", rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PayoutDetails {
    #[cfg_attr(feature = "openapi", schema(title = "BankAccount"))]
    Bank {
        account_holder: String,
        /// 9 to 18 digits.
        account_number: String,
        ifsc: String,
    },
    #[cfg_attr(feature = "openapi", schema(title = "Upi"))]
    Upi { upi_id: String },
}

/// Says the kind alone: details are never in a log.
impl std::fmt::Debug for PayoutDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bank { .. } => "Bank(…)",
            Self::Upi { .. } => "Upi(…)",
        })
    }
}

/// Where one is paid, as much of it as is needed to recognise it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "destination": "UPI ja…@okbank", "updated_at": "2024-01-15T10:30:00Z"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PayoutDestination {
    pub destination: String,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({"amount": 1000})))]
pub struct WithdrawRequest {
    pub amount: Earnings,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "withdrawals": [{
        "withdrawal_id": 12, "amount": 1000, "amount_paise": 50000, "status": "requested", "remarks": null,
        "destination": "UPI ja…@okbank", "created_at": "2024-01-15T10:30:00Z", "decided_at": null, "paid_at": null
    }],
    "total_withdrawals": 1, "page": 1, "per_page": 20, "has_next": false, "has_previous": false
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct WithdrawalPage {
    /// The newest first.
    pub withdrawals: Vec<Withdrawal>,
    pub total_withdrawals: i64,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}

/// A withdrawal as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "withdrawal_id": 12, "user_id": 123, "username": "jane_smith", "amount": 1000, "amount_paise": 50000,
    "status": "approved", "remarks": null, "destination": "UPI ja…@okbank", "created_at": "2024-01-15T10:30:00Z",
    "decided_by": 7, "decided_at": "2024-01-16T09:00:00Z", "paid_by": null, "paid_at": null,
    "payout_reference": null
})))]
pub struct AdminWithdrawal {
    pub withdrawal_id: WithdrawalId,
    pub user_id: UserId,
    pub username: String,
    pub amount: Earnings,
    pub amount_paise: Paise,
    pub status: WithdrawalStatus,
    pub remarks: Option<String>,
    /// Masked.
    pub destination: String,
    pub created_at: DateTime<Utc>,
    /// Who approved or rejected.
    pub decided_by: Option<UserId>,
    pub decided_at: Option<DateTime<Utc>>,
    pub paid_by: Option<UserId>,
    pub paid_at: Option<DateTime<Utc>>,
    /// The bank's own word for it.
    pub payout_reference: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "withdrawals": [], "total_withdrawals": 0, "page": 1, "per_page": 20, "has_next": false, "has_previous": false
})))]
pub struct AdminWithdrawalPage {
    /// The oldest first.
    pub withdrawals: Vec<AdminWithdrawal>,
    pub total_withdrawals: i64,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}

/// A withdrawal with where to send it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "withdrawal": {
        "withdrawal_id": 12, "user_id": 123, "username": "jane_smith", "amount": 1000, "amount_paise": 50000,
        "status": "approved", "remarks": null, "destination": "UPI ja…@okbank",
        "created_at": "2024-01-15T10:30:00Z", "decided_by": 7, "decided_at": "2024-01-16T09:00:00Z",
        "paid_by": null, "paid_at": null, "payout_reference": null
    },
    "payout_details": {"method": "upi", "upi_id": "jane@okbank"}
})))]
pub struct AdminWithdrawalDetail {
    pub withdrawal: AdminWithdrawal,
    /// As they were at the request; gone once it is paid or rejected.
    pub payout_details: Option<PayoutDetails>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "remarks": "The account number does not exist"
})))]
pub struct RejectWithdrawal {
    /// Told to the listener; 1 to 500 characters.
    pub remarks: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "payout_reference": "UTR 402312345678"
})))]
pub struct PayWithdrawal {
    /// The bank's own word for it; 1 to 100 characters.
    pub payout_reference: String,
}
