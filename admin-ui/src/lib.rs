//! The pages of the dashboard: props in, HTML out.
//!
//! Every page is plain HTML that needs neither script nor WebAssembly. The signed-in pages are routes of [`App`],
//! which `leptos_axum` mounts and which asks a [`Source`] for what it shows; forms and errors are components that
//! the server renders itself, by [`html::render`].

// Views are types that nest as deep as their tags.
#![recursion_limit = "512"]
#![allow(clippy::needless_pass_by_value, reason = "props are owned, whether a page keeps them or only reads them")]

pub mod address;
pub mod app;
pub mod assets;
pub mod components;
pub mod desk;
pub mod html;
pub mod pages;
pub mod paths;

pub use self::{
    app::{App, Reading, Source, Unread},
    desk::Desk,
};
