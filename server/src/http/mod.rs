//! What every route shares: extractors, the shape of errors, the request log, limits and the documents.

pub mod client_address;
pub mod cors;
pub mod docs;
pub mod error;
pub mod extract;
pub mod health;
pub mod idempotency;
pub mod log_request;
pub mod rate_limit;
pub mod serve;

pub use error::HttpError;
pub use extract::{Json, Paging, Path, Query, Raw};
pub use idempotency::{Answer, IdempotencyKey, Once};
