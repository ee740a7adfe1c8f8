use axum::extract::State;
use saathii_shared_types::{
    ApiError, WithdrawalId,
    wallet::Withdrawal,
    withdrawals::{
        AdminWithdrawal, AdminWithdrawalDetail, AdminWithdrawalPage, PayWithdrawal, PayoutDestination, PayoutDetails,
        RejectWithdrawal, WithdrawRequest, WithdrawalPage,
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Error,
    decision::{self, Decision},
    query::WithdrawalQuery,
    service,
};
use crate::{
    audit::AdminAction,
    auth::{Admin, CurrentUser, Listener},
    http::{
        Answer, HttpError, IdempotencyKey, Json, Once, Paging, Path, Query,
        docs::{Idempotent, InvalidInput, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(set_payout_details, get_payout_details))
        .routes(routes!(request_withdrawal))
        .routes(routes!(list_own_withdrawals))
        .routes(routes!(list_withdrawals))
        .routes(routes!(get_withdrawal))
        .routes(routes!(approve_withdrawal))
        .routes(routes!(reject_withdrawal))
        .routes(routes!(pay_withdrawal))
}

/// Say where one is paid: a bank account or a UPI address.
///
/// Kept encrypted. Withdrawals that are open go where they were to go.
#[utoipa::path(put, path = "/wallet/bank-details", request_body = PayoutDetails, tag = "Wallet", security(("bearer" = [])), responses(
    (status = 200, description = "Kept", body = PayoutDestination),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn set_payout_details(
    State(app): State<AppState>,
    user: CurrentUser,
    Json(details): Json<PayoutDetails>,
) -> Result<Json<PayoutDestination>, HttpError> {
    Ok(Json(service::set_details(&app, user.id, &details).await?))
}

/// Where one is paid, masked.
#[utoipa::path(get, path = "/wallet/bank-details", tag = "Wallet", security(("bearer" = [])), responses(
    (status = 200, description = "Masked", body = PayoutDestination),
    (status = 404, description = "Nothing is kept", body = ApiError, example = json!({"detail": "No bank details", "code": "not_found"})),
    Unauthorized, Unavailable,
))]
async fn get_payout_details(
    State(app): State<AppState>,
    user: CurrentUser,
) -> Result<Json<PayoutDestination>, HttpError> {
    let details = service::get_details(&app, user.id).await?;
    Ok(Json(details.ok_or(Error::NoDetails)?))
}

