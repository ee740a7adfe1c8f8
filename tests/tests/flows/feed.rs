//! The feed (contract §Feed System).

use saathii_server::users;
use saathii_shared_types::UserId;
use serde_json::{Value, json};
use tests::TestApp;

fn names(page: &Value) -> Vec<&str> {
    page["listeners"].as_array().unwrap().iter().map(|listener| listener["username"].as_str().unwrap()).collect()
}

async fn rate(app: &TestApp, user: i64, rating: f64) {
    let mut db = app.state.db.acquire().await.unwrap();
    users::set_rating(&mut db, UserId(user), rating).await.unwrap();
}

#[tokio::test]
async fn listeners_come_available_first_then_online_then_by_rating_then_by_id() {
    let app = TestApp::start().await;
    let caller = app.register("caller", "user").await;
    app.heartbeat(&caller).await.ok();
    let mut listeners = Vec::new();
    for name in ["off-low", "off-high", "busy", "free-low", "free-high", "free-high-2"] {
        listeners.push(app.register_listener(name).await);
    }
    for (listener, rating) in listeners.iter().zip([1.0, 5.0, 5.0, 2.0, 4.5, 4.5]) {
        rate(&app, listener.id, rating).await;
    }
    app.set_status(&listeners[2], &json!({"is_online": true, "is_busy": true})).await;
    for listener in &listeners[3..] {
        app.set_status(listener, &json!({"is_online": true})).await;
    }
    let page = app.get("/feed/listeners", &caller.access).await.ok();
    assert_eq!(names(&page), ["free-high", "free-high-2", "free-low", "busy", "off-high", "off-low"]);
    let counts = [&page["total_count"], &page["online_count"], &page["available_count"]];
    assert_eq!(counts, [&json!(6), &json!(4), &json!(3)]);
    let stats = app.get("/feed/stats", &caller.access).await.ok();
    assert_eq!(
        stats,
        json!({"total_listeners": 6, "online_listeners": 4, "available_listeners": 3, "busy_listeners": 1})
    );

    let second = app.get("/feed/listeners?page=2&per_page=4", &caller.access).await.ok();
    assert_eq!(names(&second), ["off-high", "off-low"]);
    assert_eq!((&second["has_next"], &second["has_previous"]), (&json!(false), &json!(true)));
    let first = app.get("/feed/listeners?page=1&per_page=4", &caller.access).await.ok();
    assert_eq!((&first["has_next"], &first["has_previous"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_card_has_every_documented_field() {
    let app = TestApp::start().await;
    let listener = app
        .register_listener_with(
            "john_doe",
            json!({"bio": "Pro", "interests": ["Music", "tech"], "preferred_language": "en"}),
        )
        .await;
    app.heartbeat(&listener).await.ok();
    let page = app.get("/feed/listeners", &listener.access).await.ok();
    assert_eq!(
        page["listeners"][0],
        json!({
            "user_id": listener.id, "username": "john_doe", "sex": "female", "bio": "Pro", "interests": ["Music", "tech"],
            "profile_image_url": null, "preferred_language": "en", "rating": 0.0, "country": "IN", "roles": ["listener"],
            "is_online": true, "last_seen": "2026-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true
        })
    );
}

#[tokio::test]
async fn filters_narrow_the_page_and_its_counts() {
    let app = TestApp::start().await;
    let music =
        app.register_listener_with("music", json!({"interests": ["Music", "art"], "preferred_language": "en"})).await;
    let tech = app.register_listener_with("tech", json!({"interests": ["tech"], "preferred_language": "hi"})).await;
    let _none = app.register_listener("none").await;
    rate(&app, music.id, 4.8).await;
    rate(&app, tech.id, 4.0).await;
    app.heartbeat(&music).await.ok();
    app.set_status(&tech, &json!({"is_online": true, "is_busy": true})).await;
    for (query, expected) in [
        ("online_only=true", vec!["music", "tech"]),
        ("online_only=1&available_only=0", vec!["music", "tech"]),
        ("available_only=true", vec!["music"]),
        ("language=EN", vec!["music"]),
        ("language=", vec!["music", "tech", "none"]),
        ("interests=MUSIC", vec!["music"]),
        ("interests=tech,art", vec!["music", "tech"]),
        ("interests=nothing", vec![]),
        ("min_rating=4", vec!["music", "tech"]),
        ("min_rating=4.5", vec!["music"]),
        ("min_rating=4&language=hi&online_only=true", vec!["tech"]),
    ] {
        let page = app.get(&format!("/feed/listeners?{query}"), &music.access).await.ok();
        assert_eq!(names(&page), expected, "{query}");
        assert_eq!(page["total_count"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn the_feed_follows_profiles_and_roles() {
    let app = TestApp::start().await;
    let listener = app.register_listener("follow").await;
    let find = async |query: &str| {
        let page = app.get(&format!("/feed/listeners?{query}"), &listener.access).await.ok();
        page["total_count"].as_i64().unwrap()
    };
    assert_eq!((find("language=ta").await, find("interests=sea").await), (0, 0));
    let body = json!({"preferred_language": "ta", "interests": ["Sea"]});
    app.put("/users/me", &listener.access, &body).await.ok();
    assert_eq!((find("language=ta").await, find("interests=sea").await), (1, 1));
}

#[tokio::test]
async fn pages_are_clamped_and_never_an_error() {
    let app = TestApp::start().await;
    let listener = app.register_listener("only").await;
    for (query, page, per_page, found) in [
        ("page=0&per_page=0", json!(1), json!(1), 1),
        ("page=-3&per_page=100000", json!(1), json!(100), 1),
        ("page=99999999999999999999999", json!(i64::MAX), json!(20), 0),
        ("page=9223372036854775807&per_page=100", json!(i64::MAX), json!(100), 0),
    ] {
        let answer = app.get(&format!("/feed/listeners?{query}"), &listener.access).await.ok();
        assert_eq!((&answer["page"], &answer["per_page"], names(&answer).len()), (&page, &per_page, found), "{query}");
    }
}

#[tokio::test]
async fn the_unverified_are_listed_only_where_that_is_the_setting() {
    let app = TestApp::start().await;
    let (verified, fresh) = (app.register_listener("verified").await, app.register("fresh", "listener").await);
    for listener in [&verified, &fresh] {
        app.set_status(listener, &json!({"is_online": true})).await;
    }
    let seen = async |app: &TestApp| {
        let page = app.get("/feed/listeners?online_only=true", &verified.access).await.ok();
        let stats = app.get("/feed/stats", &verified.access).await.ok();
        let counts = [&page["total_count"], &page["available_count"], &stats["total_listeners"]];
        assert!(counts.iter().all(|count| *count == counts[0]), "{page} {stats}");
        names(&page).join(" ")
    };
    assert_eq!(seen(&app).await, "verified");
    let open = app.another_node_with(&[("LISTENER_VERIFICATION", "optional")]).await;
    assert_eq!(seen(&open).await, "verified fresh");
    app.verify_listener(fresh.id).await;
    assert_eq!(seen(&app).await, "verified fresh");
}
