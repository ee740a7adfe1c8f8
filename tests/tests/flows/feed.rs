//! The feed (contract §Feed System).

use saathii_sdk::{
    FeedFilter, NewUser, Page,
    types::{
        UserId,
        feed::{FeedPage, FeedStats},
        presence::StatusPatch,
        users::{ProfilePatch, Sex},
    },
};
use saathii_server::users;
use serde_json::json;
use tests::{Person, TestApp, people::ONLINE};

const BUSY_ONLINE: StatusPatch = StatusPatch { is_busy: Some(true), ..ONLINE };

async fn feed(person: &Person, filter: &FeedFilter) -> FeedPage {
    person.client.feed().listeners(filter, Page::default()).await.unwrap()
}

fn names(page: &FeedPage) -> Vec<&str> {
    page.listeners.iter().map(|listener| listener.username.as_str()).collect()
}

fn listener(username: &str, interests: &[&str], language: &str) -> NewUser {
    NewUser {
        interests: Some(interests.iter().map(|interest| (*interest).to_owned()).collect()),
        preferred_language: Some(language.to_owned()),
        ..NewUser::new(username, Sex::Female)
    }
}

async fn rate(app: &TestApp, user: i64, rating: f64) {
    let mut db = app.state.db.acquire().await.unwrap();
    users::set_rating(&mut db, UserId(user), rating).await.unwrap();
}

#[tokio::test]
async fn listeners_come_available_first_then_online_then_by_rating_then_by_id() {
    let app = TestApp::start().await;
    let caller = app.register("caller", "user").await;
    app.heartbeat(&caller).await;
    let mut listeners = Vec::new();
    for name in ["off-low", "off-high", "busy", "free-low", "free-high", "free-high-2"] {
        listeners.push(app.register_listener(name).await);
    }
    for (listener, rating) in listeners.iter().zip([1.0, 5.0, 5.0, 2.0, 4.5, 4.5]) {
        rate(&app, listener.id, rating).await;
    }
    app.set_status(&listeners[2], &BUSY_ONLINE).await;
    for listener in &listeners[3..] {
        app.set_status(listener, &ONLINE).await;
    }
    let page = feed(&caller, &FeedFilter::default()).await;
    assert_eq!(names(&page), ["free-high", "free-high-2", "free-low", "busy", "off-high", "off-low"]);
    assert_eq!((page.total_count, page.online_count, page.available_count), (6, 4, 3));
    let stats = app.get("/feed/stats", &caller.access).await.ok();
    assert_eq!(
        stats,
        json!({"total_listeners": 6, "online_listeners": 4, "available_listeners": 3, "busy_listeners": 1})
    );

    let page = async |number| {
        let page = caller.client.feed().listeners(&FeedFilter::default(), Page { number, size: 4 }).await.unwrap();
        assert_eq!((page.page, page.per_page), (number.into(), 4));
        page
    };
    let second = page(2).await;
    assert_eq!(names(&second), ["off-high", "off-low"]);
    assert!(second.has_previous && !second.has_next);
    let first = page(1).await;
    assert!(first.has_next && !first.has_previous);
}

#[tokio::test]
async fn a_card_has_every_documented_field() {
    let app = TestApp::start().await;
    let user = NewUser { bio: Some("Pro".into()), ..listener("john_doe", &["Music", "tech"], "en") };
    let listener = app.register_listener_with(user).await;
    app.heartbeat(&listener).await;
    let page = app.get("/feed/listeners", &listener.access).await.ok();
    assert_eq!(
        page,
        json!({
            "listeners": [{
                "user_id": listener.id, "username": "john_doe", "sex": "female", "bio": "Pro",
                "interests": ["Music", "tech"], "profile_image_url": null, "preferred_language": "en", "rating": 0.0,
                "country": "IN", "roles": ["listener"], "is_online": true, "last_seen": "2026-01-15T10:30:00Z",
                "is_busy": false, "busy_until": null, "is_available": true
            }],
            "total_count": 1, "online_count": 1, "available_count": 1, "page": 1, "per_page": 20, "has_next": false,
            "has_previous": false
        })
    );
}

