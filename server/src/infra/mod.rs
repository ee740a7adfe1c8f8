//! The doors outside: databases, objects, messages, time and telemetry.

pub mod clock;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod object_store;
pub mod postgres;
pub mod redis;
pub mod sms;
pub mod stores;
pub mod telemetry;
