use chrono::{DateTime, Utc};
use saathii_shared_types::{
    Earnings, UserId,
    wallet::Withdrawal,
    withdrawals::{PayoutDestination, PayoutDetails, WithdrawRequest, WithdrawalPage},
};
use sqlx::PgConnection;

use super::{
    Error, rules, sealed,
    store::{self, NewWithdrawal, WithdrawalRow},
};
use crate::{
    http::{Answer, IdempotencyKey, Paging},
    state::AppState,
    users, wallet,
};

/// Keeps where somebody is paid, instead of what was kept before; open withdrawals go where they were to go.
pub async fn set_details(app: &AppState, user: UserId, details: &PayoutDetails) -> Result<PayoutDestination, Error> {
    let details = rules::normalise(details).map_err(Error::InvalidDetails)?;
    let (sealed, masked) = (sealed::seal(&app.seal, user, &details)?, rules::mask(&details));
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    lock_user(&mut tx, user).await?;
    store::upsert_details(&mut tx, user, &sealed, &masked, now).await?;
    tx.commit().await?;
    Ok(PayoutDestination { destination: masked, updated_at: now })
}

pub(super) async fn get_details(app: &AppState, user: UserId) -> Result<Option<PayoutDestination>, Error> {
    let mut db = app.db.acquire().await?;
    let details = store::find_details(&mut db, user).await?;
    Ok(details.map(|details| PayoutDestination { destination: details.masked, updated_at: details.updated_at }))
}

/// Sets earnings aside and asks for them to be paid.
pub async fn withdraw(
    app: &AppState,
    user: UserId,
    request: WithdrawRequest,
    key: &IdempotencyKey,
) -> Result<Answer<Withdrawal>, Error> {
    let payouts = &app.config.payouts;
    let amount = request.amount;
    if amount < payouts.minimum {
        return Err(Error::InvalidAmount { minimum: payouts.minimum });
    }
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if let Some(kept) = key.claim(&mut tx, user).await? {
        return Ok(Answer::Replayed(kept));
    }
    lock_user(&mut tx, user).await?;
    let row = request_withdrawal(app, &mut tx, user, amount, now).await?;
    let wallet = wallet::find(&mut tx, user).await?;
    let answer = seen_by_owner(row);
    key.keep(&mut tx, user, &answer, app).await?;
    tx.commit().await?;
    wallet::tell(app, &wallet);
    metrics::counter!("saathii_withdrawals_total", "step" => "requested").increment(1);
    Ok(Answer::New(answer))
}

async fn request_withdrawal(
    app: &AppState,
    db: &mut PgConnection,
    user: UserId,
    amount: Earnings,
    now: DateTime<Utc>,
) -> Result<WithdrawalRow, Error> {
    let available = wallet::find(db, user).await?.withdrawable;
    let insufficient = Error::InsufficientEarnings { required: amount, available };
    if available < amount {
        return Err(insufficient);
    }
    let Some(amount_paise) = rules::worth(amount, app.config.payouts.paise_per_earning) else {
        return Err(insufficient);
    };
    let details = store::find_details(db, user).await?.ok_or(Error::DetailsMissing)?;
    let row = store::insert(db, NewWithdrawal { user, amount, amount_paise, details: &details, now }).await?;
    // Whoever asked for the same earnings a moment ago has them: the wallet decides, not what was read above.
    if wallet::hold_withdrawal(db, user, row.withdrawal_id, amount, now).await? {
        Ok(row)
    } else {
        let available = wallet::find(db, user).await?.withdrawable;
        Err(Error::InsufficientEarnings { required: amount, available })
    }
}

/// First of all locks: whoever deletes the account waits, or has deleted it.
async fn lock_user(db: &mut PgConnection, user: UserId) -> Result<(), Error> {
    if users::lock_parties(db, &[user]).await?.is_empty() { Err(Error::AccountGone) } else { Ok(()) }
}

pub(super) async fn list_own(app: &AppState, user: UserId, paging: Paging) -> Result<WithdrawalPage, Error> {
    let mut db = app.db.acquire().await?;
    let rows = store::list_of(&mut db, user, paging.offset(), paging.per_page).await?;
    let total = store::count_of(&mut db, user).await?;
    Ok(WithdrawalPage {
        withdrawals: rows.into_iter().map(seen_by_owner).collect(),
        total_withdrawals: total,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(total),
        has_previous: paging.has_previous(),
    })
}

fn seen_by_owner(row: WithdrawalRow) -> Withdrawal {
    Withdrawal {
        withdrawal_id: row.withdrawal_id,
        amount: row.amount,
        amount_paise: row.amount_paise,
        status: row.status,
        remarks: row.remarks,
        destination: row.masked,
        created_at: row.created_at,
        decided_at: row.decided_at,
        paid_at: row.paid_at,
    }
}
