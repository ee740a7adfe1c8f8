//! The database, read as a [`State`].

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    request::Answer,
    state::{Call, Payment, Presence, SECOND, State, Wallet, Withdrawal},
};

type CallColumns = (i64, i64, i64, i64, i64, i32, DateTime<Utc>, i32, String, Option<String>, Option<DateTime<Utc>>);

type PresenceColumns = (i64, bool, bool, Option<i64>, DateTime<Utc>);

/// Everything, while nobody writes.
pub(super) async fn read(db: &mut PgConnection) -> sqlx::Result<State> {
    let mut state = State::default();
    let users: Vec<(i64, bool, bool)> =
        sqlx::query_as("SELECT user_id, deleted_at IS NOT NULL, 'listener' = ANY (roles) FROM users")
            .fetch_all(&mut *db)
            .await?;
    for (user, is_deleted, is_listener) in users {
        if is_deleted {
            state.deleted.insert(user);
        }
        if is_listener {
            state.listeners.insert(user);
        }
    }
    let wallets: Vec<(i64, i64, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT user_id, balance_coins, coins_credited, withdrawable, pending, withdrawn FROM user_wallets",
    )
    .fetch_all(&mut *db)
    .await?;
    for (user, coins, credited, withdrawable, pending, withdrawn) in wallets {
        state.wallets.insert(user, Wallet { coins, credited, withdrawable, pending, withdrawn });
    }
    let presence: Vec<PresenceColumns> =
        sqlx::query_as("SELECT user_id, is_online, is_busy, call_id, last_seen FROM presence")
            .fetch_all(&mut *db)
            .await?;
    for (user, is_online, is_busy, call, seen) in presence {
        state.presence.insert(user, Presence { is_online, is_busy, call, seen: seen.timestamp_micros() });
    }
    let calls: Vec<CallColumns> = sqlx::query_as(
        "SELECT call_id, caller_id, listener_id, rate_coins, rate_earnings, minute_seconds, start_time,
                minutes_billed, status, end_cause, end_time
         FROM calls ORDER BY call_id",
    )
    .fetch_all(&mut *db)
    .await?;
    state.calls = calls.into_iter().map(call).collect();
    let payments: Vec<(i64, i64, i64, i64, String)> =
        sqlx::query_as("SELECT payment_id, user_id, coins, coins_taken_back, status FROM payments ORDER BY payment_id")
            .fetch_all(&mut *db)
            .await?;
    let payment = |(id, user, coins, taken_back, status)| Payment { id, user, coins, taken_back, status };
    state.payments = payments.into_iter().map(payment).collect();
    let withdrawals: Vec<(i64, i64, i64, String)> =
        sqlx::query_as("SELECT withdrawal_id, user_id, amount, status FROM withdrawals ORDER BY withdrawal_id")
            .fetch_all(&mut *db)
            .await?;
    let withdrawal = |(id, user, amount, status)| Withdrawal { id, user, amount, status };
    state.withdrawals = withdrawals.into_iter().map(withdrawal).collect();
    let kept: Vec<(i64, String, i16, Vec<u8>)> =
        sqlx::query_as("SELECT user_id, key, status, body FROM idempotency_keys").fetch_all(&mut *db).await?;
    for (user, key, status, body) in kept {
        let body = serde_json::from_slice(&body).unwrap_or_default();
        state.kept.insert((user, key), Answer::read(u16::try_from(status).unwrap_or_default(), &body));
    }
    Ok(state)
}

fn call(columns: CallColumns) -> Call {
    let (id, caller, listener, rate, earns, seconds, start, minutes, status, cause, end) = columns;
    Call {
        id,
        caller,
        listener,
        rate,
        earns,
        minute: i64::from(seconds) * SECOND,
        start: start.timestamp_micros(),
        minutes: minutes.into(),
        status,
        cause,
        end: end.map(|end| end.timestamp_micros()),
    }
}
