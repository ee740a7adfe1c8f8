//! The dashboard under `/admin`: who gets in, what its pages read, what its forms do. `admin-ui` renders it.
//!
//! Owns `admin_sessions`. Promises: only accounts that hold the role admin at this moment see a page or change
//! anything, whatever ends a user's logins ends the dashboard's too, and no form works that another site sent.

mod error;
mod headers;
mod live;
mod overview;
mod pages;
mod routes;
mod session;
mod sign_in;

pub use self::routes::router;
