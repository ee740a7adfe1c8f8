//! Many people in many calls, made by a few statements.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

/// Callers have the ids 1 to `pairs`, their listeners the `pairs` after them; every caller has 100,000 coins.
pub(crate) async fn insert_people(db: &PgPool, pairs: i64, now: DateTime<Utc>) {
    for sql in [
        "INSERT INTO users (phone, username, sex, roles, created_at, verified_at)
         SELECT '+9170' || lpad(i::text, 8, '0'), 'person' || i, 'other',
                CASE WHEN i <= $1 THEN ARRAY['user'] ELSE ARRAY['listener'] END, $2, $2
         FROM generate_series(1, 2 * $1) i",
        "INSERT INTO user_wallets (user_id) SELECT i FROM generate_series(1, 2 * $1) i WHERE $2::timestamptz IS NOT NULL",
        "INSERT INTO presence (user_id, last_seen, announced_at, is_online)
         SELECT i, $2, $2, true FROM generate_series(1, 2 * $1) i",
        "WITH bought AS (
             INSERT INTO payments (user_id, provider, amount_paise, coins, status, created_at, paid_at)
             SELECT i, 'sandbox', 5000000, 100000, 'paid', $2, $2 FROM generate_series(1, $1) i
             RETURNING payment_id, user_id, coins
         )
         INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, created_at)
         SELECT 'recharge', 'coin_sales', 'coins', user_id, coins, payment_id, $2 FROM bought",
    ] {
        sqlx::query(sql).bind(pairs).bind(now).execute(db).await.unwrap();
    }
}

/// Every caller is in a call whose first minute is paid; the calls began evenly over the minute before `now`.
pub(crate) async fn insert_calls(db: &PgPool, pairs: i64, now: DateTime<Utc>) {
    for sql in [
        "INSERT INTO calls (caller_id, listener_id, call_type, rate_coins, rate_earnings, minute_seconds, start_time,
                            minutes_billed, next_minute_at)
         SELECT i, i + $1, 'audio', 10, 15, 60, began, 1, began + interval '60 seconds'
         FROM (SELECT i, $2 - i * interval '60 seconds' / $1 AS began FROM generate_series(1, $1) i) c",
        "INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, part, created_at)
         SELECT 'call_charge', 'coins', 'call_revenue', caller_id, 10, call_id, 1, start_time FROM calls
         WHERE caller_id <= $1 AND $2::timestamptz IS NOT NULL",
        "INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, part, created_at)
         SELECT 'call_earning', 'call_costs', 'withdrawable', listener_id, 15, call_id, 1, start_time FROM calls
         WHERE caller_id <= $1 AND $2::timestamptz IS NOT NULL",
        "UPDATE presence p SET call_id = c.call_id, is_busy = true FROM calls c
         WHERE p.user_id IN (c.caller_id, c.listener_id) AND c.caller_id <= $1 AND $2::timestamptz IS NOT NULL",
    ] {
        sqlx::query(sql).bind(pairs).bind(now).execute(db).await.unwrap();
    }
}

/// As after some time of running: statistics, and nothing left to write.
pub(crate) async fn settle(db: &PgPool) {
    for sql in ["VACUUM ANALYZE", "CHECKPOINT"] {
        sqlx::query(sql).execute(db).await.unwrap();
    }
}
