//! The contract and its hard cases, over real HTTP and sockets.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

mod backoffice;
mod bad_input;
mod calls;
mod documents;
mod feed;
mod ledger;
mod login;
mod operations;
mod payments;
mod personal_events;
mod presence;
mod redis_away;
mod sdk;
mod senders;
mod sockets;
mod tokens;
mod two_nodes;
mod users;
mod verification;
mod withdrawals;
