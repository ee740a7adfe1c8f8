//! The list of people, one person, and what an admin does about them.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use saathii_sdk::{
    NewUser,
    types::users::{Role, Sex},
};

use super::*;

/// Who is found, in their order.
async fn found(admin: &mut Visitor, query: &str) -> Vec<String> {
    let page = admin.get(&format!("/admin/people{query}")).await;
    page.is_page(200, "People");
    let table = between(&page.text, "<section id=\"people\"", "</section>").unwrap();
    let names = table.split("class=\"name\">").skip(1).filter_map(|rest| rest.split('<').next());
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn people_are_found_by_name_phone_and_id_and_narrowed_by_what_they_are() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let speaks = |language: &str, username| NewUser {
        preferred_language: Some(language.to_owned()),
        role: Some(Role::Listener),
        ..NewUser::new(username, Sex::Female)
    };
    let asha = app.register_listener_with(speaks("hi", "Asha.M")).await;
    let ashok = app.register_with(speaks("ta", "ashok")).await;
    let caller = app.register("zoya", "user").await;
    app.set_status(&asha, &ONLINE).await;
    app.set_status(&caller, &StatusPatch { is_busy: Some(true), ..ONLINE }).await;
    let national = &asha.phone[3..];
    for (query, names) in [
        (String::new(), vec!["zoya", "ashok", "Asha.M", "the.boss"]),
        ("?sort=name".into(), vec!["Asha.M", "ashok", "the.boss", "zoya"]),
        ("?q=ASH".into(), vec!["ashok", "Asha.M"]),
        ("?q=asha.&sort=name".into(), vec!["Asha.M"]),
        ("?q=sha".into(), vec![]),
        ("?q=%25".into(), vec![]),
        (format!("?q={national}"), vec!["Asha.M"]),
        (format!("?q=%2B91+{}+{}", &national[..5], &national[5..]), vec!["Asha.M"]),
        (format!("?q=%23{}", ashok.id), vec!["ashok"]),
        ("?role=listener".into(), vec!["ashok", "Asha.M"]),
        ("?role=admin".into(), vec!["the.boss"]),
        ("?role=caller&sort=name".into(), vec!["the.boss", "zoya"]),
        ("?verified=yes".into(), vec!["Asha.M"]),
        ("?verified=no".into(), vec!["ashok"]),
        ("?online=online&sort=name".into(), vec!["Asha.M", "zoya"]),
        ("?online=available".into(), vec!["Asha.M"]),
        ("?online=busy".into(), vec!["zoya"]),
        ("?online=offline&sort=name".into(), vec!["ashok", "the.boss"]),
        ("?language=ta".into(), vec!["ashok"]),
        ("?country=IN&role=listener&language=hi".into(), vec!["Asha.M"]),
        ("?country=XX".into(), vec![]),
    ] {
        assert_eq!(found(&mut admin, &query).await, names, "{query}");
    }
    sqlx::query("UPDATE users SET rating = 4 WHERE user_id = $1").bind(ashok.id).execute(&app.state.db).await.unwrap();
    assert_eq!(found(&mut admin, "?sort=rating&role=listener").await, ["ashok", "Asha.M"]);
    assert_eq!(found(&mut admin, "?sort=seen&online=online").await.len(), 2);
}

#[tokio::test]
async fn pages_keep_their_filters_and_end_where_the_list_ends() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    fill(&app, 120).await;
    let first = admin.get("/admin/people?q=demo&sort=name").await.text;
    assert!(first.contains("1–50 of 120"), "{first}");
    assert!(first.contains("href=\"/admin/people?q=demo&amp;sort=name&amp;page=2\""), "{first}");
    let mut seen = Vec::new();
    for page in 1..=3 {
        seen.extend(found(&mut admin, &format!("?q=demo&sort=name&page={page}")).await);
    }
    assert_eq!(seen.len(), 120);
    seen.dedup();
    assert_eq!(seen.len(), 120, "somebody stands on two pages");
    assert_eq!(found(&mut admin, "?q=demo&sort=name&page=900").await.len(), 20);
}

