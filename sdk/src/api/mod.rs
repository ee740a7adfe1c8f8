//! The endpoints, one file per feature.

mod auth;
mod calls;
mod feed;
mod login;
mod page;
mod presence;
mod users;
mod wallet;

pub use self::{
    auth::AuthApi,
    calls::{CallFilter, CallsApi},
    feed::{FeedApi, FeedFilter},
    login::{Failed, NewUser, OtpSent, Registration, Resent, Verified},
    page::Page,
    presence::PresenceApi,
    users::UsersApi,
    wallet::WalletApi,
};
