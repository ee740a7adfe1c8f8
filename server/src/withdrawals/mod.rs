//! Paying listeners out.
//!
//! Owns `payout_details` and `withdrawals`. Promises: what is asked for is set aside at once and can neither be spent
//! nor asked for again; a withdrawal goes requested → approved → paid, or is rejected before it is paid, and each step
//! is one conditional update, so that of two who decide at once one is refused; nobody decides their own. Bank details
//! lie sealed, a withdrawal carries those of its request, and they are wiped once it is paid or rejected.
//!
//! Every transaction locks in this order: users, the withdrawal, wallets.

mod decision;
mod error;
mod proof;
mod query;
mod routes;
mod rules;
mod sealed;
mod service;
mod store;

pub use self::{
    decision::{Decision, decide_once, find_withdrawal, get_withdrawal, list_withdrawals},
    error::Error,
    proof::prove,
    routes::router,
    service::{set_details, withdraw},
    store::{count_requested, export_withdrawals, forget_details},
};
