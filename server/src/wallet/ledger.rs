//! Ways that money moves, by name; those that one statement decides stand in the store. Each runs in its caller's
//! transaction.

use chrono::{DateTime, Utc};
use saathii_shared_types::{AdjustmentId, CallId, Coins, Earnings, PaymentId, UserId, WithdrawalId, wallet::Currency};
use sqlx::PgConnection;

use super::store::{self, Account, Kind, Transfer};

/// A minute of a call that has begun and is to be paid.
#[derive(Debug, Clone, Copy)]
pub struct Charge {
    pub call: CallId,
    /// From 1.
    pub minute: i32,
    pub payer: UserId,
    pub earner: UserId,
    pub coins: Coins,
    pub earnings: Earnings,
}

/// A minute that was paid.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    pub call: CallId,
    /// What the payer has left.
    pub balance: Coins,
}

/// Credits a purchase. A second time is a unique violation: whoever calls has made sure that there is none.
pub async fn credit_purchase(
    db: &mut PgConnection,
    user: UserId,
    payment: PaymentId,
    coins: Coins,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let transfer = Transfer {
        kind: Kind::Recharge,
        debit: Account::CoinSales,
        credit: Account::Coins,
        user,
        amount: coins.0,
        reference: payment.0,
        part: 0,
    };
    store::post(db, transfer, now).await
}

/// Takes back the coins of a refunded purchase, at most what is left of them in the wallet; how many it were.
pub async fn take_back_purchase(
    db: &mut PgConnection,
    user: UserId,
    payment: PaymentId,
    part: i32,
    coins: Coins,
    now: DateTime<Utc>,
) -> sqlx::Result<Coins> {
    let available = store::lock(db, user).await?.balance_coins;
    let taken = coins.min(available);
    if taken > Coins(0) {
        let transfer = Transfer {
            kind: Kind::Refund,
            debit: Account::Coins,
            credit: Account::CoinSales,
            user,
            amount: taken.0,
            reference: payment.0,
            part,
        };
        store::post(db, transfer, now).await?;
    }
    Ok(taken)
}

/// What was set aside has been paid out.
pub async fn pay_withdrawal(
    db: &mut PgConnection,
    user: UserId,
    withdrawal: WithdrawalId,
    amount: Earnings,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let transfer = settled(Kind::WithdrawalPayment, Account::Withdrawn, user, withdrawal, amount);
    store::post(db, transfer, now).await
}

/// What was set aside is withdrawable again.
pub async fn release_withdrawal(
    db: &mut PgConnection,
    user: UserId,
    withdrawal: WithdrawalId,
    amount: Earnings,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let transfer = settled(Kind::WithdrawalRejection, Account::Withdrawable, user, withdrawal, amount);
    store::post(db, transfer, now).await
}

/// Gives, or takes where `amount` is negative; false where less is there than is to be taken.
pub async fn adjust(
    db: &mut PgConnection,
    user: UserId,
    adjustment: AdjustmentId,
    currency: Currency,
    amount: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let wallet = store::lock(db, user).await?;
    let (kind, theirs, ours, held) = match currency {
        Currency::Coins => (Kind::CoinAdjustment, Account::Coins, Account::CoinAdjustments, wallet.balance_coins.0),
        Currency::Earnings => {
            (Kind::EarningAdjustment, Account::Withdrawable, Account::EarningAdjustments, wallet.withdrawable.0)
        }
    };
    if held + amount < 0 {
        return Ok(false);
    }
    let (debit, credit) = if amount < 0 { (theirs, ours) } else { (ours, theirs) };
    let transfer = Transfer { kind, debit, credit, user, amount: amount.abs(), reference: adjustment.0, part: 0 };
    store::post(db, transfer, now).await?;
    Ok(true)
}

fn settled(kind: Kind, credit: Account, user: UserId, withdrawal: WithdrawalId, amount: Earnings) -> Transfer {
    Transfer { kind, debit: Account::Pending, credit, user, amount: amount.0, reference: withdrawal.0, part: 0 }
}
