//! Suspending somebody, and letting them back.

use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use leptos::prelude::*;
use saathii_admin_ui::{
    components::form::Typed,
    desk::Flash,
    html,
    pages::suspension::{SuspendForm, SuspendPage},
};
use saathii_shared_types::{UserId, account::SuspendRequest};
use serde::Deserialize;

use super::{actions::done, person::name_of};
use crate::{
    account::{self, Error},
    backoffice::{
        PathOf,
        error::PageError,
        pages::desk_of,
        session::{Action, NoFields},
    },
    state::AppState,
};

#[derive(Deserialize)]
pub(super) struct SuspendFields {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    until: String,
}

pub(super) async fn suspend(
    State(app): State<AppState>,
    path: PathOf<i64>,
    Action { fields, admin, work }: Action<SuspendFields>,
) -> Result<Response, PageError> {
    let user = UserId(path.0);
    let SuspendFields { reason, until } = fields;
    let refused = match end_of_day(&until) {
        Err(()) => Error::UntilPast,
        Ok(end) => {
            let request = SuspendRequest { reason: reason.clone(), until: end };
            match account::suspend(&app, &work, user, &request).await {
                Ok(_) => return Ok(done(user, Flash::Suspended)),
                Err(refused) => refused,
            }
        }
    };
    let mut form = SuspendForm {
        reason: Typed { value: reason, problem: None },
        until: Typed { value: until, problem: None },
        problem: String::new(),
    };
    match refused {
        Error::InvalidReason => form.reason.problem = Some("Say why, in 1 to 500 characters on one line.".to_owned()),
        Error::UntilPast => form.until.problem = Some("A day to come, like 2026-12-31, or nothing.".to_owned()),
        Error::OwnAccount => "Nobody suspends themselves.".clone_into(&mut form.problem),
        Error::IsAdmin => "Admins are not suspended: revoke their role first.".clone_into(&mut form.problem),
        refused => return Err(refused.into()),
    }
    let name = name_of(&app, user).await?;
    let desk = desk_of(&app, &admin).await?;
    let page = html::render(|| view! { <SuspendPage desk id=user name form /> });
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

/// When a day is over, in UTC; nothing where no day is given.
fn end_of_day(text: &str) -> Result<Option<DateTime<Utc>>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day: NaiveDate = text.parse().map_err(|_| ())?;
    let next = day.checked_add_days(Days::new(1)).ok_or(())?;
    Ok(Some(next.and_time(NaiveTime::MIN).and_utc()))
}

pub(super) async fn reinstate(
    State(app): State<AppState>,
    path: PathOf<i64>,
    action: Action<NoFields>,
) -> Result<Response, PageError> {
    let user = UserId(path.0);
    account::reinstate(&app, &action.work, user).await?;
    Ok(done(user, Flash::Reinstated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_day_is_suspended_whole() {
        assert_eq!(end_of_day(" "), Ok(None));
        assert_eq!(end_of_day("2026-12-31").unwrap().unwrap().to_rfc3339(), "2027-01-01T00:00:00+00:00");
        for nonsense in ["31.12.2026", "2026-02-30", "262142-12-31", "x"] {
            assert_eq!(end_of_day(nonsense), Err(()), "{nonsense}");
        }
    }
}
