use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::{document::Document, form::CsrfField, time::Moment};
use crate::paths;

/// Who looks at a page.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub name: String,
    /// Proves that a form came from a page of this session.
    pub csrf: String,
}

/// The pages that the sidebar names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    Overview,
}

const PAGES: [(Page, &str, &str); 1] = [(Page::Overview, "Overview", paths::HOME)];

/// A signed-in page: sidebar, heading, content. One that says `as_of` when it holds is live.
#[component]
pub fn Layout(
    #[prop(into)] title: String,
    current: Page,
    viewer: Viewer,
    #[prop(optional, into)] as_of: Option<DateTime<Utc>>,
    children: Children,
) -> impl IntoView {
    let links = PAGES.map(|(page, name, path)| {
        let current = (page == current).then_some("page");
        view! { <li><a href=path aria-current=current>{name}</a></li> }
    });
    view! {
        <Document title=title.clone() live=as_of.is_some()>
            <a class="skip" href="#content">"Skip to content"</a>
            <div class="frame">
                <header class="sidebar">
                    <div class="stay">
                        <p class="brand">"Saathii"</p>
                        <nav aria-label="Pages"><ul>{links}</ul></nav>
                        <form class="signed-in" method="post" action=paths::SIGN_OUT>
                            <CsrfField value=viewer.csrf />
                            <span class="name" title="Signed in">{viewer.name}</span>
                            <button class="quiet">"Sign out"</button>
                        </form>
                    </div>
                </header>
                <main id="content" tabindex="-1">
                    <div class="heading">
                        <h1>{title}</h1>
                        {as_of.map(|at| view! { <Freshness at /> })}
                    </div>
                    {children()}
                </main>
            </div>
        </Document>
    }
}

/// When the page was made; the script adds whether it is kept current.
#[component]
fn Freshness(at: DateTime<Utc>) -> impl IntoView {
    let text = at.format("%H:%M:%S UTC").to_string();
    view! {
        <div class="freshness">
            <p id="as-of" data-live>"As of " <Moment at text /></p>
            <p id="live-status" role="status" hidden></p>
        </div>
    }
}
