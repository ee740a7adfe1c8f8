//! Money: payouts, purchases, the ledger, the proof and the rates.

mod adjustments;
mod books;
mod ledger;
mod recharges;
mod withdrawals;

use axum::{
    Router,
    routing::{get, post},
};
use saathii_admin_ui::paths;

pub(super) use self::{
    adjustments::{read_adjusting, read_list as read_adjustments, read_one as read_adjustment},
    books::read as read_books,
    ledger::{read_list as read_ledger, read_one as read_transfer},
    recharges::read_list as read_recharges,
    withdrawals::{read_list as read_withdrawals, read_one as read_withdrawal},
};
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/money/withdrawals/{id}", post(withdrawals::decide))
        .route("/admin/people/{id}/adjust", post(adjustments::request))
        .route("/admin/money/adjustments/{id}", post(adjustments::decide))
        .route(paths::RECHARGES_CSV, get(recharges::download))
        .route(paths::LEDGER_CSV, get(ledger::download))
}
