use axum::{Router, extract::State, http::HeaderMap, routing::post};
use saathii_shared_types::{
    ApiError, Message,
    payments::{Recharge, RechargeHistory, RechargeRequest, VerifyRecharge},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{service, webhook};
use crate::{
    auth::CurrentUser,
    config::Provider,
    http::{
        Answer, HttpError, Json, Once, Paging, Query, Raw,
        docs::{Idempotent, InvalidInput, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(recharge_coins))
        .routes(routes!(verify_recharge))
        .routes(routes!(list_recharges))
}

/// Where the provider tells of payments; there is none without one that does.
pub fn webhook_router(provider: &Provider) -> Router<AppState> {
    match provider {
        Provider::Sandbox => Router::new(),
        Provider::Razorpay { .. } => Router::new().route("/payments/razorpay/webhook", post(take_razorpay_webhook)),
    }
}

/// Buy coins.
///
/// In the sandbox they are there at once (200). With Razorpay the answer is an order to be paid (202): hand it to its
/// checkout, then what that returns to `POST /calls/recharge/verify`.
#[utoipa::path(post, path = "/calls/recharge", request_body = RechargeRequest, tag = "Call Management", security(("bearer" = [])), params(Idempotent), responses(
    (status = 200, description = "Paid; the coins are there", body = Recharge),
    (status = 202, description = "To be paid", body = Recharge, example = json!({
        "transaction_id": "RCH_123_1640995200", "amount_rupees": 150, "coins_added": 0, "new_balance": 200,
        "message": "Payment pending: 300 coins for ₹150 are added when it is paid", "status": "pending",
        "order": {"provider": "razorpay", "order_id": "order_EKwxwAgItmmXdp", "key_id": "rzp_live_ILgsfZCZoFIKMb", "amount_paise": 15000, "currency": "INR"}
    })),
    (status = 400, description = "An amount that is not sold", body = ApiError, example = json!({"detail": "Invalid amount. Available: ₹150, ₹300, ₹500, ₹1000", "code": "invalid_amount"})),
    (status = 409, description = "The first request with this key is not finished", body = ApiError, example = json!({"detail": "The first request with this Idempotency-Key is not finished", "code": "idempotency_in_progress", "retry_after": 1})),
    (status = 503, description = "The payment provider or a store is away; nothing was charged", body = ApiError, example = json!({"detail": "Payments are temporarily unavailable. Nothing was charged", "code": "payments_unavailable", "retry_after": 5})),
    InvalidInput, Unauthorized,
))]
async fn recharge_coins(
    State(app): State<AppState>,
    user: CurrentUser,
    Once { body, key }: Once<RechargeRequest>,
) -> Result<Answer<Recharge>, HttpError> {
    Ok(service::recharge(&app, user.id, &body, &key).await?)
}

/// Say that an order is paid, with what Razorpay's checkout returned.
///
/// Answers alike however often it is said, also after the provider has said it by itself.
#[utoipa::path(post, path = "/calls/recharge/verify", request_body = VerifyRecharge, tag = "Call Management", security(("bearer" = [])), params(Idempotent), responses(
    (status = 200, description = "Paid; the coins are there", body = Recharge),
    (status = 400, description = "The signature does not prove it", body = ApiError, example = json!({"detail": "Invalid signature", "code": "invalid_signature"})),
    (status = 404, description = "No order of one's own", body = ApiError, example = json!({"detail": "Order not found", "code": "not_found"})),
    (status = 409, description = "The order was paid by another payment", body = ApiError, example = json!({"detail": "The order was paid by another payment", "code": "payment_mismatch"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn verify_recharge(
    State(app): State<AppState>,
    user: CurrentUser,
    Once { body, key }: Once<VerifyRecharge>,
) -> Result<Answer<Recharge>, HttpError> {
    Ok(service::verify(&app, user.id, &body, &key).await?)
}

/// One's purchases, the newest first.
#[utoipa::path(get, path = "/calls/recharge/history", tag = "Call Management", security(("bearer" = [])), params(Paging), responses(
    (status = 200, description = "A page of purchases", body = RechargeHistory),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_recharges(
    State(app): State<AppState>,
    user: CurrentUser,
    Query(paging): Query<Paging>,
) -> Result<Json<RechargeHistory>, HttpError> {
    Ok(Json(service::list_recharges(&app, user.id, paging).await?))
}

async fn take_razorpay_webhook(
    State(app): State<AppState>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Json<Message>, HttpError> {
    let signature = headers.get("x-razorpay-signature").and_then(|value| value.to_str().ok());
    webhook::take_webhook(&app, signature, &body).await?;
    Ok(Json(Message::new("ok")))
}
