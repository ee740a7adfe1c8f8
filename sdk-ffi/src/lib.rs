//! The SDK for other languages, by uniffi: thin objects, and no rule of its own.
//!
//! Work runs on a runtime of this crate; a call whose caller goes away is cancelled. Events come from one thread, one
//! at a time, through a bounded queue that ends in [`Event::Resync`] where the host was too slow.

// The macros of uniffi hand over owned values.
#![allow(clippy::needless_pass_by_value, reason = "values cross this border owned")]

mod calls;
mod client;
mod error;
mod events;
mod feed;
mod host;
mod logging;
mod login;
mod recharges;
mod records;
mod runtime;
mod social;
mod store;
mod verification;
mod wallet;
mod withdrawals;

pub use self::{
    calls::{CallState, CallTypeRate, FollowedCall, Rates, RechargeOption, Side, new_idempotency_key},
    client::{ClientConfig, SaathiiClient, shut_down_clients},
    error::SaathiiError,
    events::{Event, EventListener, ListenerError, SessionState, SignOut},
    feed::{FeedFilter, FeedState},
    host::release_host,
    logging::{LogLevel, LogRecord, LogSink, init_logging, stop_logging},
    login::{NewUser, OtpSent, Registration, Verified},
    records::{ProfileChanges, StatusChanges, TextChange, TimeChange},
    store::{TokenStore, TokenStoreError},
    verification::Audio,
};

#[cfg(not(panic = "unwind"))]
compile_error!("a panic is caught at the border, and so it must unwind");

uniffi::setup_scaffolding!();
