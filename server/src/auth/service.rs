//! The use cases of login.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use saathii_shared_types::{
    SessionId, UserId,
    auth::{OtpVerified, RegisterRequest, TokenPair},
    users::Role,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Error, announce_access_change, limits,
    otp::Issued,
    store::{self, EndReason, NewSession, Session},
    tokens::{Bearer, REGISTRATION_LIFETIME, Refresh},
};
use crate::{
    account::{self, DashboardRole, RightsChange},
    audit::Actor,
    http::client_address::ClientAddress,
    phone::Phone,
    presence,
    realtime::SessionsEnded,
    state::AppState,
    users::{self, NewUser},
    wallet,
};

/// Where a login comes from, for the list of one's devices.
#[derive(Debug, Clone)]
pub struct ClientInfo {
    pub address: IpAddr,
    pub user_agent: Option<String>,
}

/// Whether a resend said the living code again or had to make one.
pub enum Resent {
    Again,
    Anew,
}

/// Sends a code to `phone`, within the limits; known and unknown phones alike.
pub async fn request_otp(app: &AppState, phone: &str, client: ClientAddress) -> Result<(), Error> {
    let now = app.clock.now();
    let phone = parse_phone(app, phone)?;
    limits::take_request(app, &phone, now).await?;
    limits::take_sms_budget(app, &phone, client, now).await?;
    let code = app.codes.issue(&app.redis, &phone, now).await?;
    send(app, &phone, code).await
}

/// Sends the living code of `phone` again, or a new one where none lives.
pub async fn resend_otp(app: &AppState, phone: &str, client: ClientAddress) -> Result<Resent, Error> {
    let now = app.clock.now();
    let phone = parse_phone(app, phone)?;
    limits::take_resend(app, &phone, now).await?;
    limits::take_sms_budget(app, &phone, client, now).await?;
    if let Some(code) = app.codes.recall(&app.redis, &phone, now).await? {
        send(app, &phone, code).await?;
        return Ok(Resent::Again);
    }
    limits::take_request(app, &phone, now).await?;
    let code = app.codes.issue(&app.redis, &phone, now).await?;
    send(app, &phone, code).await?;
    Ok(Resent::Anew)
}

async fn send(app: &AppState, phone: &Phone, code: Issued) -> Result<(), Error> {
    if let Issued::Send(code) = code {
        app.sms.send_otp(phone, &code).await?;
    }
    Ok(())
}

/// Spends the code of `phone`; the account that has it, if any.
pub async fn prove_phone(app: &AppState, phone: &Phone, otp: &str) -> Result<Option<UserId>, Error> {
    // Before the code is spent, so that it is not lost where Postgres is away.
    let user = find_by_phone(app, phone).await?;
    app.codes.verify(&app.redis, phone, otp, app.clock.now()).await?;
    Ok(user)
}

pub(super) async fn verify_otp(
    app: &AppState,
    phone: &str,
    otp: &str,
    client: ClientInfo,
) -> Result<OtpVerified, Error> {
    let now = app.clock.now();
    let phone = parse_phone(app, phone)?;
    let Some(user) = prove_phone(app, &phone, otp).await? else {
        let registration_token = begin_registration(app, &phone, now).await?;
        return Ok(OtpVerified::NeedsRegistration { registration_token });
    };
    let mut tx = app.db.begin().await?;
    admit(&mut tx, user, now).await?;
    let TokenPair { access_token, refresh_token } = open_session(app, &mut tx, user, client, now).await?;
    tx.commit().await?;
    Ok(OtpVerified::Registered { access_token, refresh_token })
}

