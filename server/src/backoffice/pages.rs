//! The pages of [`App`], mounted by `leptos_axum`.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{FromRef, Request, State},
    response::Response,
};
use futures_util::{Stream, StreamExt, stream};
use leptos::prelude::*;
use leptos_axum::LeptosRoutes;
use saathii_admin_ui::{App, Reading, Source, Unread, html, pages::overview::Overview};

use super::{error::PageError, overview, session::AdminSession};
use crate::state::AppState;

type Pinned<T> = Pin<Box<T>>;
type Html = Pinned<dyn Stream<Item = String> + Send>;

/// Adds a route for every page.
pub(super) fn mount(router: Router<AppState>) -> Router<AppState> {
    let (pages, _) = leptos_axum::generate_route_list_with_exclusions_and_ssg_and_context(App, None, || {});
    router.leptos_routes_with_handler(pages, show_page)
}

/// `leptos_axum` mounts on nothing that cannot give it options; they are for its build tool, which is not used.
impl FromRef<AppState> for LeptosOptions {
    fn from_ref(_: &AppState) -> Self {
        Self::builder().output_name("saathii").build()
    }
}

async fn show_page(State(app): State<AppState>, admin: AdminSession, request: Request) -> Result<Response, PageError> {
    let reader = Arc::new(Reader { app, failure: Mutex::default() });
    let source: Arc<dyn Source> = reader.clone();
    let viewer = admin.viewer();
    let context = move || {
        provide_context(source.clone());
        provide_context(viewer.clone());
    };
    let response = leptos_axum::handle_response_inner(context, App, request, plain_html).await;
    let failure = reader.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
    failure.map_or(Ok(response), Err)
}

/// The whole page at once, without the inline scripts that `leptos_axum`'s own builders end it with.
fn plain_html<V: IntoView + 'static>(
    app: V,
    _scripts: Box<dyn FnOnce() -> Html + Send>,
    _out_of_order: bool,
) -> Pinned<dyn Future<Output = Html> + Send> {
    Box::pin(async move {
        let page: String = app.to_html_stream_in_order().collect().await;
        Box::pin(stream::once(async move { html::plain(&page) })) as Html
    })
}

/// Reads for one page; what it could not read is answered instead of the page.
struct Reader {
    app: AppState,
    failure: Mutex<Option<PageError>>,
}

impl Reader {
    async fn note<T, E: Into<PageError>>(&self, read: impl Future<Output = Result<T, E>>) -> Result<T, Unread> {
        read.await.map_err(|error| {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.into());
            Unread
        })
    }
}

impl Source for Reader {
    fn overview(&self) -> Reading<'_, Overview> {
        Box::pin(self.note(overview::read(&self.app)))
    }
}

#[cfg(test)]
mod tests {
    use saathii_admin_ui::paths;

    use super::*;

    #[test]
    fn every_page_has_its_route() {
        let (pages, _) = leptos_axum::generate_route_list_with_exclusions_and_ssg_and_context(App, None, || {});
        let pages: Vec<&str> = pages.iter().map(leptos_axum::AxumRouteListing::path).collect();
        assert_eq!(pages, [paths::HOME]);
    }
}
