//! Paid calls, billed by the server itself.
//!
//! Owns `calls`, and the mirror of live calls in Redis. Promises: a minute is paid when it begins, once, whoever asks
//! and after any crash; nobody is in two calls; whatever ends a call settles it in the same transaction that frees
//! both sides; a call ends by itself when its coins, its two hours or both of its phones are gone.
//!
//! Every transaction locks in this order: users, calls, wallets, presence.

mod billing;
mod earnings;
mod error;
mod events;
mod history;
mod meter;
mod mirror;
mod past;
mod query;
mod routes;
mod rules;
mod service;
mod store;

pub use self::{
    error::Error,
    events::{Aftermath, tell},
    history::page_of,
    meter::{reap, run_meter, tick},
    mirror::{Changes as MirrorChanges, Mirror, run_mirror},
    past::{PastCall, record_past},
    routes::router,
    service::{Ending, end_by_admin, end_call, end_call_between, end_calls_of, start_call},
    store::{
        CallRow, Search, Span, count_of, count_ongoing, export_calls, find, find_ending, find_oldest_due,
        find_ongoing_of, list_spans, prove, search,
    },
};
