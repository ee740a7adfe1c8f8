//! One file per page.

pub mod account;
pub mod calls;
pub mod failure;
pub mod log;
pub mod moderation;
pub mod money;
pub mod overview;
pub mod people;
pub mod person;
pub mod second_factor;
pub mod sign_in;
pub mod suspension;
pub mod system;
pub mod verification;
