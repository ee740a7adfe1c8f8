use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use chrono::{DateTime, TimeDelta, Utc};
use saathii_admin_ui::{
    Desk,
    assets::LIVE_HEADER,
    desk::{Rights, Waiting},
};
use saathii_shared_types::{SessionId, UserId};
use sqlx::PgConnection;

use super::{Token, store};
use crate::{
    auth::{self, ClientInfo},
    backoffice::error::PageError,
    second_factor,
    state::AppState,
    users,
};

/// However busy somebody is, one signs in again after so long.
const LIFETIME: TimeDelta = TimeDelta::hours(12);
/// Somebody who has left the desk is signed out.
const IDLE: TimeDelta = TimeDelta::minutes(30);
/// Use is written down no more often.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Somebody at work, admin or viewer; the only way to a page.
pub(in crate::backoffice) struct AdminSession {
    pub(in crate::backoffice) user: UserId,
    pub(in crate::backoffice) rights: Rights,
    id: SessionId,
    pub(in crate::backoffice) name: String,
    token: Token,
    /// Without a second factor where one is required: they may set it up or leave.
    must_enrol: bool,
}

/// Somebody signed in who may still have to set up a second factor.
pub(in crate::backoffice) struct SignedIn(pub(in crate::backoffice) AdminSession);

impl AdminSession {
    /// Who sent this request, if they may work at the dashboard at this moment.
    pub(in crate::backoffice) async fn admit(app: &AppState, headers: &HeaderMap) -> Result<Self, PageError> {
        let admin = Self::find(app, headers).await?.ok_or(PageError::SignIn)?;
        if admin.must_enrol { Err(PageError::Enrol) } else { Ok(admin) }
    }

    /// Who sent this request, if they are signed in and still work here.
    pub(in crate::backoffice) async fn find(app: &AppState, headers: &HeaderMap) -> Result<Option<Self>, sqlx::Error> {
        let Some(token) = Token::in_headers(headers, app.config.mode) else { return Ok(None) };
        let now = app.clock.now();
        let mut db = app.db.acquire().await?;
        let Some((admin, last_used_at)) = load(app, &mut db, token, now).await? else { return Ok(None) };
        if !headers.contains_key(LIVE_HEADER) && now - last_used_at >= NOTED_EVERY {
            store::touch(&mut db, admin.id, now).await?;
        }
        tracing::Span::current().record("user.id", admin.user.0);
        Ok(Some(admin))
    }

    /// What the frame of a page shows of them.
    pub(in crate::backoffice) fn desk(&self, waiting: Waiting) -> Desk {
        Desk { name: self.name.clone(), csrf: self.token.form_proof(), rights: self.rights, waiting, flash: None }
    }
}

impl FromRequestParts<AppState> for AdminSession {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, PageError> {
        Self::admit(app, &parts.headers).await
    }
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, PageError> {
        AdminSession::find(app, &parts.headers).await?.map(Self).ok_or(PageError::SignIn)
    }
}

async fn load(
    app: &AppState,
    db: &mut PgConnection,
    token: Token,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<(AdminSession, DateTime<Utc>)>> {
    let Some(row) = store::find(db, &token.hash()).await? else { return Ok(None) };
    if is_idle(row.last_used_at, now) {
        return Ok(None);
    }
    let Some(user) = auth::find_live_session(db, row.session_id, now).await? else { return Ok(None) };
    let Some(person) = users::find_at_work(db, user).await? else { return Ok(None) };
    let rights = if person.is_admin { Rights::Admin } else { Rights::Viewer };
    let must_enrol = app.config.second_factor_required && !second_factor::is_enrolled(db, user).await?;
    let admin = AdminSession { user, rights, id: row.session_id, name: person.username, token, must_enrol };
    Ok(Some((admin, row.last_used_at)))
}

fn is_idle(last_used_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - last_used_at >= IDLE
}

/// Whether a session that was found before still lives; looking counts as no use.
pub(in crate::backoffice) async fn is_alive(app: &AppState, admin: &AdminSession) -> bool {
    let found = async {
        let mut db = app.db.acquire().await?;
        load(app, &mut db, admin.token.clone(), app.clock.now()).await
    };
    matches!(found.await, Ok(Some(_)))
}

/// Signs somebody in, in the caller's transaction.
pub(in crate::backoffice) async fn open_session(
    db: &mut PgConnection,
    user: UserId,
    client: &ClientInfo,
    now: DateTime<Utc>,
) -> Result<Token, auth::Error> {
    let session = auth::open_bare_session(db, user, client, now + LIFETIME, now).await?;
    let token = Token::random();
    store::insert(db, session, &token.hash(), now).await?;
    Ok(token)
}

/// When those of `sessions` that are the dashboard's were last used.
pub(in crate::backoffice) async fn last_used(
    db: &mut PgConnection,
    sessions: &[SessionId],
) -> sqlx::Result<Vec<(SessionId, DateTime<Utc>)>> {
    store::last_used(db, sessions).await
}

pub(in crate::backoffice) async fn end_session(app: &AppState, admin: &AdminSession) -> Result<(), sqlx::Error> {
    let mut db = app.db.acquire().await?;
    auth::end_bare_session(&mut db, admin.id, app.clock.now()).await?;
    tracing::info!(user.id = admin.user.0, session.id = admin.id.0, "signed out of the dashboard");
    Ok(())
}

/// Ends every session at the dashboard of theirs but this one.
pub(in crate::backoffice) async fn end_others(app: &AppState, admin: &AdminSession) -> sqlx::Result<()> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let logins = auth::list_logins(&mut db, admin.user, now, i64::MAX).await?;
    let sessions: Vec<SessionId> = logins.iter().map(|login| login.session_id).collect();
    for (session, _) in store::last_used(&mut db, &sessions).await? {
        if session != admin.id {
            auth::end_bare_session(&mut db, session, now).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_hour_is_idle() {
        let at = DateTime::UNIX_EPOCH;
        assert!(!is_idle(at, at + TimeDelta::minutes(30) - TimeDelta::microseconds(1)));
        assert!(is_idle(at, at + TimeDelta::minutes(30)));
        // Another node's clock may run ahead.
        assert!(!is_idle(at, at - TimeDelta::seconds(5)));
    }
}
