//! What tests stand on: real stores of their own, nodes in this process, and clients.
//!
//! A test gets its own database, cloned from a migrated template, its own Redis prefix, and a clock that it moves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, reason = "a test stops where it fails")]

pub mod app;
pub mod audio;
pub mod calls;
pub mod client;
pub mod cut;
pub mod device;
pub mod people;
pub mod razorpay;
pub mod runner;
pub mod simulation;
pub mod sms;
pub mod socket;
pub mod stores;
pub mod story;
pub mod visitor;

pub use self::{
    app::TestApp,
    client::Answer,
    cut::CuttableLink,
    device::{Person, Refused},
    socket::Socket,
    visitor::Visitor,
};
