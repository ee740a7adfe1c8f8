use leptos::prelude::*;
use saathii_shared_types::{UserId, users::Role};

use crate::paths;

/// Somebody's name and id, and where the screen has no room for a column of roles, those.
#[component]
pub fn PersonName(id: UserId, name: String, roles: String) -> impl IntoView {
    view! {
        <span class="person">
            <a class="name" href=paths::person(id)>{name}</a>
            <span class="detail">{format!("#{id}")}<span class="narrow-only">" · " {roles}</span></span>
        </span>
    }
}

/// Somebody's name alone, leading to their page.
#[component]
pub fn PersonLink(id: UserId, name: String) -> impl IntoView {
    view! { <a class="name" href=paths::person(id)>{name}</a> }
}

/// What somebody may do, as words.
pub fn role_names(roles: &[Role]) -> String {
    let name = |role: &Role| match role {
        Role::User => "Caller",
        Role::Listener => "Listener",
        Role::Admin => "Admin",
    };
    roles.iter().map(name).collect::<Vec<_>>().join(", ")
}
