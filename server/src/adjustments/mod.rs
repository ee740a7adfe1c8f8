//! Coins and earnings that admins give or take by hand.
//!
//! Owns `adjustments`. Promises: nobody adjusts their own wallet, and from `ADJUSTMENT_SECOND_ADMIN_FROM` on another
//! admin than the one who asked applies it (checks of the table see to both); a form that is sent twice is one
//! adjustment; a wallet moves in the transaction that marks its adjustment applied, once, and never below zero.
//!
//! Every transaction locks in this order: users, the adjustment, wallets.

mod error;
mod service;
mod store;

pub use self::{
    error::Error,
    service::{Asked, Decision, decide, request},
    store::{AdjustmentRow, Status, count_of, count_pending, export_adjustments, find, list, list_wrong as prove},
};
