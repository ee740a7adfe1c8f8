use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use saathii_shared_types::{
    Coins, PaymentId, UserId,
    payments::{
        PaymentOrder, Recharge, RechargeHistory, RechargeItem, RechargeRequest, RechargeStatus, VerifyRecharge,
    },
};
use sqlx::PgConnection;

use super::{
    Error,
    rules::{self, Purchase},
    settlement,
    store::{self, NewPayment, PaymentRow},
};
use crate::{
    http::{Answer, IdempotencyKey, Paging},
    infra::payments::{Payments, Razorpay},
    state::AppState,
    users, wallet,
};

/// As `payments` names it, and the app.
pub(super) const RAZORPAY: &str = "razorpay";
const SANDBOX: &str = "sandbox";

/// Buys coins: at once in the sandbox, else by an order that the app is to pay.
pub(super) async fn recharge(
    app: &AppState,
    user: UserId,
    request: &RechargeRequest,
    key: &IdempotencyKey,
) -> Result<Answer<Recharge>, Error> {
    let purchase = Purchase::parse(request, &app.config.payments)?;
    match &app.payments {
        Payments::Sandbox => buy_at_once(app, user, &purchase, key).await,
        Payments::Razorpay(razorpay) => order(app, razorpay, user, &purchase, key).await,
    }
}

async fn buy_at_once(
    app: &AppState,
    user: UserId,
    purchase: &Purchase,
    key: &IdempotencyKey,
) -> Result<Answer<Recharge>, Error> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if let Some(kept) = key.claim(&mut tx, user).await? {
        return Ok(Answer::Replayed(kept));
    }
    lock_user(&mut tx, user).await?;
    let payment = sell(&mut tx, user, purchase, now).await?;
    let wallet = wallet::find(&mut tx, user).await?;
    let transaction = rules::transaction_id(user, payment);
    let answer = rules::recharged(transaction, purchase.amount(), purchase.coins, wallet.balance_coins);
    key.keep(&mut tx, user, &answer, app).await?;
    tx.commit().await?;
    wallet::tell(app, &wallet);
    settlement::count("paid");
    Ok(Answer::New(answer))
}

async fn sell(db: &mut PgConnection, user: UserId, purchase: &Purchase, now: DateTime<Utc>) -> sqlx::Result<PaymentId> {
    let payment = store::next_id(db).await?;
    let new = NewPayment { payment, user, provider: SANDBOX, purchase, status: RechargeStatus::Paid, order: None, now };
    store::insert(db, new).await?;
    wallet::credit_purchase(db, user, payment, purchase.coins, now).await?;
    Ok(payment)
}

/// A purchase of the demo's people, at any time; in the caller's transaction.
pub async fn record_sandbox_purchase(
    app: &AppState,
    db: &mut PgConnection,
    user: UserId,
    amount_rupees: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let request = RechargeRequest { amount_rupees, payment_method: Some("upi".to_owned()) };
    sell(db, user, &Purchase::parse(&request, &app.config.payments)?, now).await?;
    Ok(())
}

async fn order(
    app: &AppState,
    razorpay: &Razorpay,
    user: UserId,
    purchase: &Purchase,
    key: &IdempotencyKey,
) -> Result<Answer<Recharge>, Error> {
    let mut tx = app.db.begin().await?;
    if let Some(kept) = key.claim(&mut tx, user).await? {
        return Ok(Answer::Replayed(kept));
    }
    let payment = store::next_id(&mut tx).await?;
    // Nobody waits in Postgres for somebody else's server.
    tx.rollback().await?;
    let transaction_id = rules::transaction_id(user, payment);
    let order = razorpay.create_order(purchase.amount(), &transaction_id).await?;

    let mut tx = app.db.begin().await?;
    // The same request may have been answered meanwhile: its order counts, and nobody ever pays this one.
    if let Some(kept) = key.claim(&mut tx, user).await? {
        return Ok(Answer::Replayed(kept));
    }
    lock_user(&mut tx, user).await?;
    let new = NewPayment {
        payment,
        user,
        provider: RAZORPAY,
        purchase,
        status: RechargeStatus::Pending,
        order: Some(&order),
        now: app.clock.now(),
    };
    store::insert(&mut tx, new).await?;
    let balance = wallet::find(&mut tx, user).await?.balance_coins;
    let answer = ordered(razorpay, purchase, transaction_id, order, balance);
    key.keep_as(&mut tx, user, StatusCode::ACCEPTED, &answer, app).await?;
    tx.commit().await?;
    settlement::count("ordered");
    Ok(Answer::NewAs(StatusCode::ACCEPTED, answer))
}

