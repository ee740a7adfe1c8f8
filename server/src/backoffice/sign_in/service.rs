use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use redis::RedisError;

use crate::{
    auth::{self, ClientInfo, Error},
    backoffice::session::{Token, open_session},
    http::client_address::ClientAddress,
    phone::Phone,
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

/// Spends the code and opens a session, with a token that nobody could know before.
pub(super) async fn sign_in(
    app: &AppState,
    visit: &Token,
    phone: &str,
    code: &str,
    client: &ClientInfo,
) -> Result<Token, Error> {
    let phone = parse(app, phone)?;
    let user = auth::prove_phone(app, &phone, code).await?.ok_or(Error::WrongRole)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if users::find_at_work(&mut tx, user).await?.is_none() {
        tracing::warn!(user.id = user.0, "somebody who does not work here asked for the dashboard");
        return Err(Error::WrongRole);
    }
    let token = open_session(&mut tx, user, client, now).await?;
    tx.commit().await?;
    tracing::info!(user.id = user.0, "signed in to the dashboard");

    // Only tidies up: the code is spent.
    if let Err(error) = app.redis.query::<()>(&redis::Cmd::del(visit_key(app, visit))).await {
        tracing::warn!(%error, "a finished visit was left in Redis");
    }
    Ok(token)
}

fn parse(app: &AppState, phone: &str) -> Result<Phone, Error> {
    Phone::parse(phone, &app.config.otp.default_region).map_err(|_| Error::InvalidPhone)
}

fn visit_key(app: &AppState, visit: &Token) -> String {
    app.redis.key("admin-visit", HEXLOWER.encode(&visit.hash()))
}
