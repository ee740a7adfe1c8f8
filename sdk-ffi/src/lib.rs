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
mod login;
mod records;
mod restart;
mod runtime;
mod store;
mod wallet;

pub use self::{
    calls::{CallState, CallTypeRate, FollowedCall, Rates, RechargeOption, Side, new_idempotency_key},
    client::{ClientConfig, SaathiiClient},
    error::SaathiiError,
    events::{Event, EventListener, ListenerError, SessionState},
    feed::{FeedFilter, FeedState},
    login::{NewUser, OtpSent, Registration, Verified},
    records::{ProfileChanges, StatusChanges, TextChange, TimeChange},
    restart::start_over,
    store::{TokenStore, TokenStoreError},
};

uniffi::setup_scaffolding!();
