//! People: the list, one person, and what an admin does about them.

mod actions;
mod csv;
mod list;
mod person;
mod store;
mod suspension;

use axum::{
    Router,
    routing::{get, post},
};
use saathii_admin_ui::paths;

pub(super) use self::{
    actions::done,
    list::list,
    person::{list_samples, name_of, posting, read},
};
use crate::{
    account::{DashboardRole, RightsChange},
    state::AppState,
};

pub(super) fn router() -> Router<AppState> {
    let mut router = Router::new();
    // An address each, as their pages have: one for any role would be hidden by those.
    for role in [DashboardRole::Admin, DashboardRole::Viewer] {
        for (verb, grants) in [("grant", true), ("revoke", false)] {
            let change = RightsChange { role, grants };
            let address = format!("/admin/people/{{id}}/{verb}/{}", role.word());
            router = router.route(&address, post(move |app, id, form| actions::change_rights(app, id, form, change)));
        }
    }
    router
        .route(paths::PEOPLE_CSV, get(csv::download))
        .route("/admin/people/{id}/suspend", post(suspension::suspend))
        .route("/admin/people/{id}/reinstate", post(suspension::reinstate))
        .route("/admin/people/{id}/sign-out", post(actions::sign_out))
        .route("/admin/people/{id}/sign-out/{session}", post(actions::sign_out_device))
}
