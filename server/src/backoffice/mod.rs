//! The dashboard under `/admin`: who gets in, what its pages read, what its forms do. `admin-ui` renders it.
//!
//! Owns `admin_sessions`. Promises: only admins change anything, and only they and viewers see a page, by
//! what they are at this moment, whatever ends a user's logins ends the dashboard's too, and no form works that another site sent.

mod calls;
mod csv;
mod error;
mod headers;
mod kept;
mod live;
mod log;
mod moderation;
mod money;
mod overview;
mod pages;
mod paging;
mod path;
mod people;
mod routes;
mod second_factor;
mod session;
mod sign_in;
mod system;
mod takings;
mod verification;

use self::path::PathOf;
pub use self::{routes::router, takings::Summed};
