//! Who people are: profiles, phones, roles.
//!
//! Owns `users`. Promises: a phone is one person, a username is unique without regard to case, and whatever
//! changes a user's rights raises the access version that tokens are checked against. Who is suspended is in no list and
//! in no call (`lock_parties`), and signs in nowhere (`admit`).

mod error;
mod routes;
mod rules;
mod service;
mod store;
mod suspension;

pub use self::{
    error::Error,
    routes::router,
    rules::Profile,
    service::insert,
    store::{
        AtWork, Card, Locked, NewUser, Newcomer, Party, Person, Registrations, Standing, any, cards,
        count_registrations, find_at_work, find_by_phone, find_person, find_profile, find_verified_at, list_newest,
        lock, lock_admins, lock_all, lock_parties, pseudonymise, raise_access_version, set_admin, set_rating,
        set_verified, set_viewer, standing, usernames,
    },
    suspension::{Suspension, admit, find_suspension, lift_expired_suspensions, lift_suspension, suspend},
};
