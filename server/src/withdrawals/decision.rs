//! An admin's side: what waits, and what becomes of it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use saathii_shared_types::{
    Earnings, UserId, WithdrawalId,
    wallet::WithdrawalStatus,
    withdrawals::{AdminWithdrawal, AdminWithdrawalDetail, AdminWithdrawalPage},
};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    Error, rules, sealed,
    store::{self, WithdrawalRow},
};
use crate::{
    audit::{self, Actor, AdminAction, Entry, Subject},
    http::{Answer, IdempotencyKey, Paging},
    state::AppState,
    users,
    wallet::{self, WalletRow},
};

/// What an admin may say of a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Approve,
    /// Gives the earnings back; told to the listener.
    Reject {
        remarks: String,
    },
    /// The money was sent; the bank's own word for it.
    Pay {
        reference: String,
    },
}

impl Decision {
    fn step(&self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Reject { .. } => "rejected",
            Self::Pay { .. } => "paid",
        }
    }

    /// As the record calls it.
    fn action(&self) -> &'static str {
        match self {
            Self::Approve => "withdrawal.approve",
            Self::Reject { .. } => "withdrawal.reject",
            Self::Pay { .. } => "withdrawal.pay",
        }
    }

    /// What it was, where that is one thing only.
    fn before(&self) -> Value {
        match self {
            Self::Approve => json!({"status": WithdrawalStatus::Requested}),
            Self::Reject { .. } => Value::Null,
            Self::Pay { .. } => json!({"status": WithdrawalStatus::Approved}),
        }
    }
}

/// Decides once, and refuses what is decided already; the answer can be had again with its key.
pub async fn decide_once(
    app: &AppState,
    action: &AdminAction,
    withdrawal: WithdrawalId,
    decision: &Decision,
    key: &IdempotencyKey,
) -> Result<Answer<AdminWithdrawal>, Error> {
    let mut tx = app.db.begin().await?;
    if let Some(kept) = key.claim(&mut tx, action.admin).await? {
        return Ok(Answer::Replayed(kept));
    }
    let (row, wallet) = decide(app, &mut tx, action, withdrawal, decision).await?;
    key.keep(&mut tx, action.admin, &row, app).await?;
    tx.commit().await?;
    wallet::tell(app, &wallet);
    metrics::counter!("saathii_withdrawals_total", "step" => decision.step()).increment(1);
    Ok(Answer::New(row))
}

async fn decide(
    app: &AppState,
    db: &mut PgConnection,
    action: &AdminAction,
    withdrawal: WithdrawalId,
    decision: &Decision,
) -> Result<(AdminWithdrawal, WalletRow), Error> {
    let admin = action.admin;
    let second_admin_from = app.config.payouts.second_admin_from;
    // First of all locks: an admin who is deleted now decides nothing any more.
    if users::lock_parties(db, &[admin]).await?.is_empty() {
        return Err(Error::AccountGone);
    }
    let now = app.clock.now();
    let decided = match decision {
        Decision::Approve => store::approve(db, withdrawal, admin, now).await?,
        Decision::Reject { remarks } => {
            let remarks = rules::remarks(remarks).ok_or(Error::InvalidText("remarks"))?;
            store::reject(db, withdrawal, admin, remarks, now).await?
        }
        Decision::Pay { reference } => {
            let reference = rules::reference(reference).ok_or(Error::InvalidText("payout_reference"))?;
            store::pay(db, withdrawal, admin, second_admin_from, reference, now).await?
        }
    };
    let Some(row) = decided else {
        return Err(refusal(db, withdrawal, admin, decision, second_admin_from).await?);
    };
    move_earnings(db, &row, decision, now).await?;
    let entry = Entry {
        by: Actor::Admin(action),
        action: decision.action(),
        subject: Subject::withdrawal(withdrawal),
        before: decision.before(),
        after: json!({"status": row.status, "remarks": row.remarks, "payout_reference": row.payout_reference}),
    };
    audit::record(db, &entry, now).await?;
    tracing::info!(withdrawal.id = withdrawal.0, admin.id = admin.0, step = decision.step(), "withdrawal decided");
    let wallet = wallet::find(db, row.user_id).await?;
    let row = with_names(db, vec![row]).await?.pop().ok_or(Error::NotFound)?;
    Ok((row, wallet))
}

