//! Where everything lies; the server mounts what the pages point at.

pub const HOME: &str = "/admin";
pub const SIGN_IN: &str = "/admin/sign-in";
pub const SIGN_IN_CODE: &str = "/admin/sign-in/code";
pub const SIGN_IN_RESEND: &str = "/admin/sign-in/resend";
pub const SIGN_OUT: &str = "/admin/sign-out";
/// Server-sent events that say when a live page is to fetch itself again.
pub const EVENTS: &str = "/admin/events";
pub const ASSETS: &str = "/admin/assets";
