//! The whole of an account at once: what must happen in several rooms when it ends, is suspended or is taken along.
//!
//! Owns no table. Promises: whoever is suspended or deleted is signed out everywhere, in no list and in no call, as soon
//! as the answer is there (sockets within a second); an export is everything about its person and nothing of others, and
//! costs the same memory however much it is.

mod error;
mod export;
mod lifter;
mod rights;
mod routes;
mod service;
mod sign_out;
mod suspension;

pub use self::{
    error::Error,
    export::Record,
    lifter::{lift_expired, run_lifter},
    rights::{Changed, DashboardRole, RightsChange, change_rights, change_rights_by_phone, record_change},
    routes::router,
    sign_out::{sign_out, sign_out_device},
    suspension::{reinstate, suspend},
};
