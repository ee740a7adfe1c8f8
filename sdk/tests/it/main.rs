//! The client against a server that the test plays.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod calls;
mod certificates;
mod heartbeat;
mod killed;
mod live_feed;
mod login;
mod repetition;
mod session;
mod socket;
mod support;
mod transfers;
