//! Where everything lies; the server mounts what the pages point at.

use saathii_shared_types::{AdjustmentId, CallId, ReportId, SampleId, SessionId, UserId, WithdrawalId};

pub const HOME: &str = "/admin";
pub const SIGN_IN: &str = "/admin/sign-in";
pub const SIGN_IN_CODE: &str = "/admin/sign-in/code";
pub const SIGN_IN_RESEND: &str = "/admin/sign-in/resend";
pub const SIGN_IN_SECOND_FACTOR: &str = "/admin/sign-in/second-factor";
pub const SIGN_OUT: &str = "/admin/sign-out";
pub const VERIFICATION: &str = "/admin/verification";
pub const PEOPLE: &str = "/admin/people";
pub const PEOPLE_CSV: &str = "/admin/people.csv";
/// Not `/admin/reports` and `/admin/audit`: those are the API's.
pub const REPORTS: &str = "/admin/moderation";
pub const LOG: &str = "/admin/log";
pub const CALLS: &str = "/admin/calls";
pub const WITHDRAWALS: &str = "/admin/money/withdrawals";
pub const RECHARGES: &str = "/admin/money/recharges";
pub const RECHARGES_CSV: &str = "/admin/money/recharges.csv";
pub const LEDGER: &str = "/admin/money/transactions";
pub const LEDGER_CSV: &str = "/admin/money/transactions.csv";
pub const ADJUSTMENTS: &str = "/admin/money/adjustments";
pub const BOOKS: &str = "/admin/money/books";
pub const SYSTEM: &str = "/admin/system";
pub const ACCOUNT: &str = "/admin/account";
pub const SECOND_FACTOR: &str = "/admin/account/second-factor";
pub const SECOND_FACTOR_BEGIN: &str = "/admin/account/second-factor/begin";
pub const SECOND_FACTOR_CONFIRM: &str = "/admin/account/second-factor/confirm";
pub const SIGN_OUT_EVERYWHERE: &str = "/admin/account/sign-out-everywhere";
/// Server-sent events that say when a live page is to fetch itself again.
pub const EVENTS: &str = "/admin/events";
pub const ASSETS: &str = "/admin/assets";

/// Somebody's page.
pub fn person(user: UserId) -> String {
    format!("/admin/people/{user}")
}

/// Asks, and by POST makes it so.
pub fn grant(user: UserId, role: &str) -> String {
    format!("/admin/people/{user}/grant/{role}")
}

/// Asks, and by POST makes it so.
pub fn revoke(user: UserId, role: &str) -> String {
    format!("/admin/people/{user}/revoke/{role}")
}

/// Asks, and by POST makes it so.
pub fn sign_out_all(user: UserId) -> String {
    format!("/admin/people/{user}/sign-out")
}

/// Asks, and by POST makes it so.
pub fn suspend(user: UserId) -> String {
    format!("/admin/people/{user}/suspend")
}

/// Asks, and by POST makes it so.
pub fn reinstate(user: UserId) -> String {
    format!("/admin/people/{user}/reinstate")
}

/// Asks how much, and by POST gives or takes it.
pub fn adjust(user: UserId) -> String {
    format!("/admin/people/{user}/adjust")
}

/// One adjustment; by POST, what becomes of it.
pub fn adjustment(adjustment: AdjustmentId) -> String {
    format!("{ADJUSTMENTS}/{adjustment}")
}

/// Asks, and by POST makes it so.
pub fn reset_second_factor(user: UserId) -> String {
    format!("/admin/people/{user}/reset-second-factor")
}

/// One report; by POST, what becomes of it.
pub fn report(report: ReportId) -> String {
    format!("{REPORTS}/{report}")
}

pub fn sign_out_device(user: UserId, session: SessionId) -> String {
    format!("/admin/people/{user}/sign-out/{session}")
}

/// One call, minute by minute.
pub fn call(call: CallId) -> String {
    format!("/admin/calls/{call}")
}

/// Asks, and by POST makes it so.
pub fn end_call(call: CallId) -> String {
    format!("/admin/calls/{call}/end")
}

/// One withdrawal; by POST, the next step of it.
pub fn withdrawal(withdrawal: WithdrawalId) -> String {
    format!("{WITHDRAWALS}/{withdrawal}")
}

/// Both sides of one transfer.
pub fn transfer(transfer: i64) -> String {
    format!("{LEDGER}/{transfer}")
}

/// What the ledger holds of one kind for one thing.
pub fn ledger_of(kind: &str, reference: i64) -> String {
    format!("{LEDGER}?kind={kind}&reference={reference}")
}

/// A sample with its player and its form.
pub fn sample(sample: SampleId) -> String {
    format!("/admin/verification/{sample}")
}

/// What the player plays; leads to a link of the bucket.
pub fn sample_audio(sample: SampleId) -> String {
    format!("/admin/verification/{sample}/audio")
}
