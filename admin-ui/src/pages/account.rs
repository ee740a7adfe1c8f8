//! One's own account at the desk.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use crate::{
    components::{
        facts::{Facts, Pill, Tone},
        form::CsrfField,
        layout::{Layout, Section},
        time::When,
    },
    desk::{Desk, Rights},
    facts, paths,
};

#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// Since when there is a second factor.
    pub second_factor: Option<DateTime<Utc>>,
}

#[component]
pub fn AccountPage(desk: Desk, account: Account) -> impl IntoView {
    let may = match desk.rights {
        Rights::Admin => "Read and change everything",
        Rights::Viewer => "Read everything, change nothing",
    };
    let (factor, verb) = match account.second_factor {
        Some(at) => (view! { <Pill text="On" tone=Tone::Good /> " since " <When at /> }.into_any(), "Manage"),
        None => (view! { <Pill text="Off" tone=Tone::Warn /> }.into_any(), "Set up"),
    };
    let facts = facts![
        "Name" => desk.name.clone(),
        "May" => may,
        "Second factor" => view! { {factor} " " <a href=paths::SECOND_FACTOR>{verb}</a> },
    ];
    let csrf = desk.csrf.clone();
    view! {
        <Layout title="Your account" current=Section::Account desk>
            <Facts id="account" title="Signed in" facts>
                <form method="post" action=paths::SIGN_OUT_EVERYWHERE>
                    <CsrfField value=csrf />
                    <button class="quiet">"Sign out everywhere"</button>
                </form>
                <span class="hint">"Every phone and browser of yours, this one included."</span>
            </Facts>
        </Layout>
    }
}