/// Ask for earnings to be paid.
///
/// They are set aside at once, until an admin pays or rejects.
#[utoipa::path(post, path = "/wallet/withdraw", request_body = WithdrawRequest, tag = "Wallet", security(("bearer" = [])), params(Idempotent), responses(
    (status = 200, description = "Asked for", body = Withdrawal),
    (status = 400, description = "Too little, more than there is, or nowhere to pay it to", body = ApiError, example = json!({"detail": "Insufficient earnings. Required: 1000, Available: 450", "code": "insufficient_earnings", "required": 1000, "available": 450})),
    (status = 403, description = "Not a listener", body = ApiError, example = json!({"detail": "Not allowed", "code": "forbidden"})),
    (status = 409, description = "The first request with this key is not finished", body = ApiError, example = json!({"detail": "The first request with this Idempotency-Key is not finished", "code": "idempotency_in_progress", "retry_after": 1})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn request_withdrawal(
    State(app): State<AppState>,
    Listener(user): Listener,
    Once { body, key }: Once<WithdrawRequest>,
) -> Result<Answer<Withdrawal>, HttpError> {
    Ok(service::withdraw(&app, user.id, body, &key).await?)
}

/// One's withdrawals, the newest first.
#[utoipa::path(get, path = "/wallet/withdrawals", tag = "Wallet", security(("bearer" = [])), params(Paging), responses(
    (status = 200, description = "A page of withdrawals", body = WithdrawalPage),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_own_withdrawals(
    State(app): State<AppState>,
    user: CurrentUser,
    Query(paging): Query<Paging>,
) -> Result<Json<WithdrawalPage>, HttpError> {
    Ok(Json(service::list_own(&app, user.id, paging).await?))
}

/// Everybody's withdrawals, the oldest first.
#[utoipa::path(get, path = "/admin/withdrawals", tag = "Admin - Withdrawals", security(("bearer" = [])), params(Paging, WithdrawalQuery), responses(
    (status = 200, description = "A page of withdrawals", body = AdminWithdrawalPage),
    (status = 403, description = "Not an admin", body = ApiError, example = json!({"detail": "Not allowed", "code": "forbidden"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_withdrawals(
    State(app): State<AppState>,
    _: Admin,
    Query(paging): Query<Paging>,
    Query(query): Query<WithdrawalQuery>,
) -> Result<Json<AdminWithdrawalPage>, HttpError> {
    Ok(Json(decision::list_withdrawals(&app, query.status, paging).await?))
}

/// One withdrawal, with where to send it while it is open.
#[utoipa::path(get, path = "/admin/withdrawals/{withdrawal_id}", tag = "Admin - Withdrawals", security(("bearer" = [])),
    params(("withdrawal_id" = i64, Path, description = "Which", example = 12)), responses(
    (status = 200, description = "The withdrawal", body = AdminWithdrawalDetail),
    (status = 403, description = "Not an admin", body = ApiError, example = json!({"detail": "Not allowed", "code": "forbidden"})),
    (status = 404, description = "No such withdrawal", body = ApiError, example = json!({"detail": "Withdrawal not found", "code": "not_found"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn get_withdrawal(
    State(app): State<AppState>,
    Admin(admin): Admin,
    Path(withdrawal): Path<WithdrawalId>,
) -> Result<Json<AdminWithdrawalDetail>, HttpError> {
    Ok(Json(decision::get_withdrawal(&app, admin.id, withdrawal).await?))
}

/// Approve a requested withdrawal.
#[utoipa::path(post, path = "/admin/withdrawals/{withdrawal_id}/approve", tag = "Admin - Withdrawals", security(("bearer" = [])),
    params(("withdrawal_id" = i64, Path, description = "Which", example = 12), Idempotent), responses(
    (status = 200, description = "Approved, to be paid", body = AdminWithdrawal),
    (status = 403, description = "Not an admin, or one's own", body = ApiError, example = json!({"detail": "Nobody decides their own withdrawal", "code": "forbidden"})),
    (status = 404, description = "No such withdrawal", body = ApiError, example = json!({"detail": "Withdrawal not found", "code": "not_found"})),
    (status = 409, description = "Decided already", body = ApiError, example = json!({"detail": "The withdrawal is rejected already", "code": "withdrawal_decided"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn approve_withdrawal(
    State(app): State<AppState>,
    action: AdminAction,
    Path(withdrawal): Path<WithdrawalId>,
    key: IdempotencyKey,
) -> Result<Answer<AdminWithdrawal>, HttpError> {
    Ok(decision::decide_once(&app, &action, withdrawal, &Decision::Approve, &key).await?)
}

/// Reject a withdrawal that is not paid; the earnings are withdrawable again.
#[utoipa::path(post, path = "/admin/withdrawals/{withdrawal_id}/reject", request_body = RejectWithdrawal, tag = "Admin - Withdrawals", security(("bearer" = [])),
    params(("withdrawal_id" = i64, Path, description = "Which", example = 12), Idempotent), responses(
    (status = 200, description = "Rejected", body = AdminWithdrawal),
    (status = 403, description = "Not an admin, or one's own", body = ApiError, example = json!({"detail": "Nobody decides their own withdrawal", "code": "forbidden"})),
    (status = 404, description = "No such withdrawal", body = ApiError, example = json!({"detail": "Withdrawal not found", "code": "not_found"})),
    (status = 409, description = "Decided already", body = ApiError, example = json!({"detail": "The withdrawal is paid already", "code": "withdrawal_decided"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn reject_withdrawal(
    State(app): State<AppState>,
    action: AdminAction,
    Path(withdrawal): Path<WithdrawalId>,
    Once { body, key }: Once<RejectWithdrawal>,
) -> Result<Answer<AdminWithdrawal>, HttpError> {
    let decision = Decision::Reject { remarks: body.remarks };
    Ok(decision::decide_once(&app, &action, withdrawal, &decision, &key).await?)
}

/// Say that an approved withdrawal was paid.
///
/// From `WITHDRAWAL_SECOND_ADMIN_FROM` on, another admin than the one who approved.
#[utoipa::path(post, path = "/admin/withdrawals/{withdrawal_id}/pay", request_body = PayWithdrawal, tag = "Admin - Withdrawals", security(("bearer" = [])),
    params(("withdrawal_id" = i64, Path, description = "Which", example = 12), Idempotent), responses(
    (status = 200, description = "Paid", body = AdminWithdrawal),
    (status = 403, description = "Not an admin, one's own, or another admin must pay", body = ApiError, example = json!({"detail": "Another admin than the one who approved must pay this amount", "code": "second_admin_required"})),
    (status = 404, description = "No such withdrawal", body = ApiError, example = json!({"detail": "Withdrawal not found", "code": "not_found"})),
    (status = 409, description = "Not approved, or decided already", body = ApiError, example = json!({"detail": "The withdrawal is not approved yet", "code": "withdrawal_decided"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn pay_withdrawal(
    State(app): State<AppState>,
    action: AdminAction,
    Path(withdrawal): Path<WithdrawalId>,
    Once { body, key }: Once<PayWithdrawal>,
) -> Result<Answer<AdminWithdrawal>, HttpError> {
    let decision = Decision::Pay { reference: body.payout_reference };
    Ok(decision::decide_once(&app, &action, withdrawal, &decision, &key).await?)
}
