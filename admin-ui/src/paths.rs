//! Where everything lies; the server mounts what the pages point at.

use saathii_shared_types::{SampleId, SessionId, UserId};

pub const HOME: &str = "/admin";
pub const SIGN_IN: &str = "/admin/sign-in";
pub const SIGN_IN_CODE: &str = "/admin/sign-in/code";
pub const SIGN_IN_RESEND: &str = "/admin/sign-in/resend";
pub const SIGN_OUT: &str = "/admin/sign-out";
pub const VERIFICATION: &str = "/admin/verification";
pub const PEOPLE: &str = "/admin/people";
pub const PEOPLE_CSV: &str = "/admin/people.csv";
pub const SYSTEM: &str = "/admin/system";
pub const ACCOUNT: &str = "/admin/account";
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

pub fn sign_out_device(user: UserId, session: SessionId) -> String {
    format!("/admin/people/{user}/sign-out/{session}")
}

/// A sample with its player and its form.
pub fn sample(sample: SampleId) -> String {
    format!("/admin/verification/{sample}")
}

/// What the player plays; leads to a link of the bucket.
pub fn sample_audio(sample: SampleId) -> String {
    format!("/admin/verification/{sample}/audio")
}