/// So many people by the database's own hand.
async fn fill(app: &TestApp, count: i32) {
    let mut db = app.state.db.acquire().await.unwrap();
    let begun = app.clock.now();
    sqlx::query(
        "INSERT INTO users (phone, username, sex, country, preferred_language, rating, roles, created_at, verified_at)
         SELECT '+9170' || lpad(n::text, 8, '0'), 'demo' || n, 'other', (ARRAY['IN', 'US', 'AE'])[1 + n % 3],
                (ARRAY['hi', 'en', 'ta', 'te'])[1 + n % 4], (n % 50) / 10.0,
                ARRAY[CASE WHEN n % 2 = 0 THEN 'listener' ELSE 'user' END],
                $2 - n * interval '1 minute', CASE WHEN n % 4 = 0 THEN $2 END
         FROM generate_series(1, $1) n",
    )
    .bind(count)
    .bind(begun)
    .execute(&mut *db)
    .await
    .unwrap();
    for sql in [
        "INSERT INTO presence (user_id, last_seen, announced_at, is_online, is_busy)
         SELECT user_id, created_at, created_at, user_id % 10 = 0, user_id % 20 = 0 FROM users
         ON CONFLICT DO NOTHING",
        "INSERT INTO user_wallets (user_id) SELECT user_id FROM users ON CONFLICT DO NOTHING",
        "VACUUM ANALYZE users",
        "VACUUM ANALYZE presence",
    ] {
        sqlx::query(sql).execute(&mut *db).await.unwrap();
    }
}

