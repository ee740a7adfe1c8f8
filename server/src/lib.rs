//! The Saathii server. `main.rs` is the `saathii` command; tests start the same [`app`] in their own process.
//!
//! Arrows: `app` → rooms → `http`, `infra`, `realtime`. A room reaches another through its `mod.rs` alone.

pub mod account;
pub mod adjustments;
pub mod app;
pub mod audit;
pub mod auth;
pub mod backoffice;
pub mod calls;
pub mod config;
pub mod demo;
pub mod feed;
pub mod http;
pub mod infra;
pub mod nodes;
pub mod payments;
pub mod phone;
pub mod presence;
pub mod proof;
pub mod ratings;
pub mod realtime;
pub mod reports;
pub mod second_factor;
pub mod social;
pub mod state;
pub mod users;
pub mod verification;
pub mod wallet;
pub mod withdrawals;
