//! The signed-in pages and their addresses.

use std::{pin::Pin, sync::Arc};

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    components::layout::Viewer,
    pages::overview::{Overview, OverviewPage},
    paths,
};

/// What the pages ask of the server, which cannot be named here: it depends on this crate.
pub trait Source: Send + Sync {
    fn overview(&self) -> Reading<'_, Overview>;
}

pub type Reading<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unread>> + Send + 'a>>;

/// It could not be read. The source knows why, and the server answers with that instead of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

/// Every page of the sidebar. Wants an `Arc<dyn Source>` and a [`Viewer`] as context.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router base=paths::HOME>
            <Routes fallback=|| ()>
                <Route path=path!("") view=overview ssr=SsrMode::Async />
            </Routes>
        </Router>
    }
}

fn overview() -> impl IntoView {
    page(|source| source.overview(), |viewer, overview| view! { <OverviewPage viewer overview /> })
}

/// Reads what a page shows, then shows it. Without context there is nobody to show it to: `leptos_axum` runs the app
/// once at the start, only to learn its routes.
fn page<T, V>(
    read: impl for<'a> FnOnce(&'a dyn Source) -> Reading<'a, T> + Send + 'static,
    show: impl FnOnce(Viewer, T) -> V + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    let context = use_context::<Arc<dyn Source>>().zip(use_context::<Viewer>());
    Suspend::new(async move {
        let (source, viewer) = context?;
        let data = read(source.as_ref()).await.ok()?;
        Some(show(viewer, data))
    })
}
