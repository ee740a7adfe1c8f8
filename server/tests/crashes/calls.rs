//! Many calls in progress, put into the database as the server itself would have left them.

use std::time::{Duration, Instant};

use sqlx::{Connection, Executor, PgConnection, Row};

/// Everybody's phone is heard of until long after the test; callers have coins for 1 to 40 minutes.
const BEGIN: &str = "
    WITH people AS (
        INSERT INTO users (phone, username, sex, roles, created_at, verified_at)
        SELECT '+9191' || lpad(n::text, 8, '0'), 'crash' || n, 'other',
               CASE WHEN n % 2 = 0 THEN '{listener}' ELSE '{user}' END::text[], now(), now()
        FROM generate_series(1, 2 * $COUNT) AS n
        RETURNING user_id, username
    )
    SELECT user_id, substr(username, 6)::bigint AS n INTO TEMPORARY crashing FROM people;
    INSERT INTO user_wallets (user_id) SELECT user_id FROM crashing;
    WITH bought AS (
        INSERT INTO payments (user_id, provider, amount_paise, coins, status, created_at, paid_at)
        SELECT user_id, 'sandbox', 500 * (1 + n * 7 % 40), 10 * (1 + n * 7 % 40), 'paid', now(), now()
        FROM crashing WHERE n % 2 = 1
        RETURNING payment_id, user_id, coins
    )
    INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, created_at)
    SELECT 'recharge', 'coin_sales', 'coins', user_id, coins, payment_id, now() FROM bought;
    INSERT INTO calls (caller_id, listener_id, call_type, rate_coins, rate_earnings, minute_seconds, start_time,
                       minutes_billed, next_minute_at)
    SELECT caller.user_id, listener.user_id, 'audio', 10, 15, 1, at, 1, at + interval '1 second'
    FROM crashing caller
    JOIN crashing listener ON listener.n = caller.n + 1 AND caller.n % 2 = 1,
    LATERAL (SELECT clock_timestamp() - caller.n * interval '1 millisecond' AS at) begun;
    INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, part, created_at)
    SELECT 'call_charge', 'coins', 'call_revenue', caller_id, 10, call_id, 1, now() FROM calls;
    INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, part, created_at)
    SELECT 'call_earning', 'call_costs', 'withdrawable', listener_id, 15, call_id, 1, now() FROM calls;
    INSERT INTO presence (user_id, is_online, last_seen, is_busy, announced_at, call_id)
    SELECT side, true, now() + interval '1 hour', true, now(), call_id
    FROM calls, LATERAL (VALUES (caller_id), (listener_id)) AS sides (side);
";

pub(super) struct Calls {
    pub(super) url: String,
    count: i64,
}

impl Calls {
    pub(super) fn begin(url: &str, count: i64) -> Self {
        let this = Self { url: url.to_owned(), count };
        this.with_database(async |db| {
            db.execute(sqlx::AssertSqlSafe(BEGIN.replace("$COUNT", &count.to_string()))).await.map(drop)
        });
        this
    }

    /// Until every minute that has begun is paid, or its call is over.
    pub(super) fn wait_until_billed(&self) {
        let begun = Instant::now();
        let overdue = "SELECT count(*) FROM calls WHERE status = 'ongoing' AND next_minute_at < now() - interval '1s'";
        while self.count_of(overdue) > 0 {
            assert!(begun.elapsed() < Duration::from_secs(20), "{} calls wait", self.count_of(overdue));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Every call went on through all crashes to its last coin, and everybody is where their call is.
    pub(super) fn assert_paid(&self) {
        let count = |sql: &str| self.count_of(sql);
        assert_eq!(count("SELECT count(*) FROM calls"), self.count);
        // Some ended and some go on, or the test has tested half.
        let over = count("SELECT count(*) FROM calls WHERE status <> 'ongoing'");
        assert!(over > 0 && over < self.count, "{over} of {} are over", self.count);
        let forsaken = "SELECT count(*) FROM calls JOIN user_wallets ON user_id = caller_id
                        WHERE status <> 'ongoing' AND (end_cause <> 'no_coins' OR balance_coins >= rate_coins)";
        assert_eq!(count(forsaken), 0, "calls ended although there were coins");
        let strayed = "SELECT count(*) FROM presence LEFT JOIN calls USING (call_id)
                       WHERE (presence.call_id IS NOT NULL) <> is_busy OR status <> 'ongoing'";
        assert_eq!(count(strayed), 0, "people are kept busy by nothing");
        let in_calls = "SELECT count(*) FROM presence WHERE call_id IS NOT NULL";
        assert_eq!(count(in_calls), 2 * count("SELECT count(*) FROM calls WHERE status = 'ongoing'"));
    }

    fn count_of(&self, sql: &str) -> i64 {
        self.with_database(async |db| Ok(db.fetch_one(sqlx::AssertSqlSafe(sql)).await?.get(0)))
    }

    fn with_database<T>(&self, ask: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut db = PgConnection::connect(&self.url).await.unwrap();
            let answer = ask(&mut db).await.unwrap();
            db.close().await.unwrap();
            answer
        })
    }
}
