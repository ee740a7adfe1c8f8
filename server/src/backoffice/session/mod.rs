//! Who is at work: the cookie, the session behind it, and forms that prove whose they are.

mod form;
mod service;
mod store;
mod token;

pub(super) use self::{
    form::{Action, Form, NoFields},
    service::{AdminSession, SignedIn, end_others, end_session, is_alive, last_used, open_session},
    token::Token,
};
