//! The endpoints, one file per feature.

mod auth;
mod feed;
mod login;
mod presence;
mod users;

pub use self::{
    auth::AuthApi,
    feed::{FeedApi, FeedFilter, Page},
    login::{Failed, NewUser, OtpSent, Registration, Resent, Verified},
    presence::PresenceApi,
    users::UsersApi,
};