/// `cargo test -p tests --test flows hundred_thousand -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement; takes a minute"]
async fn no_page_takes_a_tenth_of_a_second_with_a_hundred_thousand_people() {
    let app = TestApp::start().await;
    let (mut admin, person) = at_work(&app).await;
    fill(&app, 100_000).await;
    fill_past(&app).await;
    let [call, posting, withdrawal] = ["calls", "ledger_transfers", "withdrawals"].map(|table| newest(&app, table));
    let (call, posting, withdrawal) = (call.await, posting.await, withdrawal.await);
    let busiest: i64 = sqlx::query_scalar("SELECT caller_id FROM calls GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
        .fetch_one(&app.state.db)
        .await
        .unwrap();
    let mut slow = Vec::new();
    for path in [
        "/admin",
        "/admin/verification",
        "/admin/system",
        "/admin/people",
        "/admin/people?sort=name",
        "/admin/people?sort=rating",
        "/admin/people?sort=seen",
        "/admin/people?q=demo99",
        "/admin/people?q=%23500",
        "/admin/people?q=9170000123",
        "/admin/people?role=listener&verified=no&sort=name",
        "/admin/people?online=available&sort=rating",
        "/admin/people?country=AE&language=ta&sort=seen",
        "/admin/people?role=admin",
        "/admin/people?page=1000",
        "/admin/people?page=2000&sort=name",
        "/admin/people?online=suspended",
        "/admin?span=day",
        "/admin?span=month",
        &format!("/admin/people/{}", person.id),
        &format!("/admin/people/{busiest}"),
        "/admin/calls",
        "/admin/calls?status=dropped&cause=no_coins",
        "/admin/calls?cause=admin",
        "/admin/calls?from=2025-12-20&to=2025-12-20",
        &format!("/admin/calls?person={busiest}&before=90000"),
        &format!("/admin/calls/{call}"),
        "/admin/money/withdrawals",
        "/admin/money/withdrawals?status=paid&page=100",
        &format!("/admin/money/withdrawals/{withdrawal}"),
        "/admin/money/recharges",
        "/admin/money/recharges?from=2025-12-20&to=2025-12-20",
        "/admin/money/recharges?status=failed",
        "/admin/money/adjustments",
        "/admin/money/transactions",
        "/admin/money/transactions?kind=coin_adjustment",
        "/admin/money/transactions?kind=recharge",
        "/admin/money/transactions?reference=4242",
        &format!("/admin/money/transactions?person={busiest}&before=900000"),
        &format!("/admin/money/transactions/{posting}"),
        "/admin/money/books",
        "/admin/moderation",
        "/admin/moderation?status=resolved&page=50",
        "/admin/log",
        "/admin/log?action=user.suspend&from=2025-12-20&to=2025-12-20",
        "/admin/log?subject=77&kind=user",
        "/admin/account",
    ] {
        admin.get(path).await;
        let mut times = Vec::new();
        for _ in 0..9 {
            let begun = Instant::now();
            assert_eq!(admin.get(path).await.status, 200);
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let median = times[4];
        if median > Duration::from_millis(100) {
            slow.push(format!("{median:>10.1?}  {path}"));
        }
        eprintln!("{median:>10.1?}  {path}");
    }
    let begun = Instant::now();
    let csv = admin.get("/admin/people.csv").await.text;
    assert_eq!(csv.lines().count(), 100_002);
    assert!(slow.is_empty(), "slower than 100 ms:\n{}\nCSV in {:?}", slow.join("\n"), begun.elapsed());
}

/// The demo's past for so many people: 180,000 calls of five minutes with their 1,800,000 postings, and what came of
/// them. By the database's own hand, its triggers silent.
async fn fill_past(app: &TestApp) {
    let mut db = app.state.db.acquire().await.unwrap();
    for sql in [
        "SET session_replication_role = replica",
        "CREATE TEMP TABLE people AS
         SELECT (array_agg(user_id ORDER BY user_id) FILTER (WHERE 'user' = ANY (roles))) AS callers,
                (array_agg(user_id ORDER BY user_id) FILTER (WHERE 'listener' = ANY (roles))) AS listeners FROM users",
        "INSERT INTO calls (caller_id, listener_id, call_type, status, rate_coins, rate_earnings, minute_seconds,
                            start_time, end_time, minutes_billed, next_minute_at, end_cause)
         SELECT callers[1 + n % 20000], listeners[1 + n * 7 % 49999], CASE WHEN n % 6 = 0 THEN 'video' ELSE 'audio' END,
                CASE WHEN n % 10 = 0 THEN 'dropped' ELSE 'completed' END, 10, 15, 60, at, at + interval '290 s', 5,
                at + interval '300 s', CASE WHEN n % 10 = 0 THEN 'no_coins' ELSE 'hangup' END
         FROM people, generate_series(1, 180000) n,
              LATERAL (SELECT timestamptz '2026-01-15 10:00Z' - (180000 - n) * interval '20 s' AS at) t",
        "INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, part, created_at)
         SELECT kind, debit, credit, CASE kind WHEN 'call_charge' THEN caller_id ELSE listener_id END, amount, call_id,
                minute, start_time + minute * interval '1 minute'
         FROM calls, generate_series(1, 5) minute,
              (VALUES ('call_charge'::ledger_kind, 'coins'::ledger_account, 'call_revenue'::ledger_account, 10),
                      ('call_earning', 'call_costs', 'withdrawable', 15)) side (kind, debit, credit, amount)
         ORDER BY call_id, minute",
        "INSERT INTO payments (user_id, provider, amount_paise, coins, status, created_at, paid_at)
         SELECT caller_id, 'sandbox', 25000, 500, 'paid', min(start_time), min(start_time) FROM calls GROUP BY 1",
        "INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, created_at)
         SELECT 'recharge', 'coin_sales', 'coins', user_id, coins, payment_id, created_at FROM payments",
        "INSERT INTO withdrawals (user_id, amount, amount_paise, status, masked, created_at, decided_by, decided_at,
                                  paid_by, paid_at, payout_reference)
         SELECT listener_id, 100, 5000, 'paid', 'UPI li…@bank', max(start_time), 1, max(start_time), 1,
                max(start_time), 'UTR' FROM calls GROUP BY 1 LIMIT 20000",
        "INSERT INTO reports (reporter_id, reported_id, call_id, reason, status, created_at, decided_by, decided_at)
         SELECT caller_id, listener_id, call_id, 'Rude', CASE WHEN call_id % 90 = 0 THEN 'open' ELSE 'resolved' END,
                end_time, CASE WHEN call_id % 90 <> 0 THEN 1 END, CASE WHEN call_id % 90 <> 0 THEN end_time END
         FROM calls WHERE call_id % 9 = 0",
        "INSERT INTO audit_log (actor, actor_id, action, subject_kind, subject_id, created_at)
         SELECT 'admin', 1, (ARRAY['user.suspend', 'user.sign_out', 'sample.approve'])[1 + n % 3],
                CASE WHEN n % 3 = 2 THEN 'sample' ELSE 'user' END, n, timestamptz '2026-01-15 10:00Z' - (100000 - n) * interval '1 minute'
         FROM generate_series(1, 100000) n",
        "WITH sums AS (
             SELECT user_id, sum(amount) FILTER (WHERE account = 'coins') AS coins,
                    sum(amount) FILTER (WHERE account = 'coins' AND amount > 0) AS credited,
                    sum(amount) FILTER (WHERE account = 'withdrawable') AS withdrawable
             FROM ledger_postings WHERE user_id IS NOT NULL GROUP BY 1
         )
         UPDATE user_wallets w
         SET balance_coins = coalesce(coins, 0), coins_credited = coalesce(credited, 0),
             withdrawable = coalesce(s.withdrawable, 0)
         FROM sums s WHERE s.user_id = w.user_id",
        "SET session_replication_role = DEFAULT",
        "VACUUM ANALYZE",
    ] {
        sqlx::query(sql).execute(&mut *db).await.unwrap_or_else(|error| panic!("{error} in {sql}"));
    }
}

