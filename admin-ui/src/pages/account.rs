//! One's own account at the desk.

use leptos::prelude::*;

use crate::{
    components::{
        facts::Facts,
        form::CsrfField,
        layout::{Layout, Section},
    },
    desk::{Desk, Rights},
    facts, paths,
};

#[component]
pub fn AccountPage(desk: Desk) -> impl IntoView {
    let may = match desk.rights {
        Rights::Admin => "Read and change everything",
        Rights::Viewer => "Read everything, change nothing",
    };
    let facts = facts!["Name" => desk.name.clone(), "May" => may];
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
