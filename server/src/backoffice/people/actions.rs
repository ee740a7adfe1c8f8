//! What an admin does about somebody; each ends on that person's page, which says what was done.

use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use saathii_admin_ui::{
    address::{Address, Choice},
    desk::Flash,
    html,
    pages::person::{RightsChange as Asked, RightsPage},
    paths,
};
use saathii_shared_types::{SessionId, UserId};

use super::person::name_of;
use crate::{
    account::{self, Changed, RightsChange},
    audit::Actor,
    backoffice::{
        PathOf,
        error::PageError,
        pages::desk_of,
        session::{Action, NoFields},
    },
    state::AppState,
};

pub(super) async fn change_rights(
    State(app): State<AppState>,
    PathOf(id): PathOf<i64>,
    Action { admin, work, .. }: Action<NoFields>,
    change: RightsChange,
) -> Result<Response, PageError> {
    let user = UserId(id);
    let RightsChange { role, grants } = change;
    match account::change_rights(&app, Actor::Admin(&work), user, change).await? {
        Changed::Done => Ok(done(user, if grants { Flash::RoleGranted } else { Flash::RoleRevoked })),
        // Somebody else was faster, and it is as it was to be.
        Changed::Nothing => Ok(Redirect::to(&paths::person(user)).into_response()),
        Changed::LastAdmin => {
            let (id, name) = (user, name_of(&app, user).await?);
            let change = Asked { role: role.word(), grants };
            let desk = desk_of(&app, &admin).await?;
            let problem = Some("This is the last admin: without them nobody could make another.".to_owned());
            let page = html::render(|| view! { <RightsPage desk id name change problem /> });
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
    }
}

pub(super) async fn sign_out(
    State(app): State<AppState>,
    path: PathOf<i64>,
    action: Action<NoFields>,
) -> Result<Response, PageError> {
    let user = UserId(path.0);
    account::sign_out(&app, &action.work, user).await?;
    Ok(done(user, Flash::SignedOut))
}

pub(super) async fn sign_out_device(
    State(app): State<AppState>,
    path: PathOf<(i64, i64)>,
    action: Action<NoFields>,
) -> Result<Response, PageError> {
    let (user, session) = path.0;
    let user = UserId(user);
    if !account::sign_out_device(&app, &action.work, user, SessionId(session)).await? {
        return Ok(Redirect::to(&paths::person(user)).into_response());
    }
    Ok(done(user, Flash::DeviceSignedOut))
}

pub(in crate::backoffice) fn done(user: UserId, flash: Flash) -> Response {
    let address = Address::new(paths::person(user)).with(Flash::NAME, Some(flash.word()));
    Redirect::to(&address.to_string()).into_response()
}
