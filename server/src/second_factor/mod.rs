//! The second factor at the dashboard's door: a code of an authenticator app (TOTP, RFC 6238), or a recovery code.
//!
//! Owns `second_factors`. Promises: a code is good once, whoever races with it; wrong codes lock the door for a time that
//! doubles, on every node and after every restart; the secret lies sealed, recovery codes lie hashed and are shown once.
//!
//! Every transaction locks in this order: users, the second factor.

mod code;
mod error;
mod rules;
mod service;
mod store;

pub use self::{
    error::Error,
    service::{
        Enrolment, State, begin, confirm, is_enrolled, prove, read, renew_recovery_codes, reset, reset_by_phone,
        turn_off,
    },
    store::forget,
};
