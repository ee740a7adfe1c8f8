//! Buying coins (contract §Call Management 8, 9).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Coins, Paise};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "amount_rupees": 150, "payment_method": "upi"
})))]
pub struct RechargeRequest {
    /// One of the `recharge_options` of `GET /calls/rates`.
    pub amount_rupees: i64,
    /// Free text for one's own history, at most 50 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
}

/// A purchase of coins; without `status` it is paid and the coins are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "transaction_id": "RCH_123_1640995200", "amount_rupees": 150, "coins_added": 300, "new_balance": 500,
    "message": "Successfully recharged 300 coins for ₹150"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Recharge {
    pub transaction_id: String,
    pub amount_rupees: i64,
    /// None yet while it is pending.
    pub coins_added: Coins,
    pub new_balance: Coins,
    pub message: String,
    /// `pending`: the money is still to be paid, by `order`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<RechargeStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<PaymentOrder>,
}

/// What the app hands to the provider's checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "provider": "razorpay", "order_id": "order_EKwxwAgItmmXdp", "key_id": "rzp_live_ILgsfZCZoFIKMb",
    "amount_paise": 15000, "currency": "INR"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PaymentOrder {
    pub provider: String,
    pub order_id: String,
    /// The public half of the provider's key.
    pub key_id: String,
    pub amount_paise: Paise,
    pub currency: String,
}

/// What Razorpay's checkout hands to the app when the money is paid.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "razorpay_order_id": "order_EKwxwAgItmmXdp", "razorpay_payment_id": "pay_29QQoUBi66xm2f",
    "razorpay_signature": "9ef4dffbfd84f1318f6739a3ce19f9d85851857ae648f114332d8401e0949a3d"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VerifyRecharge {
    pub razorpay_order_id: String,
    pub razorpay_payment_id: String,
    pub razorpay_signature: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum RechargeStatus {
    /// Not paid yet.
    Pending,
    Paid,
    /// An attempt to pay failed; another one may still succeed.
    Failed,
    /// Paid, and the whole price was given back.
    Refunded,
}

/// A purchase in one's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "transaction_id": "RCH_123_1640995200", "amount_rupees": 150, "coins_added": 300, "payment_method": "upi",
    "status": "paid", "created_at": "2024-01-15T10:30:00Z"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RechargeItem {
    pub transaction_id: String,
    pub amount_rupees: i64,
    /// None while it is not paid. What a refund took back is a transaction of its own.
    pub coins_added: Coins,
    pub payment_method: Option<String>,
    pub status: RechargeStatus,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "recharges": [{
        "transaction_id": "RCH_123_1640995200", "amount_rupees": 150, "coins_added": 300, "payment_method": "upi",
        "status": "paid", "created_at": "2024-01-15T10:30:00Z"
    }],
    "total_recharges": 1, "total_amount_rupees": 150, "total_coins_added": 300,
    "page": 1, "per_page": 20, "has_next": false, "has_previous": false
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RechargeHistory {
    /// The newest first.
    pub recharges: Vec<RechargeItem>,
    pub total_recharges: i64,
    /// Of those that were paid.
    pub total_amount_rupees: i64,
    pub total_coins_added: Coins,
    pub page: i64,
    pub per_page: i64,
    pub has_next: bool,
    pub has_previous: bool,
}