async fn move_earnings(
    db: &mut PgConnection,
    row: &WithdrawalRow,
    decision: &Decision,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    match decision {
        Decision::Approve => Ok(()),
        Decision::Reject { .. } => {
            wallet::release_withdrawal(db, row.user_id, row.withdrawal_id, row.amount, now).await
        }
        Decision::Pay { .. } => wallet::pay_withdrawal(db, row.user_id, row.withdrawal_id, row.amount, now).await,
    }
}

/// Why the update found nothing to change.
async fn refusal(
    db: &mut PgConnection,
    withdrawal: WithdrawalId,
    admin: UserId,
    decision: &Decision,
    second_admin_from: Earnings,
) -> sqlx::Result<Error> {
    let Some(row) = store::find(db, withdrawal).await? else { return Ok(Error::NotFound) };
    let needs_another = matches!(decision, Decision::Pay { .. })
        && row.status == WithdrawalStatus::Approved
        && row.amount >= second_admin_from
        && row.decided_by == Some(admin);
    Ok(match () {
        () if row.user_id == admin => Error::Own,
        () if needs_another => Error::SecondAdminRequired,
        () => Error::Decided(row.status),
    })
}

/// Withdrawals of this status or all, the oldest first.
pub async fn list_withdrawals(
    app: &AppState,
    status: Option<WithdrawalStatus>,
    paging: Paging,
) -> Result<AdminWithdrawalPage, Error> {
    let mut db = app.db.acquire().await?;
    let rows = store::list(&mut db, status, paging.offset(), paging.per_page).await?;
    let total = store::count(&mut db, status).await?;
    Ok(AdminWithdrawalPage {
        withdrawals: with_names(&mut db, rows).await?,
        total_withdrawals: total,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(total),
        has_previous: paging.has_previous(),
    })
}

/// One withdrawal, its destination masked.
pub async fn find_withdrawal(app: &AppState, withdrawal: WithdrawalId) -> Result<AdminWithdrawal, Error> {
    let mut db = app.db.acquire().await?;
    let row = store::find(&mut db, withdrawal).await?.ok_or(Error::NotFound)?;
    with_names(&mut db, vec![row]).await?.pop().ok_or(Error::NotFound)
}

/// One withdrawal with its details unsealed; the log says who looked.
pub async fn get_withdrawal(
    app: &AppState,
    admin: UserId,
    withdrawal: WithdrawalId,
) -> Result<AdminWithdrawalDetail, Error> {
    let mut db = app.db.acquire().await?;
    let row = store::find(&mut db, withdrawal).await?.ok_or(Error::NotFound)?;
    let kept = store::find_sealed(&mut db, withdrawal).await?;
    let payout_details = kept.map(|kept| sealed::open(&app.seal, row.user_id, &kept)).transpose()?;
    if payout_details.is_some() {
        tracing::info!(withdrawal.id = withdrawal.0, admin.id = admin.0, "payout details were shown");
    }
    let withdrawal = with_names(&mut db, vec![row]).await?.pop().ok_or(Error::NotFound)?;
    Ok(AdminWithdrawalDetail { withdrawal, payout_details })
}

async fn with_names(db: &mut PgConnection, rows: Vec<WithdrawalRow>) -> sqlx::Result<Vec<AdminWithdrawal>> {
    let people: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let names: HashMap<UserId, String> = users::usernames(db, &people).await?.into_iter().collect();
    let seen = |row: WithdrawalRow| AdminWithdrawal {
        withdrawal_id: row.withdrawal_id,
        user_id: row.user_id,
        username: names.get(&row.user_id).cloned().unwrap_or_default(),
        amount: row.amount,
        amount_paise: row.amount_paise,
        status: row.status,
        remarks: row.remarks,
        destination: row.masked,
        created_at: row.created_at,
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        paid_by: row.paid_by,
        paid_at: row.paid_at,
        payout_reference: row.payout_reference,
    };
    Ok(rows.into_iter().map(seen).collect())
}
