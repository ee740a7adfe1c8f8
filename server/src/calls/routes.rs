use axum::extract::State;
use saathii_shared_types::{
    ApiError, CallId, Message,
    calls::{
        Call, CallEnded, CallHistory, CallRate, CallRates, CallStarted, CallSummary, CallSystemStatus, CallType,
        EndCall, EndCause, MinuteBilled, StartCall,
    },
    wallet::EarningsPage,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    earnings, history,
    query::CallQuery,
    service::{self, Ending},
};
use crate::{
    auth::CurrentUser,
    http::{
        Answer, HttpError, IdempotencyKey, Json, Once, Paging, Path, Query,
        docs::{Idempotent, InvalidInput, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start_call))
        .routes(routes!(end_call))
        .routes(routes!(emergency_end_call))
        .routes(routes!(bill_call_minute))
        .routes(routes!(get_ongoing_call))
        .routes(routes!(list_call_history))
        .routes(routes!(get_call_history_summary))
        .routes(routes!(clean_up_calls))
        .routes(routes!(get_call_system_status))
        .routes(routes!(get_call_rates))
        .routes(routes!(list_earnings))
}

/// Call a listener.
///
/// Takes the first minute, makes both busy, and rings on the listener's sockets. The server bills each further minute
/// by itself when it begins.
#[utoipa::path(post, path = "/calls/start", request_body = StartCall, tag = "Call Management", security(("bearer" = [])), params(Idempotent), responses(
    (status = 200, description = "The call has begun", body = CallStarted),
    (status = 400, description = "Too few coins, or a call to oneself", body = ApiError, example = json!({"detail": "Insufficient coins. Required: 10, Available: 4", "code": "insufficient_coins", "required": 10, "available": 4})),
    (status = 403, description = "The listener is not verified, or one has blocked the other", body = ApiError, example = json!({"detail": "Listener is not verified", "code": "listener_not_verified"})),
    (status = 404, description = "No such listener", body = ApiError, example = json!({"detail": "Listener not found", "code": "listener_not_found"})),
    (status = 409, description = "The listener is offline or busy, or one is in a call", body = ApiError, example = json!({"detail": "Listener is busy", "code": "listener_busy"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn start_call(
    State(app): State<AppState>,
    user: CurrentUser,
    Once { body, key }: Once<StartCall>,
) -> Result<Answer<CallStarted>, HttpError> {
    Ok(service::start_call(&app, user.id, &body, &key).await?)
}

/// Hang up.
///
/// Either side may; a call that has ended is answered as it ended.
#[utoipa::path(post, path = "/calls/end", request_body = EndCall, tag = "Call Management", security(("bearer" = [])), params(Idempotent), responses(
    (status = 200, description = "The call is over and settled", body = CallEnded),
    (status = 404, description = "No call of one's own", body = ApiError, example = json!({"detail": "Call not found", "code": "not_found"})),
    (status = 409, description = "The first request with this key is not finished", body = ApiError, example = json!({"detail": "The first request with this Idempotency-Key is not finished", "code": "idempotency_in_progress", "retry_after": 1})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn end_call(
    State(app): State<AppState>,
    user: CurrentUser,
    Once { body, key }: Once<EndCall>,
) -> Result<Answer<CallEnded>, HttpError> {
    let ending = Ending { cause: EndCause::Hangup, reason: body.reason, message: "Call ended successfully" };
    Ok(service::end_call(&app, user.id, body.call_id, ending, &key).await?)
}

/// End a call that broke; its status is `dropped`.
#[utoipa::path(post, path = "/calls/emergency-end/{call_id}", tag = "Call Management", security(("bearer" = [])),
    params(("call_id" = i64, Path, description = "Which", example = 456), Idempotent), responses(
    (status = 200, description = "The call is over and settled", body = CallEnded),
    (status = 404, description = "No call of one's own", body = ApiError, example = json!({"detail": "Call not found", "code": "not_found"})),
    (status = 409, description = "The first request with this key is not finished", body = ApiError, example = json!({"detail": "The first request with this Idempotency-Key is not finished", "code": "idempotency_in_progress", "retry_after": 1})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn emergency_end_call(
    State(app): State<AppState>,
    user: CurrentUser,
    Path(call): Path<CallId>,
    key: IdempotencyKey,
) -> Result<Answer<CallEnded>, HttpError> {
    let ending = Ending { cause: EndCause::Emergency, reason: None, message: "Call ended in emergency" };
    Ok(service::end_call(&app, user.id, call, ending, &key).await?)
}

/// Bill what has begun.
///
/// For old apps: the server bills by itself, and no minute is ever billed twice. Answers with the running minute's bill.
#[utoipa::path(post, path = "/calls/bill-minute/{call_id}", tag = "Call Management", security(("bearer" = [])),
    params(("call_id" = i64, Path, description = "Which", example = 456), Idempotent), responses(
    (status = 200, description = "The bill", body = MinuteBilled),
    (status = 400, description = "Too few coins; the call is over", body = ApiError, example = json!({"detail": "Insufficient coins. Required: 10, Available: 4", "code": "insufficient_coins", "required": 10, "available": 4})),
    (status = 404, description = "No call of one's own", body = ApiError, example = json!({"detail": "Call not found", "code": "not_found"})),
    (status = 409, description = "The call has ended", body = ApiError, example = json!({"detail": "The call has ended", "code": "call_ended"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn bill_call_minute(
    State(app): State<AppState>,
    user: CurrentUser,
    Path(call): Path<CallId>,
    key: IdempotencyKey,
) -> Result<Answer<MinuteBilled>, HttpError> {
    Ok(service::bill_minute(&app, user.id, call, &key).await?)
}

/// The call that one is in.
#[utoipa::path(get, path = "/calls/ongoing", tag = "Call Management", security(("bearer" = [])), responses(
    (status = 200, description = "The call", body = Call),
    (status = 404, description = "One is in none", body = ApiError, example = json!({"detail": "No ongoing call", "code": "not_found"})),
    Unauthorized, Unavailable,
))]
async fn get_ongoing_call(State(app): State<AppState>, user: CurrentUser) -> Result<Json<Call>, HttpError> {
    Ok(Json(service::get_ongoing(&app, user.id).await?))
}

/// One's calls on either side, the newest first.
#[utoipa::path(get, path = "/calls/history", tag = "Call Management", security(("bearer" = [])), params(Paging, CallQuery), responses(
    (status = 200, description = "A page of calls", body = CallHistory),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_call_history(
    State(app): State<AppState>,
    user: CurrentUser,
    Query(paging): Query<Paging>,
    Query(query): Query<CallQuery>,
) -> Result<Json<CallHistory>, HttpError> {
    Ok(Json(history::list_calls(&app, user.id, query, paging).await?))
}

/// One's calls in numbers.
#[utoipa::path(get, path = "/calls/history/summary", tag = "Call Management", security(("bearer" = [])), responses(
    (status = 200, description = "The numbers", body = CallSummary),
    Unauthorized, Unavailable,
))]
async fn get_call_history_summary(
    State(app): State<AppState>,
    user: CurrentUser,
) -> Result<Json<CallSummary>, HttpError> {
    Ok(Json(history::summarise_calls(&app, user.id).await?))
}

/// Look for lost calls now.
///
/// The server does so by itself every ten seconds.
#[utoipa::path(post, path = "/calls/cleanup", tag = "Call Management", security(("bearer" = [])), responses(
    (status = 200, description = "Done", body = Message, example = json!({"message": "Call cleanup completed successfully"})),
    Unauthorized, Unavailable,
))]
async fn clean_up_calls(State(app): State<AppState>, _: CurrentUser) -> Result<Json<Message>, HttpError> {
    service::clean_up(&app).await?;
    Ok(Json(Message::new("Call cleanup completed successfully")))
}

/// How the calls of the whole system are.
#[utoipa::path(get, path = "/calls/status", tag = "Call Management", security(("bearer" = [])), responses(
    (status = 200, description = "The numbers", body = CallSystemStatus),
    Unauthorized, Unavailable,
))]
async fn get_call_system_status(
    State(app): State<AppState>,
    _: CurrentUser,
) -> Result<Json<CallSystemStatus>, HttpError> {
    Ok(Json(service::get_system_status(&app).await?))
}

