//! One file per page.

pub mod failure;
pub mod overview;
pub mod sign_in;
