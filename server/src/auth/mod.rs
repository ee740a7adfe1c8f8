//! Login by one-time password, sessions and their tokens.
//!
//! Owns `auth_sessions`; codes and registrations in progress lie in Redis. Sessions lie in Postgres, so that
//! people stay signed in when Redis forgets everything; Redis only caches each user's access version, which
//! makes a token check one look-up. Promises: a code works once, a refresh token has one successor, and after
//! a logout no token and no socket of that user works on any node.

mod access;
mod bare;
mod error;
mod janitor;
mod limits;
mod otp;
mod routes;
mod secret;
mod service;
mod store;
mod tokens;

pub use self::{
    access::{Admin, CurrentUser, Listener},
    access::{announce_access_change, token_in},
    bare::{end_bare_session, find_live_session, open_bare_session},
    error::{Error, suspension_text},
    janitor::run_janitor,
    otp::Codes,
    routes::router,
    secret::signing_secret,
    service::{
        ClientInfo, end_all_sessions, end_session_of, prove_phone, request_otp, resend_otp, session_deadline, sign_out,
    },
    store::{EndReason, Login, ended_among, export_logins, list_logins},
    tokens::Signer,
};
