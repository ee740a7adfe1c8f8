use chrono::{DateTime, Utc};
use saathii_shared_types::UserId;
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, Transaction};

use super::{Error, code, rules, store};
use crate::{
    audit::{self, Actor, AdminAction, Entry, Subject},
    phone::Phone,
    state::AppState,
    users,
};

/// Of all sealed secrets of this kind.
const WHAT: &str = "second factor";

/// Where somebody's second factor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Off,
    /// Begun, and asks nobody for anything yet.
    Begun(Enrolment),
    On {
        since: DateTime<Utc>,
        recovery_left: i32,
    },
}

/// What an authenticator app has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// `otpauth://…`, for a QR code.
    pub url: String,
    /// In base 32, to be typed.
    pub secret: String,
}

/// `name` is what the app shows beside the code.
pub async fn read(app: &AppState, user: UserId, name: &str) -> Result<State, Error> {
    let mut db = app.db.acquire().await?;
    let Some(row) = store::find(&mut db, user).await? else { return Ok(State::Off) };
    if let Some(since) = row.confirmed_at {
        return Ok(State::On { since, recovery_left: row.recovery_left });
    }
    let secret = app.seal.open(WHAT, user, &row.sealed)?;
    Ok(State::Begun(Enrolment { url: code::url(&secret, name), secret: code::text(&secret) }))
}

pub async fn is_enrolled(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    store::is_confirmed(db, user).await
}

/// Makes a new secret, in place of one that was not confirmed.
pub async fn begin(app: &AppState, user: UserId) -> Result<(), Error> {
    let sealed = app.seal.seal(WHAT, user, &code::random_secret())?;
    let mut tx = app.db.begin().await?;
    lock_user(&mut tx, user).await?;
    if !store::begin(&mut tx, user, &sealed).await? {
        return Err(Error::Enrolled);
    }
    Ok(tx.commit().await?)
}

/// From here on the secret is asked for at every sign-in: its owner has shown that their app knows it. The recovery
/// codes, which are nowhere else.
pub async fn confirm(app: &AppState, action: &AdminAction, typed: &str) -> Result<Vec<String>, Error> {
    let (user, now) = (action.admin, app.clock.now());
    let mut tx = app.db.begin().await?;
    lock_user(&mut tx, user).await?;
    let row = store::lock(&mut tx, user).await?.ok_or(Error::NotEnrolled)?;
    if row.confirmed_at.is_some() {
        return Err(Error::Enrolled);
    }
    let secret = app.seal.open(WHAT, user, &row.sealed)?;
    let step = code::step_of(&secret, &squeezed(typed), now).ok_or(Error::WrongCode)?;
    let (codes, hashes) = code::recovery_codes();
    store::confirm(&mut tx, user, step, &hashes, now).await?;
    record(&mut tx, Actor::Admin(action), "user.add_second_factor", user, now).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Spends a code of the app, or a recovery code, in the transaction that it opens the door for. A wrong one is counted,
/// whatever becomes of the transaction, and in the end locks the door.
pub async fn prove<'a>(
    app: &AppState,
    mut tx: Transaction<'a, Postgres>,
    user: UserId,
    typed: &str,
) -> Result<Transaction<'a, Postgres>, Error> {
    let now = app.clock.now();
    lock_user(&mut tx, user).await?;
    let row = store::lock(&mut tx, user).await?;
    let row = row.filter(|row| row.confirmed_at.is_some()).ok_or(Error::NotEnrolled)?;
    // Also a right code: otherwise it pays to go on guessing.
    if let Some(until) = row.locked_until.filter(|until| now < *until) {
        return Err(Error::Locked { until });
    }
    let secret = app.seal.open(WHAT, user, &row.sealed)?;
    let typed = squeezed(typed);
    let is_right = match code::step_of(&secret, &typed, now) {
        Some(step) => store::spend_step(&mut tx, user, step).await?,
        None => store::spend_recovery(&mut tx, user, &code::hash(&typed)).await?,
    };
    if is_right {
        return Ok(tx);
    }
    let failures = row.failures.saturating_add(1);
    let until = rules::lockout(failures).map(|lockout| now + lockout);
    store::note_failure(&mut tx, user, failures, until).await?;
    tx.commit().await?;
    metrics::counter!("saathii_second_factor_failures_total").increment(1);
    tracing::warn!(user.id = user.0, failures, "a wrong second factor");
    Err(until.map_or(Error::WrongCode, |until| Error::Locked { until }))
}

/// New recovery codes in place of all others, for who has a code.
pub async fn renew_recovery_codes(app: &AppState, action: &AdminAction, typed: &str) -> Result<Vec<String>, Error> {
    let mut tx = prove(app, app.db.begin().await?, action.admin, typed).await?;
    let (codes, hashes) = code::recovery_codes();
    store::replace_recovery(&mut tx, action.admin, &hashes).await?;
    record(&mut tx, Actor::Admin(action), "user.renew_recovery_codes", action.admin, app.clock.now()).await?;
    tx.commit().await?;
    Ok(codes)
}

/// For who has a code.
pub async fn turn_off(app: &AppState, action: &AdminAction, typed: &str) -> Result<(), Error> {
    let mut tx = prove(app, app.db.begin().await?, action.admin, typed).await?;
    store::forget(&mut tx, action.admin).await?;
    record(&mut tx, Actor::Admin(action), "user.remove_second_factor", action.admin, app.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// Takes it from somebody who has lost it; false where there was none.
pub async fn reset(app: &AppState, by: Actor<'_>, user: UserId) -> Result<bool, Error> {
    let mut tx = app.db.begin().await?;
    lock_user(&mut tx, user).await?;
    let is_reset = store::forget(&mut tx, user).await?;
    if is_reset {
        record(&mut tx, by, "user.reset_second_factor", user, app.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(is_reset)
}

/// As [`reset`], of the account with this phone.
pub async fn reset_by_phone(app: &AppState, by: Actor<'_>, phone: &Phone) -> Result<bool, Error> {
    let found = users::find_by_phone(&mut *app.db.acquire().await?, phone).await?;
    match found {
        Some(user) => reset(app, by, user).await,
        None => Ok(false),
    }
}

async fn lock_user(db: &mut PgConnection, user: UserId) -> Result<(), Error> {
    users::lock(db, user).await?.map(drop).ok_or(Error::AccountGone)
}

async fn record(
    db: &mut PgConnection,
    by: Actor<'_>,
    action: &'static str,
    user: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let is_on = matches!(action, "user.add_second_factor" | "user.renew_recovery_codes");
    let (before, after) = (Value::Null, json!({"second_factor": is_on}));
    audit::record(db, &Entry { by, action, subject: Subject::user(user), before, after }, now).await
}

/// As it was read out or pasted.
fn squeezed(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace()).collect()
}
