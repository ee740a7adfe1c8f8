//! Profiles (contract §User Management).

use reqwest::Method;
use saathii_sdk::{
    Error, NewUser,
    types::users::{ProfilePatch, Sex},
};
use serde_json::json;
use tests::{Refused, TestApp};

fn named(username: &str) -> ProfilePatch {
    ProfilePatch { username: Some(username.to_owned()), ..ProfilePatch::default() }
}

#[tokio::test]
async fn any_subset_of_the_profile_changes() {
    let app = TestApp::start().await;
    let person = app
        .register_with(NewUser {
            bio: Some("old".into()),
            interests: Some(vec!["a".into()]),
            preferred_language: Some("hi".into()),
            ..NewUser::new("before", Sex::Female)
        })
        .await;
    let changed = app
        .put(
            "/users/me",
            &person.access,
            &json!({
                "username": "newname", "bio": "Updated bio...", "rating": 4.8, "interests": ["music", "tech", "art"],
                "profile_image_url": "https://example.com/b.jpg", "preferred_language": "en"
            }),
        )
        .await
        .ok();
    assert_eq!(changed, app.get("/users/me", &person.access).await.ok());
    assert_eq!(changed["username"], "newname");
    assert_eq!(changed["interests"], json!(["music", "tech", "art"]));
    assert_eq!(changed["rating"], 0.0, "ratings come from callers");

    let nothing = ProfilePatch { bio: Some(None), interests: Some(None), ..ProfilePatch::default() };
    let cleared = person.client.users().update(&nothing).await.unwrap();
    assert_eq!((cleared.bio.as_ref(), cleared.interests.len()), (None, 0));
    assert_eq!(cleared.preferred_language.as_deref(), Some("en"));
    assert_eq!(person.client.users().update(&ProfilePatch::default()).await.unwrap(), cleared);
}

#[tokio::test]
async fn nobody_gives_themselves_rights() {
    let app = TestApp::start().await;
    let person = app.register("ambitious", "user").await;
    let body = json!({"rating": 5, "roles": ["admin"], "balance": 1, "user_id": 1, "phone": "+919999999999"});
    let profile = app.put("/users/me", &person.access, &body).await.ok();
    assert_eq!(profile["roles"], json!(["user"]));
    assert_eq!(profile["phone"], person.phone);
    assert_eq!(profile["user_id"], person.id);
}

#[tokio::test]
async fn names_are_unique_without_regard_to_case() {
    let app = TestApp::start().await;
    app.register("Unique", "user").await;
    let other = app.register("other", "user").await;
    other.client.users().update(&named("uNIQUE")).await.refused(409, "username_taken");
    assert_eq!(other.client.users().update(&named("OTHER")).await.unwrap().username, "OTHER");
}

#[tokio::test]
async fn a_deleted_account_is_gone_at_once_and_its_phone_is_free() {
    let app = TestApp::start().await;
    let person = app.register_listener("goner").await;
    let watcher = app.register("watcher", "user").await;
    app.heartbeat(&person).await;
    let mut own = app.socket("/ws/presence", &person).await;
    let mut watching = app.socket("/ws/feed", &watcher).await;

    let answer = app.request(Method::DELETE, "/users/me").bearer(&person.access).send().await;
    assert_eq!(answer.ok(), json!({"message": "User deleted"}));
    assert_eq!(own.close_code().await, 4401);
    let mut frame = watching.next_of(person.id).await;
    while frame["status"]["is_online"] == true {
        // What the heartbeat told was still under way.
        frame = watching.next_of(person.id).await;
    }
    assert_eq!(frame["status"]["is_online"], false);
    assert_ne!(frame["status"]["username"], "goner");
    app.get("/users/me", &person.access).await.refused(401, "session_ended");
    app.refresh(&person.refresh).await.refused(401, "session_ended");
    assert!(matches!(person.client.users().me().await, Err(Error::SignedOut)));
    watcher.client.presence().of(person.user_id()).await.refused(404, "not_found");
    assert_eq!(watcher.client.feed().stats().await.unwrap().total_listeners, 0);

    let next = app.register_phone(&person.phone, NewUser::new("goner", Sex::Female)).await;
    assert_ne!(next.id, person.id);
}
