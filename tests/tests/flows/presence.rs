//! Status, heartbeat, presence (contract §Presence & Status, DESIGN §6).

use chrono::TimeDelta;
use futures_util::future::join_all;
use saathii_server::presence;
use serde_json::json;
use tests::TestApp;

#[tokio::test]
async fn a_status_changes_in_any_subset() {
    let app = TestApp::start().await;
    let person = app.register("moody", "user").await;
    let status = app.get("/users/me/status", &person.access).await.ok();
    assert_eq!(
        status,
        json!({"user_id": person.id, "is_online": false, "last_seen": "2026-01-15T10:30:00Z", "is_busy": false, "busy_until": null})
    );
    let busy = app
        .set_status(&person, &json!({"is_online": true, "is_busy": true, "busy_until": "2026-01-15T11:00:00Z"}))
        .await;
    assert_eq!(busy["busy_until"], "2026-01-15T11:00:00Z");
    let still = app.set_status(&person, &json!({"is_online": true})).await;
    assert_eq!(still, busy);
    let free = app.set_status(&person, &json!({"is_busy": false})).await;
    assert_eq!(
        (&free["is_busy"], &free["busy_until"], &free["is_online"]),
        (&json!(false), &json!(null), &json!(true))
    );
    // The contract's own example names a time long past.
    let past = app.set_status(&person, &json!({"is_busy": true, "busy_until": "2024-01-15T11:00:00Z"})).await;
    assert_eq!(past["is_busy"], true);
    presence::sweep(&app.state).await.unwrap();
    assert_eq!(app.get("/users/me/status", &person.access).await.ok()["is_busy"], false);
}

#[tokio::test]
async fn a_heartbeat_marks_online() {
    let app = TestApp::start().await;
    let person = app.register("alive", "user").await;
    app.advance(TimeDelta::seconds(7));
    assert_eq!(app.heartbeat(&person).await.ok(), json!({"message": "Heartbeat received"}));
    let status = app.get("/users/me/status", &person.access).await.ok();
    assert_eq!((&status["is_online"], &status["last_seen"]), (&json!(true), &json!("2026-01-15T10:30:07Z")));
}

#[tokio::test]
async fn hundreds_of_heartbeats_at_once_are_all_recorded() {
    let app = TestApp::start().await;
    let mut people = Vec::new();
    for i in 0..10 {
        people.push(app.register(&format!("beater{i}"), "user").await);
    }
    let answers = join_all((0..300).map(|i| app.heartbeat(&people[i % 10]))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    for person in &people {
        assert_eq!(app.get("/users/me/status", &person.access).await.ok()["is_online"], true);
    }
}

#[tokio::test]
async fn presence_of_one_and_of_many() {
    let app = TestApp::start().await;
    let (a, b) = (app.register("first", "user").await, app.register("second", "listener").await);
    app.set_status(&b, &json!({"is_online": true})).await;
    let one = app.get(&format!("/users/{}/presence", b.id), &a.access).await.ok();
    assert_eq!(
        one,
        json!({
            "user_id": b.id, "username": "second", "profile_image_url": null, "is_online": true,
            "last_seen": "2026-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true
        })
    );
    let many = app.get(&format!("/users/presence?user_ids={},999999,{}", b.id, a.id), &a.access).await.ok();
    let ids: Vec<_> = many.as_array().unwrap().iter().map(|user| user["user_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [b.id, a.id]);
    assert_eq!(app.get("/users/presence?user_ids=", &a.access).await.ok(), json!([]));
    assert_eq!(app.get("/users/presence", &a.access).await.ok(), json!([]));
    app.get("/users/999999/presence", &a.access).await.refused(404, "not_found");
}

#[tokio::test]
async fn whoever_falls_silent_goes_offline_and_whoever_holds_a_socket_does_not() {
    let app = TestApp::start().await;
    let (silent, connected) = (app.register("silent", "user").await, app.register("connected", "user").await);
    let watcher = app.register("watcher", "user").await;
    app.heartbeat(&silent).await.ok();
    app.heartbeat(&connected).await.ok();
    let _socket = app.socket("/ws/feed", &connected).await;
    let mut watching = app.socket("/ws/presence", &watcher).await;

    app.advance(TimeDelta::seconds(89));
    presence::touch_connected(&app.state).await.unwrap();
    presence::sweep(&app.state).await.unwrap();
    assert_eq!(app.get("/users/me/status", &silent.access).await.ok()["is_online"], true);
    app.advance(TimeDelta::seconds(2));
    presence::sweep(&app.state).await.unwrap();
    let frame = watching.next_of(silent.id).await;
    assert_eq!(frame["status"]["is_online"], false);
    assert_eq!(app.get("/users/me/status", &silent.access).await.ok()["is_online"], false);
    assert_eq!(app.get("/users/me/status", &connected.access).await.ok()["is_online"], true);
}

#[tokio::test]
async fn busy_ends_when_its_time_has_come() {
    let app = TestApp::start().await;
    let person = app.register_listener("busy").await;
    let watcher = app.register("watcher", "user").await;
    app.set_status(&person, &json!({"is_online": true, "is_busy": true, "busy_until": "2026-01-15T10:31:00Z"})).await;
    let mut watching = app.socket("/ws/feed", &watcher).await;
    presence::sweep(&app.state).await.unwrap();
    assert_eq!(app.get("/feed/stats", &watcher.access).await.ok()["busy_listeners"], 1);
    app.advance(TimeDelta::seconds(60));
    presence::sweep(&app.state).await.unwrap();
    let frame = watching.next_of(person.id).await;
    assert_eq!((&frame["status"]["is_busy"], &frame["status"]["is_available"]), (&json!(false), &json!(true)));
    assert_eq!(app.get("/feed/stats", &watcher.access).await.ok()["available_listeners"], 1);
}
