//! Buying coins: with nobody's money in the sandbox, with rupees through Razorpay.
//!
//! Owns `payments` and `payment_refunds`. Promises: a payment is credited once, whether the app's word (`verify`) or
//! the provider's (webhook) comes first, and however often and in whatever order either comes; a refund takes its share
//! of the coins back once, at most what is left in the wallet, and waits for its payment where it is told first; what
//! was paid is booked even if its buyer is gone.
//!
//! Every transaction locks in this order: users, the payment, wallets.

mod error;
mod proof;
mod routes;
mod rules;
mod service;
mod settlement;
mod store;
mod webhook;

pub use self::{
    error::Error,
    proof::prove,
    routes::{router, webhook_router},
    service::record_sandbox_purchase,
    store::{PaymentRow, Search, export_payments, list_spans, search},
};
