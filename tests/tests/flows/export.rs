//! What a person takes along.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Refused, TestApp};

const LISTS: [&str; 11] = [
    "logins",
    "calls",
    "transactions",
    "payments",
    "withdrawals",
    "ratings_given",
    "ratings_received",
    "samples",
    "favorites",
    "blocks",
    "reports",
];

fn count(export: &Value, list: &str) -> usize {
    export[list].as_array().unwrap_or_else(|| panic!("{list}")).len()
}

#[tokio::test]
async fn an_export_is_everything_about_oneself_and_nothing_of_others() {
    let app = TestApp::start().await;
    let (caller, listener) = (app.caller("caller", 100).await, app.listener("listener").await);
    let (rude, fan) = (app.register("rude", "user").await, app.register("fan", "user").await);
    let call = app.call(&caller, &listener).await;
    app.talk(&[&caller, &listener], TimeDelta::seconds(61)).await;
    app.end_call(&caller, call).await.unwrap();
    caller.client.calls().rate(call, 4).await.unwrap();
    for person in [&caller, &fan] {
        app.add_favorite(person, &listener).await.unwrap();
    }
    app.block(&caller, &rude).await.unwrap();
    app.block(&fan, &caller).await.unwrap();
    for (from, about) in [(&caller, &listener), (&fan, &caller)] {
        let reason = format!("said by {}", from.username);
        from.client.reports().send(about.user_id(), None, reason).await.unwrap();
    }

    let answer = app.get("/users/me/export", &caller.access).await;
    let export = answer.ok();
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(export["profile"], app.get("/users/me", &caller.access).await.ok());
    assert_eq!(export["wallet"], app.get("/wallet/balance", &caller.access).await.ok());
    assert_eq!(export["presence"], app.get("/users/me/status", &caller.access).await.ok());
    let counts = LISTS.map(|list| count(&export, list));
    assert_eq!(counts, [1, 1, 3, 1, 0, 1, 0, 0, 1, 1, 1]);
    assert_eq!(export["logins"][0]["address"], "127.0.0.1");
    assert_eq!((&export["calls"][0]["call_id"], &export["calls"][0]["coins_spent"]), (&json!(call), &json!(20)));
    assert_eq!(export["calls"][0]["earned"], Value::Null, "what the other earned is theirs");
    let amounts: Vec<i64> =
        export["transactions"].as_array().unwrap().iter().map(|one| one["amount"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [100, -10, -10]);
    assert_eq!(
        (&export["ratings_given"][0]["rating"], &export["favorites"][0]["listener_id"]),
        (&json!(4), &json!(listener.id))
    );
    assert_eq!(export["blocks"][0]["blocked_id"], rude.id);
    assert_eq!(export["reports"][0]["reason"], "said by caller");
    for other in [&listener, &rude, &fan] {
        assert!(!answer.text.contains(&other.phone[1..]), "{}", answer.text);
    }
    assert!(!answer.text.contains("said by fan"));

    let export = listener.client.users().export().await.unwrap();
    assert_eq!(LISTS.map(|list| count(&export, list)), [1, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!((&export["calls"][0]["earned"], &export["calls"][0]["coins_spent"]), (&json!(30), &Value::Null));
    app.request(Method::GET, "/users/me/export").send().await.refused(401, "not_authenticated");
}

#[tokio::test]
async fn an_export_has_every_page_of_every_list_and_comes_three_times_an_hour() {
    let app = TestApp::start().await;
    let person = app.register("busy", "user").await;
    // One more than two pages, and just two.
    for (list, rows) in [("ledger", 1001), ("logins", 999)] {
        let sql = match list {
            "ledger" => {
                "INSERT INTO ledger_transfers (kind, debit, credit, user_id, amount, reference_id, created_at)
                 SELECT 'recharge', 'coin_sales', 'coins', $1, n, n, now() FROM generate_series(1, $2) n"
            }
            _ => {
                "INSERT INTO auth_sessions (user_id, created_at, rotated_at, expires_at)
                 SELECT $1, now(), now(), now() FROM generate_series(1, $2) n"
            }
        };
        sqlx::query(sql).bind(person.id).bind(rows).execute(&app.state.db).await.unwrap();
    }
    let export = person.client.users().export().await.unwrap();
    assert_eq!((count(&export, "transactions"), count(&export, "logins")), (1001, 1000));
    let amounts: i64 =
        export["transactions"].as_array().unwrap().iter().map(|one| one["amount"].as_i64().unwrap()).sum();
    assert_eq!(amounts, 1001 * 1002 / 2);
    for _ in 0..2 {
        person.client.users().export().await.unwrap();
    }
    let refused = person.client.users().export().await.refused(429, "rate_limited");
    assert!(refused.retry_after.unwrap() <= 3600);
}
