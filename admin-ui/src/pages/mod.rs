//! One file per page.

pub mod account;
pub mod failure;
pub mod overview;
pub mod people;
pub mod person;
pub mod sign_in;
pub mod system;
pub mod verification;