fn ordered(
    razorpay: &Razorpay,
    purchase: &Purchase,
    transaction_id: String,
    order_id: String,
    balance: Coins,
) -> Recharge {
    let Purchase { amount_rupees, coins, .. } = purchase;
    Recharge {
        transaction_id,
        amount_rupees: *amount_rupees,
        coins_added: Coins(0),
        new_balance: balance,
        message: format!("Payment pending: {coins} coins for ₹{amount_rupees} are added when it is paid"),
        status: Some(RechargeStatus::Pending),
        order: Some(PaymentOrder {
            provider: RAZORPAY.to_owned(),
            order_id,
            key_id: razorpay.key_id().to_owned(),
            amount_paise: purchase.amount(),
            currency: Razorpay::CURRENCY.to_owned(),
        }),
    }
}

/// Credits an order on the word of Razorpay's checkout, and answers alike however often it is said.
pub(super) async fn verify(
    app: &AppState,
    user: UserId,
    request: &VerifyRecharge,
    key: &IdempotencyKey,
) -> Result<Answer<Recharge>, Error> {
    let razorpay = app.payments.razorpay().ok_or(Error::OrderNotFound)?;
    let VerifyRecharge { razorpay_order_id: order, razorpay_payment_id: paid_by, razorpay_signature: signature } =
        request;
    if !razorpay.proves_checkout(order, paid_by, signature) {
        settlement::count("forged");
        return Err(Error::InvalidSignature);
    }
    let mut tx = app.db.begin().await?;
    if let Some(kept) = key.claim(&mut tx, user).await? {
        return Ok(Answer::Replayed(kept));
    }
    lock_user(&mut tx, user).await?;
    let found = store::lock_by_order(&mut tx, RAZORPAY, order).await?;
    let payment = found.filter(|payment| payment.user_id == user).ok_or(Error::OrderNotFound)?;
    let is_new = settlement::credit(&mut tx, &payment, paid_by, app.clock.now()).await?;
    let wallet = wallet::find(&mut tx, user).await?;
    let transaction = rules::transaction_id(user, payment.payment_id);
    let answer = rules::recharged(transaction, payment.amount, payment.coins, wallet.balance_coins);
    key.keep(&mut tx, user, &answer, app).await?;
    tx.commit().await?;
    if is_new {
        wallet::tell(app, &wallet);
        settlement::count("paid");
    }
    Ok(Answer::New(answer))
}

/// First of all locks: whoever deletes the account waits, or has deleted it.
async fn lock_user(db: &mut PgConnection, user: UserId) -> Result<(), Error> {
    if users::lock_parties(db, &[user]).await?.is_empty() { Err(Error::AccountGone) } else { Ok(()) }
}

pub(super) async fn list_recharges(app: &AppState, user: UserId, paging: Paging) -> Result<RechargeHistory, Error> {
    let mut db = app.db.acquire().await?;
    let rows = store::list_of(&mut db, user, paging.offset(), paging.per_page).await?;
    let sums = store::sum_of(&mut db, user).await?;
    Ok(RechargeHistory {
        recharges: rows.into_iter().map(item).collect(),
        total_recharges: sums.recharges,
        total_amount_rupees: sums.amount.0 / 100,
        total_coins_added: sums.coins,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(sums.recharges),
        has_previous: paging.has_previous(),
    })
}

fn item(row: PaymentRow) -> RechargeItem {
    RechargeItem {
        transaction_id: rules::transaction_id(row.user_id, row.payment_id),
        amount_rupees: row.amount.0 / 100,
        coins_added: if row.is_paid() { row.coins } else { Coins(0) },
        payment_method: row.payment_method,
        status: row.status,
        created_at: row.created_at,
    }
}
