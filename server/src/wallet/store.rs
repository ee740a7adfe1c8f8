//! `ledger_transfers`, `user_wallets`, and the views over them.

use chrono::{DateTime, Utc};
use saathii_shared_types::{
    CallId, Coins, Earnings, UserId, WithdrawalId,
    wallet::{Currency, Transaction, TransactionType},
};
use sqlx::PgConnection;

use super::ledger::{Charge, Paid};
use crate::account::Record;

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "ledger_kind", rename_all = "snake_case")]
pub(super) enum Kind {
    Recharge,
    Refund,
    WithdrawalPayment,
    WithdrawalRejection,
    CoinAdjustment,
    EarningAdjustment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "ledger_account", rename_all = "snake_case")]
pub(super) enum Account {
    Coins,
    CoinSales,
    CoinAdjustments,
    Withdrawable,
    Pending,
    Withdrawn,
    EarningAdjustments,
}

/// A movement between two accounts of one currency; the table's checks refuse pairs that make no sense.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transfer {
    pub(super) kind: Kind,
    pub(super) debit: Account,
    pub(super) credit: Account,
    pub(super) user: UserId,
    pub(super) amount: i64,
    pub(super) reference: i64,
    pub(super) part: i32,
}

#[derive(Debug, Clone, Copy)]
pub struct WalletRow {
    pub user_id: UserId,
    pub balance_coins: Coins,
    /// Every coin ever credited.
    pub coins_credited: Coins,
    pub withdrawable: Earnings,
    /// On their way out.
    pub pending: Earnings,
    pub withdrawn: Earnings,
}

/// `SELECT` of a whole row, with what follows `FROM user_wallets`.
macro_rules! wallet_row {
    ($tail:literal, $user:expr) => {
        sqlx::query_as!(
            WalletRow,
            r#"SELECT user_id AS "user_id: UserId", balance_coins AS "balance_coins: Coins",
                      coins_credited AS "coins_credited: Coins", withdrawable AS "withdrawable: Earnings",
                      pending AS "pending: Earnings", withdrawn AS "withdrawn: Earnings"
               FROM user_wallets "#
                + $tail,
            $user
        )
    };
}

/// A new user's, empty.
pub async fn insert(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("INSERT INTO user_wallets (user_id) VALUES ($1)", user as UserId).execute(db).await?;
    Ok(())
}

pub async fn find(db: &mut PgConnection, user: UserId) -> sqlx::Result<WalletRow> {
    wallet_row!("WHERE user_id = $1", user as UserId).fetch_one(db).await
}

/// As [`find`], and nobody else moves it before the transaction ends.
pub(super) async fn lock(db: &mut PgConnection, user: UserId) -> sqlx::Result<WalletRow> {
    wallet_row!("WHERE user_id = $1 FOR NO KEY UPDATE", user as UserId).fetch_one(db).await
}

pub(super) async fn post(db: &mut PgConnection, transfer: Transfer, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, part, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        transfer.kind as Kind,
        transfer.debit as Account,
        transfer.credit as Account,
        transfer.user as UserId,
        transfer.amount,
        transfer.reference,
        transfer.part,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Charges each minute whose payer can afford it, in one statement: the locked balance decides. The others are missing
/// from the answer; of one payer, at most one minute at a time.
pub async fn charge_minutes(db: &mut PgConnection, charges: &[Charge], now: DateTime<Utc>) -> sqlx::Result<Vec<Paid>> {
    let calls: Vec<CallId> = charges.iter().map(|charge| charge.call).collect();
    let minutes: Vec<i32> = charges.iter().map(|charge| charge.minute).collect();
    let payers: Vec<UserId> = charges.iter().map(|charge| charge.payer).collect();
    let earners: Vec<UserId> = charges.iter().map(|charge| charge.earner).collect();
    let coins: Vec<Coins> = charges.iter().map(|charge| charge.coins).collect();
    let earnings: Vec<Earnings> = charges.iter().map(|charge| charge.earnings).collect();
    sqlx::query_as!(
        Paid,
        r#"WITH due AS (
               SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
                   AS due (call_id, minute, payer, earner, coins, earnings)
           ),
           wallets AS (
               SELECT user_id, balance_coins
               FROM user_wallets
               WHERE user_id = ANY ($3::bigint[] || $4::bigint[])
               ORDER BY user_id
               FOR NO KEY UPDATE
           ),
           paid AS (
               SELECT due.*, wallets.balance_coins - due.coins AS balance
               FROM due
               JOIN wallets ON wallets.user_id = due.payer
               WHERE wallets.balance_coins >= due.coins
           ),
           moved AS (
               INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, part, created_at)
               SELECT 'call_charge'::ledger_kind, 'coins'::ledger_account, 'call_revenue'::ledger_account,
                      payer, coins, call_id, minute, $7::timestamptz
               FROM paid
               UNION ALL
               SELECT 'call_earning', 'call_costs', 'withdrawable', earner, earnings, call_id, minute, $7
               FROM paid
               WHERE earnings > 0
           )
           SELECT call_id AS "call!: CallId", balance AS "balance!: Coins" FROM paid"#,
        calls as Vec<CallId>,
        &minutes,
        payers as Vec<UserId>,
        earners as Vec<UserId>,
        coins as Vec<Coins>,
        earnings as Vec<Earnings>,
        now,
    )
    .fetch_all(db)
    .await
}

