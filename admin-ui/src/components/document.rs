use leptos::prelude::*;

use crate::{
    assets::{ICON, KEYS, LIVE, STYLE},
    paths,
};

/// A whole HTML document; a live one fetches itself again when the server says so.
#[component]
pub fn Document(
    #[prop(into)] title: String,
    #[prop(optional)] live: bool,
    /// Whether keys work that elements name by `data-key`.
    #[prop(optional)]
    keys: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="robots" content="noindex" />
                <title>{title + " · Saathii"}</title>
                <link rel="icon" type="image/svg+xml" href=ICON.url.as_str() />
                <link rel="stylesheet" href=STYLE.url.as_str() />
                {live.then(|| view! { <script defer src=LIVE.url.as_str() data-events=paths::EVENTS></script> })}
                {keys.then(|| view! { <script defer src=KEYS.url.as_str()></script> })}
            </head>
            <body>{children()}</body>
        </html>
    }
}

/// A document of one narrow card: signing in, errors.
#[component]
pub fn CardDocument(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <Document title>
            <main class="alone">
                <p class="brand">"Saathii"</p>
                <section class="card">{children()}</section>
            </main>
        </Document>
    }
}
