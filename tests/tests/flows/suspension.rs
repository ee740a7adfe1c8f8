//! Suspensions: out everywhere at once, and not back in before they end.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join;
use saathii_sdk::{
    Error, FeedFilter, Page, Verified,
    types::{
        Coins,
        calls::{CallStatus, CallType},
    },
};
use saathii_server::account;
use serde_json::{Value, json};
use tests::{Person, Refused, TestApp, Visitor};

/// How many listeners and how many favorites somebody sees.
async fn seen(person: &Person) -> (i64, i64) {
    let feed = person.client.feed().listeners(&FeedFilter::default(), Page::default()).await.unwrap();
    (feed.total_count, person.client.favorites().list(Page::default()).await.unwrap().total_count)
}

fn reason(text: &str) -> Value {
    json!({"reason": text})
}

#[tokio::test]
async fn the_suspended_are_out_on_every_node_and_their_call_is_settled_once() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let admin = one.register_admin("admin").await;
    let (caller, listener) = (one.caller("caller", 100).await, one.listener("listener").await);
    let call = one.call(&caller, &listener).await;
    one.talk(&[&caller, &listener], TimeDelta::seconds(61)).await;
    one.minutes_become(&caller, 10, 2).await;
    let mut watching = two.socket("/ws/feed", &caller).await;
    let mut sockets = Vec::new();
    for node in [&one, &two] {
        for path in ["/ws/feed", "/ws/presence"] {
            sockets.push(node.socket(path, &listener).await);
        }
    }
    let begun = Instant::now();
    let (first, second) = join(
        one.suspend(&admin, &listener, &reason("Insulted callers")),
        two.suspend(&admin, &listener, &reason("Insulted callers")),
    )
    .await;
    assert_eq!((&first.ok()["is_suspended"], &second.ok()["reason"]), (&json!(true), &json!("Insulted callers")));
    for socket in &mut sockets {
        assert_eq!(socket.close_code().await, 4401);
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    while watching.next_of(listener.id).await["status"]["is_online"] != false {}
    let ended = one.call_ends(&caller, call).await;
    assert_eq!((ended.status, ended.coins_spent), (CallStatus::Dropped, Coins(20)));
    assert_eq!(one.coins(&caller).await, Coins(80));
    one.assert_books_close().await;

    for node in [&one, &two] {
        node.get("/users/me", &listener.access).await.refused(401, "session_ended");
        node.refresh(&listener.refresh).await.refused(401, "session_ended");
        let client = caller.at(node);
        let presence = client.presence().of(listener.user_id()).await.unwrap();
        assert_eq!((presence.username.as_str(), presence.is_online), ("listener", false));
        assert_eq!(client.feed().stats().await.unwrap().total_listeners, 0);
        node.start_call(&caller, &listener, CallType::Audio).await.refused(404, "listener_not_found");
        node.add_favorite(&caller, &listener).await.refused(404, "listener_not_found");
        let refused = node.prove(&listener.phone).await.refused(403, "account_suspended");
        assert_eq!(refused.detail.to_string(), "Account suspended: Insulted callers");
    }
    assert!(matches!(listener.client.users().me().await, Err(Error::SignedOut)));

    let lifted = two.reinstate(&admin, &listener).await.ok();
    assert_eq!((&lifted["is_suspended"], &lifted["reason"]), (&json!(false), &Value::Null));
    let back = one.sign_in(&listener.phone).await;
    assert_eq!(back.id, listener.id);
    one.get("/users/me", &listener.access).await.refused(401, "session_ended");
    one.heartbeat(&back).await;
    assert_eq!(caller.client.feed().stats().await.unwrap().available_listeners, 1);
    one.call(&caller, &back).await;
}

