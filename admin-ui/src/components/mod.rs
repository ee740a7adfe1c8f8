//! What pages are made of.

pub mod document;
pub mod form;
pub mod layout;
pub mod person;
pub mod stat;
pub mod time;
