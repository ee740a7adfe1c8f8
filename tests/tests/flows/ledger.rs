//! What the database itself refuses, whoever asks.

use saathii_server::proof;
use sqlx::PgPool;
use tests::TestApp;

/// The SQLSTATE and constraint or message of a statement that must fail.
async fn refusal(db: &PgPool, sql: &'static str) -> String {
    let error = sqlx::raw_sql(sql).execute(db).await.expect_err(sql);
    let error = error.as_database_error().expect("the database's own").to_owned();
    format!("{} {}", error.code().unwrap_or_default(), error.message())
}

#[tokio::test]
async fn postings_are_never_changed_and_wallets_move_by_postings_alone() {
    let app = TestApp::start().await;
    let (caller, listener) = (app.caller("john", 100).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    app.end_call(&caller, call).await.unwrap();
    let db = &app.state.db;
    for sql in [
        "UPDATE ledger_transfers SET amount = amount + 1",
        "UPDATE ledger_transfers SET user_id = user_id",
        "DELETE FROM ledger_transfers",
        "TRUNCATE ledger_transfers",
        "UPDATE user_wallets SET balance_coins = 1000000",
        "UPDATE user_wallets SET withdrawable = withdrawable - 1 WHERE withdrawable > 0",
        "DELETE FROM user_wallets",
        "TRUNCATE user_wallets",
    ] {
        assert!(refusal(db, sql).await.contains("is not allowed"), "{sql}");
    }
    let insert = |values: &str| {
        format!(
            "INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, part, created_at)
             VALUES ({values}, now())"
        )
    };
    let (john, jane) = (caller.id, listener.id);
    for (values, expected) in [
        // A pair of accounts that makes no sense, or of two currencies.
        (format!("'recharge', 'call_revenue', 'coins', {john}, 5, 99, 0"), "ledger_kind_accounts"),
        (format!("'recharge', 'coin_sales', 'withdrawable', {john}, 5, 99, 0"), "ledger_kind_accounts"),
        (format!("'recharge', 'coin_sales', 'coins', {john}, 0, 99, 0"), "ledger_transfers_amount_check"),
        (format!("'recharge', 'coin_sales', 'coins', {john}, -5, 99, 0"), "ledger_transfers_amount_check"),
        // The same minute again.
        (format!("'call_charge', 'coins', 'call_revenue', {john}, 10, {call}, 1"), "ledger_transfers_once"),
        // More than there is.
        (format!("'call_charge', 'coins', 'call_revenue', {john}, 91, {call}, 2"), "user_wallets_balance_coins_check"),
        (
            format!("'withdrawal_request', 'withdrawable', 'pending', {jane}, 16, 1, 0"),
            "user_wallets_withdrawable_check",
        ),
        (format!("'withdrawal_payment', 'pending', 'withdrawn', {jane}, 1, 1, 0"), "user_wallets_pending_check"),
        // Nobody's wallet.
        ("'recharge', 'coin_sales', 'coins', 123456789, 5, 99, 0".to_owned(), "without a wallet"),
    ] {
        let sql: &'static str = insert(&values).leak();
        let refused = refusal(db, sql).await;
        assert!(refused.contains(expected), "{values}: {refused}");
    }
    app.assert_books_close().await;
}

#[tokio::test]
async fn the_proof_sees_what_was_tampered_with() {
    let app = TestApp::start().await;
    let (caller, listener) = (app.caller("john", 100).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    app.end_call(&caller, call).await.unwrap();
    app.assert_books_close().await;
    let db = &app.state.db;
    // As somebody with the keys to the database could.
    for (sql, subject) in [
        ("UPDATE user_wallets SET balance_coins = balance_coins + 1, coins_credited = coins_credited + 1", "coins"),
        ("UPDATE ledger_transfers SET amount = 11 WHERE kind = 'call_charge'", "call "),
        ("DELETE FROM ledger_transfers WHERE kind = 'call_earning'", "withdrawable"),
        ("UPDATE calls SET minutes_billed = 2, next_minute_at = start_time + interval '120 seconds'", "call "),
    ] {
        let mut tx = db.begin().await.unwrap();
        sqlx::raw_sql("SET LOCAL session_replication_role = replica").execute(&mut *tx).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap();
        let mut found = saathii_server::wallet::prove(&mut tx).await.unwrap();
        found.extend(saathii_server::calls::prove(&mut tx).await.unwrap());
        assert!(found.iter().any(|one| one.subject.contains(subject)), "{sql}: {found:?}");
    }
    assert!(proof::prove(db).await.unwrap().is_empty());
}
