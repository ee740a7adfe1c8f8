use chrono::{DateTime, Utc};
use leptos::prelude::*;

use super::{document::Document, form::CsrfField, stat::grouped, time::Moment};
use crate::{
    address::Choice,
    desk::{Desk, Rights, Waiting},
    paths,
};

/// Where the sidebar leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Overview,
    Verification,
    Reports,
    Calls,
    People,
    Money,
    Log,
    System,
    /// Of one's own account; the sidebar's foot leads there.
    Account,
}

/// In the order in which a working day needs them.
const SECTIONS: &[(Section, &str, &str)] = &[
    (Section::Overview, "Overview", paths::HOME),
    (Section::Verification, "Verification", paths::VERIFICATION),
    (Section::Reports, "Reports", paths::REPORTS),
    (Section::Calls, "Calls", paths::CALLS),
    (Section::People, "People", paths::PEOPLE),
    (Section::Money, "Money", paths::WITHDRAWALS),
    (Section::Log, "Audit log", paths::LOG),
    (Section::System, "System", paths::SYSTEM),
];

impl Section {
    /// How many things wait here.
    fn waiting(self, waiting: Waiting) -> i64 {
        match self {
            Self::Verification => waiting.reviews,
            Self::Money => waiting.withdrawals + waiting.adjustments,
            Self::Reports => waiting.reports,
            Self::Overview | Self::Calls | Self::People | Self::Log | Self::System | Self::Account => 0,
        }
    }
}

/// A signed-in page: sidebar, heading, content. One that says `as_of` when it holds is live.
#[component]
pub fn Layout(
    #[prop(into)] title: String,
    current: Section,
    desk: Desk,
    #[prop(optional, into)] as_of: Option<DateTime<Utc>>,
    /// Whether keys work that elements name by `data-key`.
    #[prop(optional)]
    keys: bool,
    children: Children,
) -> impl IntoView {
    let Desk { name, csrf, rights, waiting, flash } = desk;
    let links = SECTIONS.iter().map(|(section, name, path)| {
        let current = (*section == current).then_some("page");
        let count = section.waiting(waiting);
        let badge = (count > 0).then(|| {
            view! { <span class="badge">{grouped(count)}<span class="unseen">" waiting"</span></span> }
        });
        view! { <li><a href=*path aria-current=current>{*name}{badge}</a></li> }
    });
    let links = links.collect_view();
    let at_account = (current == Section::Account).then_some("page");
    view! {
        <Document title=title.clone() live=as_of.is_some() keys>
            <a class="skip" href="#content">"Skip to content"</a>
            <div class="frame">
                <header class="sidebar">
                    <div class="stay">
                        <p class="brand">"Saathii"</p>
                        <nav id="sections" aria-label="Pages" data-live><ul>{links}</ul></nav>
                        <div class="signed-in">
                            <a class="name" href=paths::ACCOUNT title="Your account" aria-current=at_account>{name}</a>
                            {(rights == Rights::Viewer).then(|| view! { <span class="detail">"May look, not change"</span> })}
                            <form method="post" action=paths::SIGN_OUT>
                                <CsrfField value=csrf />
                                <button class="quiet">"Sign out"</button>
                            </form>
                        </div>
                    </div>
                </header>
                <main id="content" tabindex="-1">
                    <div class="heading">
                        <h1>{title}</h1>
                        {as_of.map(|at| view! { <Freshness at /> })}
                    </div>
                    {flash.map(|flash| view! { <p class="flash" role="status">{flash.label()}</p> })}
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
