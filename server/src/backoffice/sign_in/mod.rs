//! Signing in: first the phone, then the code that was sent to it, then the second factor of who has one.
//!
//! The phone of a visit lies in Redis under the hash of the visit's cookie, so that it stands in no address and a
//! reload sends nothing twice. So does whoever has proven the phone and not yet the second factor: they are nobody.

mod problem;
mod routes;
mod service;

pub(super) use self::{problem::refusal_of, routes::router};
