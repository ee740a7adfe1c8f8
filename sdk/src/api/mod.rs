//! The endpoints, one file per feature.

mod auth;
mod blocks;
mod calls;
mod favorites;
mod feed;
mod login;
mod page;
mod presence;
mod recharges;
mod reports;
mod users;
mod verification;
mod wallet;
mod withdrawals;

pub use self::{
    auth::AuthApi,
    blocks::BlocksApi,
    calls::{CallFilter, CallsApi},
    favorites::FavoritesApi,
    feed::{FeedApi, FeedFilter},
    login::{Failed, NewUser, OtpSent, Registration, Resent, Verified},
    page::Page,
    presence::PresenceApi,
    recharges::RechargesApi,
    reports::ReportsApi,
    users::UsersApi,
    verification::{AudioFile, VerificationApi},
    wallet::WalletApi,
    withdrawals::WithdrawalsApi,
};
