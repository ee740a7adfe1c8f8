//! Listeners to call, in the order in which to offer them.
//!
//! Lists the verified, or everybody where `LISTENER_VERIFICATION=optional`.
//!
//! Owns `feed_listeners`, a read model that triggers on `users` and `presence` keep. Promises: a page is one range of
//! one index, and counting costs next to nothing however many ask.

mod counts;
mod query;
mod routes;
mod service;
mod store;

pub use self::{
    counts::CountCache,
    routes::router,
    service::{describe, get_stats},
};
