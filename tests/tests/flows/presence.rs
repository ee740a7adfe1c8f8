//! Status, heartbeat, presence (contract §Presence & Status, DESIGN §6).

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use saathii_sdk::types::{UserId, presence::StatusPatch};
use saathii_server::presence;
use serde_json::json;
use tests::{
    Person, Refused, TestApp,
    people::{BUSY, FREE, ONLINE},
};

#[tokio::test]
async fn a_status_changes_in_any_subset() {
    let app = TestApp::start().await;
    let person = app.register("moody", "user").await;
    let status = app.get("/users/me/status", &person.access).await.ok();
    assert_eq!(
        status,
        json!({"user_id": person.id, "is_online": false, "last_seen": "2026-01-15T10:30:00Z", "is_busy": false, "busy_until": null})
    );
    let body = json!({"is_online": true, "is_busy": true, "busy_until": "2026-01-15T11:00:00Z"});
    let busy = app.put("/users/me/status", &person.access, &body).await.ok();
    assert_eq!(
        busy,
        json!({
            "user_id": person.id, "is_online": true, "last_seen": "2026-01-15T10:30:00Z", "is_busy": true,
            "busy_until": "2026-01-15T11:00:00Z"
        })
    );
    let still = app.set_status(&person, &ONLINE).await;
    assert_eq!(serde_json::to_value(still).unwrap(), busy);
    let free = app.set_status(&person, &FREE).await;
    assert_eq!((free.is_busy, free.busy_until, free.is_online), (false, None, true));
    // The contract's own example names a time long past.
    let past = StatusPatch { busy_until: Some(Some("2024-01-15T11:00:00Z".parse().unwrap())), ..BUSY };
    assert!(app.set_status(&person, &past).await.is_busy);
    presence::sweep(&app.state).await.unwrap();
    assert!(!person.client.presence().my_status().await.unwrap().is_busy);
}

#[tokio::test]
async fn a_heartbeat_marks_online() {
    let app = TestApp::start().await;
    let person = app.register("alive", "user").await;
    app.advance(TimeDelta::seconds(7));
    let answer = app.request(Method::POST, "/users/me/heartbeat").bearer(&person.access).send().await;
    assert_eq!(answer.ok(), json!({"message": "Heartbeat received"}));
    let status = person.client.presence().my_status().await.unwrap();
    assert!(status.is_online);
    assert_eq!(status.last_seen, app.clock.now());
    app.advance(TimeDelta::seconds(7));
    app.heartbeat(&person).await;
    assert_eq!(person.client.presence().my_status().await.unwrap().last_seen, app.clock.now());
}

#[tokio::test]
async fn hundreds_of_heartbeats_at_once_are_all_recorded() {
    let app = TestApp::start().await;
    let mut people = Vec::new();
    for i in 0..10 {
        people.push(app.register(&format!("beater{i}"), "user").await);
    }
    // By hand, so that the burst is the server's alone.
    let beat = |person: &Person| app.request(Method::POST, "/users/me/heartbeat").bearer(&person.access).send();
    let answers = join_all((0..300).map(|i| beat(&people[i % 10]))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    for person in &people {
        assert!(person.client.presence().my_status().await.unwrap().is_online);
    }
}

#[tokio::test]
async fn presence_of_one_and_of_many() {
    let app = TestApp::start().await;
    let (a, b) = (app.register("first", "user").await, app.register("second", "listener").await);
    app.set_status(&b, &ONLINE).await;
    let one = app.get(&format!("/users/{}/presence", b.id), &a.access).await.ok();
    assert_eq!(
        one,
        json!({
            "user_id": b.id, "username": "second", "profile_image_url": null, "is_online": true,
            "last_seen": "2026-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true
        })
    );
    let presence = a.client.presence();
    let many = presence.of_many(&[b.user_id(), UserId(999_999), a.user_id()]).await.unwrap();
    let ids: Vec<_> = many.iter().map(|user| user.user_id).collect();
    assert_eq!(ids, [b.user_id(), a.user_id()]);
    assert_eq!(app.get(&format!("/users/presence?user_ids={}", b.id), &a.access).await.ok(), json!([one]));
    assert_eq!(app.get("/users/presence?user_ids=", &a.access).await.ok(), json!([]));
    assert_eq!(app.get("/users/presence", &a.access).await.ok(), json!([]));
    presence.of(UserId(999_999)).await.refused(404, "not_found");
}

#[tokio::test]
async fn whoever_falls_silent_goes_offline_and_whoever_holds_a_socket_does_not() {
    let app = TestApp::start().await;
    let (silent, connected) = (app.register("silent", "user").await, app.register("connected", "user").await);
    let watcher = app.register("watcher", "user").await;
    app.heartbeat(&silent).await;
    app.heartbeat(&connected).await;
    let _socket = app.socket("/ws/feed", &connected).await;
    let mut watching = app.socket("/ws/presence", &watcher).await;

    app.advance(TimeDelta::seconds(89));
    presence::touch_connected(&app.state).await.unwrap();
    presence::sweep(&app.state).await.unwrap();
    assert!(silent.client.presence().my_status().await.unwrap().is_online);
    app.advance(TimeDelta::seconds(2));
    presence::sweep(&app.state).await.unwrap();
    // What the heartbeats told may still be under way.
    while watching.next_of(silent.id).await["status"]["is_online"] != false {}
    assert!(!silent.client.presence().my_status().await.unwrap().is_online);
    assert!(connected.client.presence().my_status().await.unwrap().is_online);
}

#[tokio::test]
async fn busy_ends_when_its_time_has_come() {
    let app = TestApp::start().await;
    let person = app.register_listener("busy").await;
    let watcher = app.register("watcher", "user").await;
    let soon = Some(app.clock.now() + TimeDelta::seconds(60));
    app.set_status(&person, &StatusPatch { is_busy: Some(true), busy_until: Some(soon), ..ONLINE }).await;
    let mut watching = app.socket("/ws/feed", &watcher).await;
    presence::sweep(&app.state).await.unwrap();
    assert_eq!(watcher.client.feed().stats().await.unwrap().busy_listeners, 1);
    app.advance(TimeDelta::seconds(60));
    presence::sweep(&app.state).await.unwrap();
    let mut status = watching.next_of(person.id).await["status"].clone();
    while status["is_busy"] == true {
        // What the beginning told was still under way.
        status = watching.next_of(person.id).await["status"].clone();
    }
    assert_eq!((&status["is_busy"], &status["is_available"]), (&json!(false), &json!(true)));
    assert_eq!(watcher.client.feed().stats().await.unwrap().available_listeners, 1);
}