/// Refuses whoever is suspended; in the transaction that opens the session, which a suspension then waits for and ends.
pub(super) async fn admit(db: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> Result<(), Error> {
    match users::admit(db, user, now).await? {
        Some(suspension) => Err(Error::Suspended(suspension)),
        None => Ok(()),
    }
}

async fn find_by_phone(app: &AppState, phone: &Phone) -> Result<Option<UserId>, Error> {
    let mut db = app.db.acquire().await?;
    Ok(users::find_by_phone(&mut db, phone).await?)
}

/// Keeps the proven phone in Redis, so that the token needs no phone in it.
async fn begin_registration(app: &AppState, phone: &Phone, now: DateTime<Utc>) -> Result<String, Error> {
    let jti = Uuid::new_v4();
    let lifetime = REGISTRATION_LIFETIME.num_seconds().unsigned_abs();
    let command = redis::Cmd::set_ex(registration_key(app, jti), phone.as_str(), lifetime);
    let () = app.redis.query(&command).await?;
    app.signer.registration(jti, now)
}

fn registration_key(app: &AppState, jti: Uuid) -> String {
    app.redis.key("registration", jti)
}

pub(super) async fn register(app: &AppState, request: RegisterRequest, client: ClientInfo) -> Result<TokenPair, Error> {
    let now = app.clock.now();
    let claims = app.signer.verify_registration(&request.registration_token, now)?;
    let role = match request.role.unwrap_or(Role::User) {
        Role::Admin => return Err(Error::AdminRegistration),
        role @ (Role::User | Role::Listener) => role,
    };
    let profile = users::Profile::parse(&request, now.date_naive()).map_err(Error::InvalidProfile)?;
    let key = registration_key(app, claims.jti);
    let phone: Option<String> = app.redis.query(&redis::Cmd::get(&key)).await?;
    let phone = phone.ok_or(Error::RegistrationSpent)?;
    let phone = parse_phone(app, &phone)?;
    let mut roles = vec![role];
    if app.config.admin_phones.iter().any(|admin| admin == phone.as_str()) {
        roles.push(Role::Admin);
    }

    let mut tx = app.db.begin().await?;
    // The phone's unique key is what makes the token work once, however many use it at a time.
    let user = users::insert(&mut tx, NewUser { phone: &phone, profile: &profile, roles: &roles, now }).await.map_err(
        |error| if matches!(error, users::Error::PhoneTaken) { Error::RegistrationSpent } else { error.into() },
    )?;
    presence::insert(&mut tx, user, now).await?;
    wallet::insert(&mut tx, user).await?;
    if roles.contains(&Role::Admin) {
        let change = RightsChange { role: DashboardRole::Admin, grants: true };
        account::record_change(&mut tx, Actor::Configuration, user, change, now).await?;
    }
    let tokens = open_session(app, &mut tx, user, client, now).await?;
    tx.commit().await?;

    // Tidies up: a token that lives on finds its phone taken, unless the account is deleted within its ten minutes.
    if let Err(error) = app.redis.query::<()>(&redis::Cmd::del(key)).await {
        tracing::warn!(%error, "a used registration was left in Redis");
    }
    Ok(tokens)
}

/// Signs `user` in on one device, in the caller's transaction.
async fn open_session(
    app: &AppState,
    db: &mut PgConnection,
    user: UserId,
    client: ClientInfo,
    now: DateTime<Utc>,
) -> Result<TokenPair, Error> {
    let new = NewSession {
        user,
        now,
        expires_at: now + app.config.tokens.session_lifetime,
        user_agent: client.user_agent.as_deref(),
        address: Some(client.address),
    };
    let session = store::insert(db, new).await?;
    tokens_of(app, db, &session).await
}

async fn tokens_of(app: &AppState, db: &mut PgConnection, session: &Session) -> Result<TokenPair, Error> {
    let standing = users::standing(db, session.user_id).await?.ok_or(Error::SessionEnded)?;
    app.signer.pair(session, &Bearer { access_version: standing.access_version, roles: &standing.roles })
}

/// Moves a session on. One token used many times at once gives every caller the same successor, and goes on
/// doing so for the grace, so that a phone that lost the answer is not logged out; after it, whoever brings
/// the token may have stolen it, and the login ends.
pub(super) async fn refresh(app: &AppState, token: &str) -> Result<TokenPair, Error> {
    let now = app.clock.now();
    let claims = app.signer.verify_refresh(token, now)?;
    let mut tx = app.db.begin().await?;
    if let Some(session) = store::rotate(&mut tx, claims.sid, claims.generation, now).await? {
        let tokens = tokens_of(app, &mut tx, &session).await?;
        tx.commit().await?;
        return Ok(tokens);
    }
    let session = store::find(&mut tx, claims.sid).await?.ok_or(Error::SessionEnded)?;
    if session.ended_at.is_some() || session.expires_at <= now {
        return Err(Error::SessionEnded);
    }
    match judge_reuse(&claims, &session, app.config.tokens.refresh_grace, now) {
        Reuse::LostAnswer => tokens_of(app, &mut tx, &session).await,
        Reuse::Latecomer => Err(Error::TokenReused),
        Reuse::Suspicious => {
            store::end(&mut tx, session.session_id, EndReason::TokenReused, now).await?;
            let version = users::raise_access_version(&mut tx, session.user_id).await?;
            tx.commit().await?;
            tracing::warn!(
                user.id = session.user_id.0,
                session.id = session.session_id.0,
                "a used refresh token came back: login ended"
            );
            let ended = SessionsEnded { user_id: session.user_id, session_id: Some(session.session_id) };
            announce_access_change(app, session.user_id, version, Some(ended)).await?;
            Err(Error::TokenReused)
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Reuse {
    /// The token before the live one, within the grace.
    LostAnswer,
    /// Older, yet issued a moment ago: a slow duplicate of a client that refreshes often.
    Latecomer,
    Suspicious,
}

fn judge_reuse(claims: &Refresh, session: &Session, grace: TimeDelta, now: DateTime<Utc>) -> Reuse {
    let is_previous = claims.generation == session.generation - 1;
    if is_previous && now <= session.rotated_at + grace {
        Reuse::LostAnswer
    } else if !is_previous && now.timestamp() <= claims.iat + grace.num_seconds() {
        Reuse::Latecomer
    } else {
        Reuse::Suspicious
    }
}

/// Signs `user` out everywhere, as they wish.
pub async fn sign_out(app: &AppState, user: UserId) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    let version = end_all_sessions(&mut tx, user, EndReason::Logout, app.clock.now()).await?;
    tx.commit().await?;
    announce_access_change(app, user, version, Some(SessionsEnded { user_id: user, session_id: None })).await?;
    Ok(())
}

/// Ends one login of `user` in the caller's transaction; after its commit, announce the access version that this
/// returns. `None` where it was not theirs or over already.
pub async fn end_session_of(
    db: &mut PgConnection,
    user: UserId,
    session: SessionId,
    reason: EndReason,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i32>> {
    if store::find(db, session).await?.is_none_or(|found| found.user_id != user) {
        return Ok(None);
    }
    // The user's row first, as in every transaction.
    let version = users::raise_access_version(db, user).await?;
    Ok(store::end(db, session, reason, now).await?.then_some(version))
}

/// Ends every login of `user` in the caller's transaction; after its commit, announce the access version
/// that this returns.
pub async fn end_all_sessions(
    db: &mut PgConnection,
    user: UserId,
    reason: EndReason,
    now: DateTime<Utc>,
) -> Result<i32, sqlx::Error> {
    store::end_all(db, user, reason, now).await?;
    users::raise_access_version(db, user).await
}

/// Until when a socket of this login may stay open: the end of its newest access token. `None`: it has ended.
pub async fn session_deadline(app: &AppState, session: SessionId) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let mut db = app.db.acquire().await?;
    let session = store::find(&mut db, session).await?.filter(|session| session.ended_at.is_none());
    Ok(session.map(|session| (session.rotated_at + app.config.tokens.access_lifetime).min(session.expires_at)))
}

fn parse_phone(app: &AppState, text: &str) -> Result<Phone, Error> {
    Phone::parse(text, &app.config.otp.default_region).map_err(|_| Error::InvalidPhone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_forgiven_and_a_late_reuse_is_not() {
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        let session = Session {
            session_id: SessionId(1),
            user_id: UserId(1),
            generation: 5,
            rotated_at: at(100),
            expires_at: at(10_000),
            ended_at: None,
        };
        let token = |generation, issued| Refresh {
            sub: UserId(1),
            sid: SessionId(1),
            generation,
            iat: at(issued).timestamp(),
            exp: 0,
        };
        let grace = TimeDelta::seconds(60);
        assert_eq!(judge_reuse(&token(4, 0), &session, grace, at(160)), Reuse::LostAnswer);
        assert_eq!(judge_reuse(&token(4, 0), &session, grace, at(161)), Reuse::Suspicious);
        assert_eq!(judge_reuse(&token(3, 95), &session, grace, at(110)), Reuse::Latecomer);
        assert_eq!(judge_reuse(&token(3, 10), &session, grace, at(110)), Reuse::Suspicious);
    }
}