async fn newest(app: &TestApp, table: &str) -> i64 {
    let id = match table {
        "calls" => "SELECT max(call_id) FROM calls",
        "withdrawals" => "SELECT max(withdrawal_id) FROM withdrawals",
        _ => "SELECT max(transfer_id) FROM ledger_transfers",
    };
    sqlx::query_scalar(id).fetch_one(&app.state.db).await.unwrap()
}

#[tokio::test]
async fn the_csv_is_the_filtered_list_and_holds_no_formula() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    fill(&app, 1300).await;
    let update = sqlx::query("UPDATE users SET username = '=1+1,\"x\"' WHERE user_id = $1").bind(boss.id);
    update.execute(&app.state.db).await.unwrap();
    let all = admin.get("/admin/people.csv").await;
    assert_eq!(all.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(all.header("content-disposition"), "attachment; filename=\"people.csv\"");
    assert_eq!(all.text.matches("\r\n").count(), 1302);
    assert!(all.text.contains("\"'=1+1,\"\"x\"\"\",'+91"), "{}", &all.text[..400]);
    let some = admin.get("/admin/people.csv?q=demo1&role=listener&country=US&sort=name").await.text;
    assert!(some.lines().skip(1).all(|line| line.contains(",demo1") && line.contains(",US,")), "{some}");
    assert!(some.lines().count() > 50);
}

