//! The Rust client of Saathii, paid listening calls.
//!
//! ```no_run
//! use saathii_sdk::{Client, FeedFilter, FileStore, Verified};
//!
//! # async fn example(code: &str) -> Result<(), saathii_sdk::Error> {
//! let client = Client::builder()
//!     .base_url("https://api.example.com")
//!     .token_store(FileStore::new("login.json"))
//!     .build()?;
//!
//! let sent = client.auth().request_otp("+919876543210").await?;
//! if let Verified::SignedIn = sent.verify(code).await? {
//!     client.set_foreground(true);
//!     let mut feed = client.feed().live(FeedFilter::default(), 20);
//!     while let Some(state) = feed.changed().await {
//!         println!("{} of {} are free", state.available_count, state.total_count);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Client`] has one method per feature, and behind it every endpoint that an app may ask for. What is the dashboard's
//! (`/admin/…`) and the operator's (`/livez`, `/readyz`, `/metrics`) is not here.
//!
//! **Errors** have a [`Code`], the same in every language, and say whether to try again: [`Error::is_transient`],
//! [`Error::retry_after`]. Requests do so by themselves, as the [`RetryPolicy`] allows, and never repeat what must happen
//! once unless the server surely did not get it, or knows it by its [`IdempotencyKey`].
//!
//! **Logins** live in a [`TokenStore`]. They are renewed before they expire, by one call for all, and survive a crash
//! at any moment. [`Client::session`] tells when one ends, and by whose doing.
//!
//! **Calls** ([`CallsApi::start`]) are billed by the server, minute by minute; a [`CallSession`] shows the minutes, the
//! coins and the end, whatever becomes of the connection, and [`CallSession::recharge`] lets it go on.
//! [`CallsApi::incoming`] rings for a listener.
//!
//! **Private servers** whose certificate no public authority has signed are trusted by
//! [`ClientBuilder::root_certificate`]. Any other certificate that does not fit is [`Code::Certificate`], and nothing is
//! sent.
//!
//! **Sockets** ([`Client::socket`]) reconnect and resume. [`Event::Resync`] is the one thing to act on: read the state
//! again. [`LiveFeed`] does all that.

mod api;
mod call;
mod client;
mod code;
mod error;
mod file;
mod heartbeat;
mod idempotency;
mod live_feed;
mod own_events;
mod retry;
mod session;
mod socket;
mod tls;
mod transport;

pub use chrono;
/// The types of the wire.
pub use saathii_shared_types as types;

pub use self::{
    api::{
        AudioFile, AuthApi, BlocksApi, CallFilter, CallsApi, Failed, FavoritesApi, FeedApi, FeedFilter, NewUser,
        OtpSent, Page, PresenceApi, RechargesApi, Registration, ReportsApi, Resent, UsersApi, VerificationApi,
        Verified, WalletApi, WithdrawalsApi,
    },
    call::{CallSession, CallState, CallWatch, IncomingCall, IncomingCalls, Side},
    client::{Client, ClientBuilder},
    code::Code,
    error::{Error, Shortfall},
    idempotency::IdempotencyKey,
    live_feed::{FeedState, FeedWatch, LiveFeed},
    retry::RetryPolicy,
    session::{FileStore, MemoryStore, SessionState, SessionWatch, SignOut, StoreError, TokenStore, Tokens},
    socket::{Event, Socket},
};
