use leptos::prelude::*;
use saathii_shared_types::{UserId, users::Role};

/// Somebody's name and id.
#[component]
pub fn PersonName(id: UserId, name: String) -> impl IntoView {
    view! {
        <span class="person">
            <span class="name">{name}</span>
            <span class="id">{format!("#{id}")}</span>
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