#[tokio::test]
async fn a_persons_page_tells_everything_and_escapes_it() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let (listener, caller) = (app.listener("voice").await, app.caller("caller", 100).await);
    let call = app.call(&caller, &listener).await;
    let update = sqlx::query("UPDATE users SET bio = $2, interests = ARRAY[$2] WHERE user_id = $1");
    update.bind(caller.id).bind("<script>alert(1)</script>").execute(&app.state.db).await.unwrap();
    let page = admin.get(&format!("/admin/people/{}", caller.id)).await;
    page.is_page(200, "caller");
    let text = &page.text;
    assert!(!text.contains("<script>"), "{text}");
    assert_eq!(text.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count(), 2, "{text}");
    for part in
        [caller.phone.as_str(), "Call <a href=", ">voice</a>", "Call charge", "Call revenue", "minute 1", "Recharge"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let theirs = admin.get(&format!("/admin/people/{}", listener.id)).await.text;
    for part in ["Call earning", "Call costs", "Withdrawable", "Verified"] {
        assert!(theirs.contains(part), "{part} in {theirs}");
    }
    app.end_call(&caller, call).await.unwrap();
    assert!(admin.get(&format!("/admin/people/{}", caller.id)).await.text.contains("In no call"));
}

#[tokio::test]
async fn a_role_is_granted_and_revoked_and_the_last_admin_stays() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    let other = app.register("the.other", "user").await;
    let page = |id| format!("/admin/people/{id}");
    admin.get(&format!("{}/revoke/admin", page(boss.id))).await;
    let refused = admin.submit(&format!("{}/revoke/admin", page(boss.id)), &[]).await;
    refused.is_page(422, "Revoke admin of the.boss?");
    assert!(refused.problem().contains("the last admin"), "{}", refused.text);

    admin
        .submit(&format!("{}/grant/admin", page(other.id)), &[])
        .await
        .leads_to(&format!("{}?done=role-granted", page(other.id)));
    // Twice is once.
    admin.submit(&format!("{}/grant/admin", page(other.id)), &[]).await.leads_to(&page(other.id));
    let mut second = signed_in(&app, &other).await;
    // Each revokes the other at once: one admin is left.
    let (one, two) = (format!("{}/revoke/admin", page(boss.id)), format!("{}/revoke/admin", page(other.id)));
    let answers = join_all([second.submit(&one, &[]), admin.submit(&two, &[])]).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    let admins: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE 'admin' = ANY (roles)")
        .fetch_one(&app.state.db)
        .await
        .unwrap();
    assert_eq!(admins, 1, "{statuses:?}");
}

#[tokio::test]
async fn one_device_is_signed_out_and_the_others_stay() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let phone = app.register("two.phones", "user").await;
    let tablet = app.sign_in(&phone.phone).await;
    let sessions: Vec<i64> = sqlx::query_scalar("SELECT session_id FROM auth_sessions WHERE user_id = $1 ORDER BY 1")
        .bind(phone.id)
        .fetch_all(&app.state.db)
        .await
        .unwrap();
    let page = format!("/admin/people/{}", phone.id);
    assert_eq!(admin.get(&page).await.text.matches(">Sign out</button>").count(), 3);
    let out = format!("{page}/sign-out/{}", sessions[0]);
    admin.submit(&out, &[]).await.leads_to(&format!("{page}?done=device-signed-out"));
    admin.submit(&out, &[]).await.leads_to(&page);
    assert_eq!(app.refresh(&phone.refresh).await.status, 401);
    assert_eq!(app.refresh(&tablet.refresh).await.status, 200);
    // Not by way of somebody else's page.
    let foreign = format!("/admin/people/{}/sign-out/{}", phone.id + 1, sessions[1]);
    admin.submit(&foreign, &[]).await.leads_to(&format!("/admin/people/{}", phone.id + 1));
    admin.submit(&format!("{page}/sign-out"), &[]).await.leads_to(&format!("{page}?done=signed-out"));
    assert!(admin.get(&page).await.text.contains("Signed in nowhere."));
    admin.submit("/admin/people/987654/sign-out", &[]).await.is_page(404, "Page not found");
    let written: Vec<(String, i64)> =
        sqlx::query_as("SELECT action, subject_id FROM audit_log WHERE action LIKE 'user.sign_out%' ORDER BY entry_id")
            .fetch_all(&app.state.db)
            .await
            .unwrap();
    assert_eq!(written, [("user.sign_out_device".to_owned(), phone.id), ("user.sign_out".to_owned(), phone.id)]);
}
