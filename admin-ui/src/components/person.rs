use leptos::prelude::*;
use saathii_shared_types::{UserId, users::Role};

/// Somebody's name and id, and where the screen has no room for a column of roles, those.
#[component]
pub fn PersonName(id: UserId, name: String, roles: String) -> impl IntoView {
    view! {
        <span class="person">
            <span class="name">{name}</span>
            <span class="detail">{format!("#{id}")}<span class="narrow-only">" · " {roles}</span></span>
        </span>
    }
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
