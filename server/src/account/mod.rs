//! The whole of an account at once: what must happen in several rooms when it ends.
//!
//! Owns no table.

mod routes;
mod service;

pub use self::{routes::router, service::grant_admin};