/// Sets earnings aside for a withdrawal; false where there are not enough: the locked row decides.
pub async fn hold_withdrawal(
    db: &mut PgConnection,
    user: UserId,
    withdrawal: WithdrawalId,
    amount: Earnings,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let held = sqlx::query!(
        "INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, created_at)
         SELECT 'withdrawal_request', 'withdrawable', 'pending', wallet.user_id, $3, $2, $4
         FROM (
             SELECT user_id FROM user_wallets WHERE user_id = $1 AND withdrawable >= $3 FOR NO KEY UPDATE
         ) wallet",
        user as UserId,
        withdrawal as WithdrawalId,
        amount as Earnings,
        now,
    )
    .execute(db)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// A page of a user's movements, the newest first.
pub(super) async fn list_transactions(
    db: &mut PgConnection,
    user: UserId,
    tx_type: Option<TransactionType>,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<Transaction>> {
    sqlx::query_as!(
        Transaction,
        r#"SELECT transaction_id AS "transaction_id!", tx_type AS "tx_type!: TransactionType",
                  currency AS "currency!: Currency", amount AS "amount!", call_id AS "call_id: CallId",
                  minute::bigint AS minute, created_at AS "created_at!"
           FROM user_transactions
           WHERE user_id = $1 AND ($2::text IS NULL OR tx_type = $2)
           ORDER BY transaction_id DESC
           OFFSET $3 LIMIT $4"#,
        user as UserId,
        tx_type as Option<TransactionType>,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

pub async fn export_transactions(
    db: &mut PgConnection,
    user: UserId,
    after: i64,
    limit: i64,
) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT transaction_id AS "key!",
                  jsonb_build_object('transaction_id', transaction_id, 'tx_type', tx_type, 'currency', currency,
                                     'amount', amount, 'call_id', call_id, 'minute', minute, 'created_at', created_at)
                      AS "record!"
           FROM user_transactions
           WHERE user_id = $1 AND transaction_id > $2
           ORDER BY transaction_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

pub(super) async fn count_transactions(
    db: &mut PgConnection,
    user: UserId,
    tx_type: Option<TransactionType>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM user_transactions WHERE user_id = $1 AND ($2::text IS NULL OR tx_type = $2)"#,
        user as UserId,
        tx_type as Option<TransactionType>,
    )
    .fetch_one(db)
    .await
}

/// A movement of somebody's money with both of its sides, as the ledger calls them.
#[derive(Debug, Clone)]
pub struct Movement {
    pub transfer_id: i64,
    /// Whose account it touches.
    pub user_id: UserId,
    pub kind: String,
    pub debit: String,
    pub credit: String,
    pub amount: i64,
    pub reference_id: i64,
    pub part: i32,
    pub created_at: DateTime<Utc>,
}

/// `SELECT` of whole transfers, with what follows `FROM ledger_transfers`.
macro_rules! movements {
    ($tail:literal, $($arg:expr),* $(,)?) => {
        sqlx::query_as!(
            Movement,
            r#"SELECT transfer_id, user_id AS "user_id: UserId", kind::text AS "kind!", debit::text AS "debit!",
                      credit::text AS "credit!", amount, reference_id, part, created_at
               FROM ledger_transfers "# + $tail,
            $($arg),*
        )
    };
}

/// What belongs to a call, payment, withdrawal or adjustment: the transfers of these kinds, in order.
pub async fn list_belonging(db: &mut PgConnection, kinds: &[&str], reference: i64) -> sqlx::Result<Vec<Movement>> {
    movements!(
        "WHERE kind = ANY ($1::text[]::ledger_kind[]) AND reference_id = $2
         ORDER BY part, transfer_id
         LIMIT 1000",
        kinds as &[&str],
        reference,
    )
    .fetch_all(db)
    .await
}

/// Which transfers an admin looks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Search {
    pub user: Option<UserId>,
    pub kind: Option<&'static str>,
    /// The call, payment, withdrawal or adjustment.
    pub reference: Option<i64>,
    pub before: Option<i64>,
}

/// Up to `limit` transfers, the newest first.
pub async fn search(db: &mut PgConnection, search: Search, limit: i64) -> sqlx::Result<Vec<Movement>> {
    movements!(
        "WHERE ($1::bigint IS NULL OR user_id = $1)
           AND ($2::text IS NULL OR kind = $2::text::ledger_kind)
           -- Every kind, so that the index by kind and reference serves where none is asked for.
           AND ($3::bigint IS NULL OR (reference_id = $3 AND kind = ANY (enum_range(NULL::ledger_kind))))
           AND ($4::bigint IS NULL OR transfer_id < $4)
         ORDER BY transfer_id DESC
         LIMIT $5",
        search.user as Option<UserId>,
        search.kind,
        search.reference,
        search.before,
        limit,
    )
    .fetch_all(db)
    .await
}

pub async fn find_movement(db: &mut PgConnection, transfer: i64) -> sqlx::Result<Option<Movement>> {
    movements!("WHERE transfer_id = $1", transfer).fetch_optional(db).await
}

/// One account's side of a transfer.
#[derive(Debug, Clone)]
pub struct PostingRow {
    pub account: String,
    /// `None`: the platform's.
    pub user_id: Option<UserId>,
    pub currency: String,
    pub amount: i64,
}

/// Both sides of a transfer, what left first.
pub async fn list_postings(db: &mut PgConnection, transfer: i64) -> sqlx::Result<Vec<PostingRow>> {
    sqlx::query_as!(
        PostingRow,
        r#"SELECT account::text AS "account!", user_id AS "user_id: UserId", currency AS "currency!",
                  amount AS "amount!"
           FROM ledger_postings
           WHERE transfer_id = $1
           ORDER BY amount"#,
        transfer,
    )
    .fetch_all(db)
    .await
}

/// A page of everything that moved somebody's wallet, the newest first.
pub async fn list_movements(
    db: &mut PgConnection,
    user: UserId,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<Movement>> {
    movements!(
        "WHERE user_id = $1
         ORDER BY transfer_id DESC
         OFFSET $2 LIMIT $3",
        user as UserId,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

pub async fn count_movements(db: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM ledger_transfers WHERE user_id = $1"#, user as UserId)
        .fetch_one(db)
        .await
}

/// Currencies whose postings do not sum to zero, with the sum.
pub(super) async fn list_unbalanced(db: &mut PgConnection) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT currency AS "currency!", sum(amount)::bigint AS "sum!"
           FROM ledger_postings GROUP BY currency HAVING sum(amount) <> 0"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.currency, row.sum)).collect())
}

/// A wallet that is not what its postings say.
pub(super) struct WrongWallet {
    pub(super) user_id: i64,
    pub(super) account: String,
    pub(super) wallet: Option<i64>,
    pub(super) ledger: i64,
}

pub(super) async fn list_wrong_wallets(db: &mut PgConnection) -> sqlx::Result<Vec<WrongWallet>> {
    sqlx::query_as!(
        WrongWallet,
        r#"WITH ledger AS (
               SELECT user_id, account::text AS account, sum(amount)::bigint AS amount
               FROM ledger_postings WHERE user_id IS NOT NULL GROUP BY user_id, account
               UNION ALL
               SELECT user_id, 'coins_credited', sum(amount)::bigint
               FROM ledger_postings WHERE account = 'coins' AND amount > 0 GROUP BY user_id
           ),
           wallets AS (
               SELECT user_id, side.account, side.amount
               FROM user_wallets,
                    LATERAL (VALUES ('coins', balance_coins), ('coins_credited', coins_credited),
                                    ('withdrawable', withdrawable), ('pending', pending), ('withdrawn', withdrawn))
                        AS side (account, amount)
           )
           SELECT coalesce(wallets.user_id, ledger.user_id) AS "user_id!",
                  coalesce(wallets.account, ledger.account) AS "account!",
                  wallets.amount AS wallet, coalesce(ledger.amount, 0) AS "ledger!"
           FROM wallets FULL JOIN ledger USING (user_id, account)
           WHERE coalesce(ledger.amount, 0) IS DISTINCT FROM wallets.amount
           ORDER BY 1, 2
           LIMIT 1000"#
    )
    .fetch_all(db)
    .await
}
