//! The doors outside: databases, objects, messages, time and telemetry.

pub mod clock;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod kept_secret;
pub mod object_store;
pub mod payments;
pub mod postgres;
pub mod redis;
pub mod seal;
pub mod sms;
pub mod stores;
pub mod telemetry;
