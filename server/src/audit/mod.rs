//! The record of what was done by the power of a role: who, what, to whom, before, after, from where, when.
//!
//! Owns `audit_log`. Promises: an entry is written by the transaction that does what it tells, and is never changed (a
//! trigger refuses it, whoever asks).
//!
//! A handler of an admin takes [`AdminAction`] instead of `Admin`, and hands it to the service, which says in its
//! transaction:
//!
//! ```ignore
//! let entry = Entry { by: Actor::Admin(action), action: "user.suspend", subject: Subject::user(user), before, after };
//! audit::record(&mut tx, &entry, now).await?;
//! ```

mod query;
mod routes;
mod service;
mod store;

use axum::{extract::FromRequestParts, http::request::Parts};
use saathii_shared_types::{AdjustmentId, CallId, ReportId, SampleId, UserId, WithdrawalId};
use serde_json::Value;

pub use self::{
    query::AuditQuery,
    routes::router,
    service::list_entries,
    store::{list_words, record},
};
use crate::{
    auth::{Admin, ClientInfo},
    http::HttpError,
    state::AppState,
};

/// An admin at work, and from where: the extractor of every admin's request that changes something.
#[derive(Debug, Clone)]
pub struct AdminAction {
    pub admin: UserId,
    pub from: ClientInfo,
}

impl FromRequestParts<AppState> for AdminAction {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, HttpError> {
        let Admin(admin) = Admin::from_request_parts(parts, app).await?;
        let Ok(from) = ClientInfo::from_request_parts(parts, app).await;
        Ok(Self { admin: admin.id, from })
    }
}

/// By whom something was done.
#[derive(Debug, Clone, Copy)]
pub enum Actor<'a> {
    Admin(&'a AdminAction),
    /// Whoever runs the `saathii` command.
    CommandLine,
    /// `ADMIN_PHONES`.
    Configuration,
}

/// To what something was done.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// Like `user`.
    pub kind: &'static str,
    pub id: i64,
}

impl Subject {
    pub fn user(user: UserId) -> Self {
        Self { kind: "user", id: user.0 }
    }

    pub fn call(call: CallId) -> Self {
        Self { kind: "call", id: call.0 }
    }

    pub fn sample(sample: SampleId) -> Self {
        Self { kind: "sample", id: sample.0 }
    }

    pub fn withdrawal(withdrawal: WithdrawalId) -> Self {
        Self { kind: "withdrawal", id: withdrawal.0 }
    }

    pub fn adjustment(adjustment: AdjustmentId) -> Self {
        Self { kind: "adjustment", id: adjustment.0 }
    }

    pub fn report(report: ReportId) -> Self {
        Self { kind: "report", id: report.0 }
    }
}

/// Something that is being done.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub by: Actor<'a>,
    /// Like `user.suspend`: the subject's kind and a verb.
    pub action: &'static str,
    pub subject: Subject,
    /// What of the subject changes, as it was; null where it was not there.
    pub before: Value,
    pub after: Value,
}
