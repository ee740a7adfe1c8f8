//! Audio samples of listeners, and their review.
//!
//! Owns `verification_samples`, `verification_discards`, and in the bucket the folders `verification-audio/` and
//! `verification-uploads/`. Promises: a sample was decoded before anybody was asked to listen to it, a listener has one
//! waiting at a time, a review happens once, and whatever is put into the bucket is either a sample's or due to leave it.

mod audio;
mod error;
mod janitor;
mod review;
mod routes;
mod rules;
mod service;
mod spool;
mod store;

pub use self::{
    error::Error,
    janitor::{discard_folders, run_janitor, tidy_up},
    review::{link_of, review},
    routes::router,
    service::{forget, submit_bytes},
    store::{Beside, PendingSample, SampleRow, count_pending, export_samples, find, find_beside, list_of, list_queue},
};
