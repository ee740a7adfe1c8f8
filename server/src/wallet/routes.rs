use axum::extract::State;
use saathii_shared_types::{
    UserId,
    wallet::{CoinBalance, TransactionPage, WalletBalance},
};
use sqlx::PgConnection;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{query::TransactionQuery, store};
use crate::{
    auth::CurrentUser,
    http::{
        HttpError, Json, Paging, Query,
        docs::{InvalidInput, Unauthorized, Unavailable},
    },
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_coin_balance))
        .routes(routes!(get_wallet_balance))
        .routes(routes!(list_transactions))
}

/// One's own coins.
#[utoipa::path(get, path = "/calls/balance", tag = "Call Management", security(("bearer" = [])), responses(
    (status = 200, description = "The balance", body = CoinBalance),
    Unauthorized, Unavailable,
))]
async fn get_coin_balance(State(app): State<AppState>, user: CurrentUser) -> Result<Json<CoinBalance>, HttpError> {
    let mut db = app.db.acquire().await?;
    let wallet = store::find(&mut db, user.id).await?;
    Ok(Json(CoinBalance {
        user_id: user.id,
        current_balance: wallet.balance_coins,
        total_earned: wallet.coins_credited,
        total_spent: wallet.coins_credited - wallet.balance_coins,
    }))
}

/// One's own coins and earnings.
#[utoipa::path(get, path = "/wallet/balance", tag = "Wallet", security(("bearer" = [])), responses(
    (status = 200, description = "The wallet", body = WalletBalance),
    Unauthorized, Unavailable,
))]
async fn get_wallet_balance(State(app): State<AppState>, user: CurrentUser) -> Result<Json<WalletBalance>, HttpError> {
    let mut db = app.db.acquire().await?;
    Ok(Json(balance_of(&mut db, user.id).await?))
}

/// Somebody's wallet as they see it.
pub async fn balance_of(db: &mut PgConnection, user: UserId) -> sqlx::Result<WalletBalance> {
    let wallet = store::find(db, user).await?;
    Ok(WalletBalance {
        user_id: user,
        balance_coins: wallet.balance_coins,
        withdrawable_money: wallet.withdrawable,
        total_earned: wallet.withdrawable + wallet.pending + wallet.withdrawn,
        total_withdrawn: wallet.withdrawn,
        pending_withdrawals: wallet.pending,
    })
}

/// Every movement of one's own wallet, the newest first.
#[utoipa::path(get, path = "/transactions", tag = "Wallet", security(("bearer" = [])), params(Paging, TransactionQuery), responses(
    (status = 200, description = "A page of movements", body = TransactionPage),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_transactions(
    State(app): State<AppState>,
    user: CurrentUser,
    Query(paging): Query<Paging>,
    Query(query): Query<TransactionQuery>,
) -> Result<Json<TransactionPage>, HttpError> {
    let mut db = app.db.acquire().await?;
    let (offset, limit) = (paging.offset(), paging.per_page);
    let transactions = store::list_transactions(&mut db, user.id, query.tx_type, offset, limit).await?;
    let total = store::count_transactions(&mut db, user.id, query.tx_type).await?;
    Ok(Json(TransactionPage {
        transactions,
        total_transactions: total,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(total),
        has_previous: paging.has_previous(),
    }))
}
