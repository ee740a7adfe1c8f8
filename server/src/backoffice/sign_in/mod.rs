//! Signing in: first the phone, then the code that was sent to it.
//!
//! The phone of a visit lies in Redis under the hash of the visit's cookie, so that it stands in no address and a
//! reload sends nothing twice.

mod problem;
mod routes;
mod service;

pub(super) use self::routes::router;
