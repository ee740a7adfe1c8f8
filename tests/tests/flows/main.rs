//! The contract and its hard cases, over real HTTP and sockets.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

mod audit;
mod authorization;
mod backoffice;
mod bad_input;
mod calls;
mod documents;
mod export;
mod feed;
mod ledger;
mod login;
mod operations;
mod payments;
mod personal_events;
mod presence;
mod redis_away;
mod reports;
mod sdk;
mod sdk_endpoints;
mod senders;
mod social;
mod sockets;
mod suspension;
mod tokens;
mod two_nodes;
mod users;
mod verification;
mod withdrawals;
