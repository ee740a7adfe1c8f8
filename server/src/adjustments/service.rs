use chrono::{DateTime, Utc};
use saathii_shared_types::{AdjustmentId, UserId, wallet::Currency};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    Error,
    store::{self, AdjustmentRow, NewAdjustment, Status},
};
use crate::{
    audit::{self, Actor, AdminAction, Entry, Subject},
    state::AppState,
    users, wallet,
};

/// More is a slip of the hand.
const LARGEST: i64 = 1_000_000_000;
const LONGEST_REASON: usize = 500;

/// What an admin asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub user: UserId,
    pub currency: Currency,
    /// Given; taken where it is negative.
    pub amount: i64,
    pub reason: String,
    /// Of the form: the same again is the same adjustment.
    pub form_key: String,
}

/// What another admin may say of an adjustment that waits. Who asked for it may take it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Apply,
    Reject,
}

/// Applies a small adjustment at once; a large one waits for another admin.
pub async fn request(app: &AppState, action: &AdminAction, asked: &Asked) -> Result<AdjustmentRow, Error> {
    let reason = asked.reason.trim();
    if !(1..=LONGEST_REASON).contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
        return Err(Error::InvalidReason);
    }
    if asked.amount == 0 || asked.amount.abs() > LARGEST {
        return Err(Error::InvalidAmount);
    }
    let mut tx = app.db.begin().await?;
    lock_both(&mut tx, action.admin, asked.user).await?;
    let now = app.clock.now();
    let needs_second = asked.amount.abs() >= app.config.adjustment_second_admin_from;
    let status = if needs_second { Status::Pending } else { Status::Applied };
    let admin = action.admin;
    let new = NewAdjustment { asked, reason, status, needs_second, admin, now };
    let Some(row) = store::insert(&mut tx, new).await? else {
        // Sent again: as it stands since the first time.
        return store::find_asked(&mut tx, admin, &asked.form_key).await?.ok_or(Error::NotFound);
    };
    let moved = if needs_second { None } else { Some(apply(&mut tx, &row, now).await?) };
    record(&mut tx, action, "adjustment.request", Value::Null, &row, now).await?;
    tx.commit().await?;
    tell(app, moved);
    Ok(row)
}

/// Decides once what waits, and refuses what is decided already.
pub async fn decide(
    app: &AppState,
    action: &AdminAction,
    adjustment: AdjustmentId,
    decision: Decision,
) -> Result<AdjustmentRow, Error> {
    let admin = action.admin;
    let mut tx = app.db.begin().await?;
    let waiting = store::find(&mut tx, adjustment).await?.ok_or(Error::NotFound)?;
    lock_both(&mut tx, admin, waiting.user_id).await?;
    let now = app.clock.now();
    let decided = match decision {
        Decision::Apply => store::apply(&mut tx, adjustment, admin, now).await?,
        Decision::Reject => store::reject(&mut tx, adjustment, admin, now).await?,
    };
    let Some(row) = decided else {
        let is_asker = waiting.status == Status::Pending && waiting.requested_by == admin;
        return Err(if is_asker { Error::SecondAdminRequired } else { Error::Decided });
    };
    let (moved, verb) = match decision {
        Decision::Apply => (Some(apply(&mut tx, &row, now).await?), "adjustment.apply"),
        Decision::Reject => (None, "adjustment.reject"),
    };
    record(&mut tx, action, verb, json!({"status": Status::Pending}), &row, now).await?;
    tx.commit().await?;
    tell(app, moved);
    Ok(row)
}

/// First of all locks: neither an admin nor a wallet's owner is deleted before it is done.
async fn lock_both(db: &mut PgConnection, admin: UserId, user: UserId) -> Result<(), Error> {
    if admin == user {
        return Err(Error::Own);
    }
    let mut is_there = [false; 2];
    for present in users::lock_all(db, &[admin, user]).await? {
        is_there[usize::from(present == user)] = true;
    }
    match is_there {
        [true, true] => Ok(()),
        [false, _] => Err(Error::AccountGone),
        [true, false] => Err(Error::NotFound),
    }
}

/// Moves the wallet; refuses what it does not hold, and with that the whole transaction.
async fn apply(db: &mut PgConnection, row: &AdjustmentRow, now: DateTime<Utc>) -> Result<wallet::WalletRow, Error> {
    if !wallet::adjust(db, row.user_id, row.adjustment_id, row.currency, row.amount, now).await? {
        return Err(Error::NotEnough);
    }
    Ok(wallet::find(db, row.user_id).await?)
}

async fn record(
    db: &mut PgConnection,
    action: &AdminAction,
    verb: &'static str,
    before: Value,
    row: &AdjustmentRow,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let after = json!({
        "user_id": row.user_id, "currency": row.currency, "amount": row.amount, "reason": row.reason,
        "status": row.status,
    });
    let subject = Subject::adjustment(row.adjustment_id);
    tracing::info!(adjustment.id = row.adjustment_id.0, admin.id = action.admin.0, verb, "adjustment");
    audit::record(db, &Entry { by: Actor::Admin(action), action: verb, subject, before, after }, now).await
}

fn tell(app: &AppState, moved: Option<wallet::WalletRow>) {
    if let Some(wallet) = moved {
        wallet::tell(app, &wallet);
    }
}