#[tokio::test]
async fn filters_narrow_the_page_and_its_counts() {
    let app = TestApp::start().await;
    let music = app.register_listener_with(listener("music", &["Music", "art"], "en")).await;
    let tech = app.register_listener_with(listener("tech", &["tech"], "hi")).await;
    let _none = app.register_listener("none").await;
    rate(&app, music.id, 4.8).await;
    rate(&app, tech.id, 4.0).await;
    app.heartbeat(&music).await;
    app.set_status(&tech, &BUSY_ONLINE).await;
    let all = FeedFilter::default();
    let speaks = |language: &str| FeedFilter { language: Some(language.into()), ..all.clone() };
    let likes = |interests: &[&str]| {
        let interests = interests.iter().map(|interest| (*interest).to_owned()).collect();
        FeedFilter { interests, ..all.clone() }
    };
    let rated = |rating| FeedFilter { min_rating: Some(rating), ..all.clone() };
    for (filter, expected) in [
        (FeedFilter { online_only: true, ..all.clone() }, vec!["music", "tech"]),
        (FeedFilter { available_only: true, ..all.clone() }, vec!["music"]),
        (speaks("EN"), vec!["music"]),
        (speaks(""), vec!["music", "tech", "none"]),
        (likes(&["MUSIC"]), vec!["music"]),
        (likes(&["tech", "art"]), vec!["music", "tech"]),
        (likes(&["nothing"]), vec![]),
        (rated(4.0), vec!["music", "tech"]),
        (rated(4.5), vec!["music"]),
        (FeedFilter { online_only: true, min_rating: Some(4.0), ..speaks("hi") }, vec!["tech"]),
    ] {
        let page = feed(&music, &filter).await;
        assert_eq!(names(&page), expected, "{filter:?}");
        assert_eq!(page.total_count, i64::try_from(expected.len()).unwrap(), "{filter:?}");
    }
    for query in ["online_only=1&available_only=0", "interests=tech,art", "min_rating=4"] {
        let page = app.get(&format!("/feed/listeners?{query}"), &music.access).await.ok();
        let page: FeedPage = serde_json::from_value(page).unwrap();
        assert_eq!((names(&page), page.total_count), (vec!["music", "tech"], 2), "{query}");
    }
}

#[tokio::test]
async fn the_feed_follows_profiles_and_roles() {
    let app = TestApp::start().await;
    let person = app.register_listener("follow").await;
    let speaks = FeedFilter { language: Some("ta".into()), ..FeedFilter::default() };
    let likes = FeedFilter { interests: vec!["sea".into()], ..FeedFilter::default() };
    let found = async || (feed(&person, &speaks).await.total_count, feed(&person, &likes).await.total_count);
    assert_eq!(found().await, (0, 0));
    let patch = ProfilePatch {
        preferred_language: Some(Some("ta".into())),
        interests: Some(Some(vec!["Sea".into()])),
        ..ProfilePatch::default()
    };
    person.client.users().update(&patch).await.unwrap();
    assert_eq!(found().await, (1, 1));
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
        let listed = answer["listeners"].as_array().unwrap().len();
        assert_eq!((&answer["page"], &answer["per_page"], listed), (&page, &per_page, found), "{query}");
    }
}

#[tokio::test]
async fn the_unverified_are_listed_only_where_that_is_the_setting() {
    let app = TestApp::start().await;
    let (verified, fresh) = (app.register_listener("verified").await, app.register("fresh", "listener").await);
    for listener in [&verified, &fresh] {
        app.set_status(listener, &ONLINE).await;
    }
    let online = FeedFilter { online_only: true, ..FeedFilter::default() };
    let seen = async |app: &TestApp| {
        let client = verified.at(app);
        let page = client.feed().listeners(&online, Page::default()).await.unwrap();
        let FeedStats { total_listeners, .. } = client.feed().stats().await.unwrap();
        assert_eq!((page.total_count, page.available_count), (total_listeners, total_listeners), "{page:?}");
        names(&page).join(" ")
    };
    assert_eq!(seen(&app).await, "verified");
    let open = app.another_node_with(&[("LISTENER_VERIFICATION", "optional")]).await;
    assert_eq!(seen(&open).await, "verified fresh");
    app.verify_listener(fresh.id).await;
    assert_eq!(seen(&app).await, "verified fresh");
}
