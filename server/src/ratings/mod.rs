//! What callers thought of their calls.
//!
//! Owns `call_ratings` and `listener_ratings`. Promises: a call is rated once, by its caller, after its end; a
//! listener's `rating` is the mean of these and of nothing else.

mod error;
mod routes;
mod service;
mod store;

pub use self::{
    error::Error,
    routes::router,
    service::record,
    store::{count_of, export_given, export_received, find},
};