/// What calls cost and earn, and what coins cost.
#[utoipa::path(get, path = "/calls/rates", tag = "Call Management", responses(
    (status = 200, description = "The rates", body = CallRates),
    Unavailable,
))]
async fn get_call_rates(State(app): State<AppState>) -> Json<CallRates> {
    let types = [CallType::Audio, CallType::Video];
    let rate = |call_type| app.config.calls.rate(call_type);
    let call_rate = |call_type| {
        let rate_per_minute = rate(call_type).coins;
        (call_type, CallRate { rate_per_minute, minimum_charge: rate_per_minute })
    };
    Json(CallRates {
        call_rates: types.map(call_rate).into(),
        recharge_options: app.config.payments.options.clone(),
        listener_earnings: types.map(|call_type| (call_type, rate(call_type).earnings)).into(),
    })
}

/// What one's calls as a listener earned, the newest first.
#[utoipa::path(get, path = "/wallet/earnings", tag = "Wallet", security(("bearer" = [])), params(Paging), responses(
    (status = 200, description = "A page of calls with their earnings", body = EarningsPage),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_earnings(
    State(app): State<AppState>,
    user: CurrentUser,
    Query(paging): Query<Paging>,
) -> Result<Json<EarningsPage>, HttpError> {
    Ok(Json(earnings::list_earnings(&app, user.id, paging).await?))
}