#[tokio::test]
async fn nothing_lists_the_suspended_whatever_changes_about_them() {
    let app = TestApp::start().await;
    let admin = app.register_admin("admin").await;
    let (caller, listener) = (app.caller("caller", 100).await, app.listener("listener").await);
    let call = app.call(&caller, &listener).await;
    app.add_favorite(&caller, &listener).await.unwrap();
    app.end_call(&caller, call).await.unwrap();
    app.suspend(&admin, &listener, &reason("x")).await.ok();
    // Moves `users.rating`, which the feed follows.
    caller.client.calls().rate(call, 5).await.unwrap();
    app.verify_listener(listener.id).await;
    assert_eq!(seen(&caller).await, (0, 0));
    app.reinstate(&admin, &listener).await.ok();
    assert_eq!(seen(&caller).await, (1, 1));
    let feed = caller.client.feed().listeners(&FeedFilter::default(), Page::default()).await.unwrap();
    assert!((feed.listeners[0].rating - 5.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_suspension_runs_out_by_itself() {
    let app = TestApp::start_with(&[("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "600")]).await;
    let admin = app.register_admin("admin").await;
    let watcher = app.register("watcher", "user").await;
    let listener = app.listener("listener").await;
    let until = json!({"reason": "Rude", "until": "2026-01-15T12:00:00Z"});
    for _ in 0..2 {
        app.suspend(&admin, &listener, &until).await.ok();
    }
    let refused = app.prove(&listener.phone).await.refused(403, "account_suspended");
    assert_eq!(refused.detail.to_string(), "Account suspended until 2026-01-15 12:00 UTC: Rude");
    let listed = async || watcher.client.feed().stats().await.unwrap().total_listeners;

    app.advance(TimeDelta::minutes(89));
    account::lift_expired(&app.state).await.unwrap();
    app.prove(&listener.phone).await.refused(403, "account_suspended");
    assert_eq!(listed().await, 0);
    app.advance(TimeDelta::minutes(1));
    app.sign_in(&listener.phone).await;
    assert_eq!(listed().await, 1, "a sign-in lifts what has run out");

    app.suspend(&admin, &listener, &json!({"reason": "Again", "until": "2026-01-15T12:10:00Z"})).await.ok();
    assert_eq!(listed().await, 0);
    app.advance(TimeDelta::minutes(10));
    account::lift_expired(&app.state).await.unwrap();
    assert_eq!(listed().await, 1, "and so does the sweep");
}

#[tokio::test]
async fn a_sign_in_that_races_with_a_suspension_leaves_no_login() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let admin = one.register_admin("admin").await;
    for i in 0..10 {
        let person = one.register(&format!("racer{i}"), "user").await;
        let device = two.device();
        let sent = device.auth().request_otp(&person.phone).await.unwrap();
        let code = one.phones.last_code(&person.phone);
        let (signed_in, suspended) = join(sent.verify(&code), one.suspend(&admin, &person, &reason("x"))).await;
        suspended.ok();
        match signed_in {
            // The access token is refused, and so is its renewal.
            Ok(Verified::SignedIn) => {
                assert!(matches!(device.users().me().await, Err(Error::SignedOut)));
            }
            refused => drop(refused.refused(403, "account_suspended")),
        }
    }
}

#[tokio::test]
async fn nobody_suspends_themselves_an_admin_the_deleted_or_without_a_reason() {
    let app = TestApp::start().await;
    let (admin, colleague) = (app.register_admin("admin").await, app.register_admin("colleague").await);
    let (person, gone) = (app.register("person", "listener").await, app.register("gone", "user").await);
    gone.client.users().delete().await.unwrap();
    app.suspend(&admin, &admin, &reason("x")).await.refused(400, "own_account");
    app.suspend(&admin, &colleague, &reason("x")).await.refused(403, "forbidden");
    assert!(app.set_admin(&colleague.phone, false).await);
    assert!(!app.set_admin(&colleague.phone, false).await);
    app.get("/admin/reports", &colleague.access).await.refused(401, "session_ended");
    app.suspend(&admin, &colleague, &reason("x")).await.ok();
    let mut nobody = gone.clone();
    nobody.id = i64::MAX;
    for missing in [&gone, &nobody] {
        app.suspend(&admin, missing, &reason("x")).await.refused(404, "not_found");
        app.reinstate(&admin, missing).await.refused(404, "not_found");
    }
    for body in [
        json!({}),
        reason(""),
        reason("  "),
        reason(&"x".repeat(501)),
        reason("a\u{0}b"),
        json!({"reason": "x", "until": "2026-01-15T10:30:00Z"}),
        json!({"reason": "x", "until": "yesterday"}),
        json!({"reason": "x", "until": "+12026-01-15T10:30:00Z"}),
    ] {
        app.suspend(&admin, &person, &body).await.refused(422, "validation_error");
    }
    app.suspend(&person, &gone, &reason("x")).await.refused(403, "forbidden");
    person.client.users().me().await.unwrap();
}

#[tokio::test]
async fn the_dashboard_does_not_let_the_suspended_in() {
    let app = TestApp::start().await;
    let (admin, person) = (app.register_admin("admin").await, app.register("person", "user").await);
    app.suspend(&admin, &person, &reason("Insulted callers")).await.ok();
    assert!(app.set_admin(&person.phone, true).await);
    let mut visitor = Visitor::at(&app);
    let refused = visitor.sign_in(&app, &person.phone).await;
    assert_eq!(refused.status, 403);
    assert!(refused.problem().contains("Account suspended: Insulted callers"), "{}", refused.text);
    app.reinstate(&admin, &person).await.ok();
    Visitor::at(&app).sign_in(&app, &person.phone).await.leads_to("/admin");
}
