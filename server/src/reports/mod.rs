//! Complaints about people, and what moderators made of them.
//!
//! Owns `reports`. Promises: a call is evidence only between the two, the same complaint again while nobody has looked is
//! the same report, and a report is decided once.

mod error;
mod query;
mod routes;
mod service;
mod store;

pub use self::{
    error::Error,
    routes::router,
    service::{find, list, list_about, report, resolve},
    store::{count_open, export_filed},
};
