use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use redis::RedisError;
use saathii_shared_types::UserId;

use crate::{
    auth::{self, ClientInfo, Error},
    backoffice::session::{Token, open_session},
    http::client_address::ClientAddress,
    phone::Phone,
    second_factor,
    state::AppState,
    users,
};

/// How long a visit remembers whose code it waits for; a code lives for half of it and may be sent again.
const REMEMBERED: TimeDelta = TimeDelta::minutes(10);

/// Sends a code, as for any login: whether the phone is an admin's shows only once it is proven.
pub(super) async fn send_code(app: &AppState, visit: &Token, phone: &str, client: &ClientInfo) -> Result<(), Error> {
    let phone = parse(app, phone)?;
    auth::request_otp(app, phone.as_str(), ClientAddress(client.address)).await?;
    let lifetime = REMEMBERED.num_seconds().unsigned_abs();
    let () = app.redis.query(&redis::Cmd::set_ex(visit_key(app, visit), phone.as_str(), lifetime)).await?;
    Ok(())
}

pub(super) async fn resend_code(app: &AppState, phone: &str, client: &ClientInfo) -> Result<(), Error> {
    auth::resend_otp(app, phone, ClientAddress(client.address)).await?;
    Ok(())
}

/// The phone whose code this visit waits for.
pub(super) async fn find_phone(app: &AppState, visit: &Token) -> Result<Option<String>, RedisError> {
    app.redis.query(&redis::Cmd::get(visit_key(app, visit))).await
}

/// What a right code leads to.
pub(super) enum Door {
    Open(Token),
    /// They have proven their phone; until their second factor they are nobody.
    SecondFactor,
}

/// Why a code for the second factor did not open the door.
#[derive(Debug, thiserror::Error)]
pub(super) enum FactorError {
    #[error("there is nothing to prove any more")]
    BeginAgain,
    #[error(transparent)]
    Factor(second_factor::Error),
    #[error(transparent)]
    Auth(#[from] Error),
}

/// Spends the code, and opens a session where no second factor is asked for.
pub(super) async fn sign_in(
    app: &AppState,
    visit: &Token,
    phone: &str,
    code: &str,
    client: &ClientInfo,
) -> Result<Door, Error> {
    let phone = parse(app, phone)?;
    let user = auth::prove_phone(app, &phone, code).await?.ok_or(Error::WrongRole)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if users::find_at_work(&mut tx, user).await?.is_none() {
        tracing::warn!(user.id = user.0, "somebody who does not work here asked for the dashboard");
        return Err(Error::WrongRole);
    }
    if second_factor::is_enrolled(&mut tx, user).await? {
        let lifetime = REMEMBERED.num_seconds().unsigned_abs();
        let () = app.redis.query(&redis::Cmd::set_ex(half_key(app, visit), user.0, lifetime)).await?;
        forget(app, visit_key(app, visit)).await;
        return Ok(Door::SecondFactor);
    }
    let token = open_session(&mut tx, user, client, now).await?;
    tx.commit().await?;
    tracing::info!(user.id = user.0, "signed in to the dashboard");
    forget(app, visit_key(app, visit)).await;
    Ok(Door::Open(token))
}

/// Who has proven their phone on this visit, and not yet their second factor.
pub(super) async fn find_half_signed_in(app: &AppState, visit: &Token) -> Result<Option<UserId>, RedisError> {
    let user: Option<i64> = app.redis.query(&redis::Cmd::get(half_key(app, visit))).await?;
    Ok(user.map(UserId))
}

/// Spends a code of the second factor and opens a session.
pub(super) async fn prove_second_factor(
    app: &AppState,
    visit: &Token,
    user: UserId,
    code: &str,
    client: &ClientInfo,
) -> Result<Token, FactorError> {
    let tx = app.db.begin().await.map_err(Error::from)?;
    let mut tx = second_factor::prove(app, tx, user, code).await.map_err(|error| match error {
        second_factor::Error::NotEnrolled | second_factor::Error::AccountGone => FactorError::BeginAgain,
        error => FactorError::Factor(error),
    })?;
    if users::find_at_work(&mut tx, user).await.map_err(Error::from)?.is_none() {
        return Err(FactorError::BeginAgain);
    }
    let token = open_session(&mut tx, user, client, app.clock.now()).await?;
    tx.commit().await.map_err(Error::from)?;
    tracing::info!(user.id = user.0, "signed in to the dashboard with a second factor");
    forget(app, half_key(app, visit)).await;
    Ok(token)
}

/// Only tidies up: what it led to is spent.
async fn forget(app: &AppState, key: String) {
    if let Err(error) = app.redis.query::<()>(&redis::Cmd::del(key)).await {
        tracing::warn!(%error, "a finished visit was left in Redis");
    }
}

fn parse(app: &AppState, phone: &str) -> Result<Phone, Error> {
    Phone::parse(phone, &app.config.otp.default_region).map_err(|_| Error::InvalidPhone)
}

fn half_key(app: &AppState, visit: &Token) -> String {
    app.redis.key("admin-half", HEXLOWER.encode(&visit.hash()))
}

fn visit_key(app: &AppState, visit: &Token) -> String {
    app.redis.key("admin-visit", HEXLOWER.encode(&visit.hash()))
}
