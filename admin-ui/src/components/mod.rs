//! What pages are made of.

pub mod call;
pub mod chart;
pub mod confirm;
pub mod document;
pub mod facts;
pub mod filter;
pub mod form;
pub mod layout;
pub mod money;
pub mod person;
pub mod qr;
pub mod stat;
pub mod table;
pub mod time;
