//! The SDK against the real server: the way of an app from its first start.

use std::{sync::Arc, time::Duration};

use saathii_sdk::{
    Client, FeedFilter, FeedState, LiveFeed, NewUser, SessionState, Verified,
    types::{
        presence::StatusPatch,
        users::{Role, Sex},
    },
};
use tests::TestApp;
use tokio::time::timeout;

fn client(app: &TestApp) -> Client {
    Client::builder().base_url(&app.base).build().unwrap()
}

/// A new person, signed in.
async fn register(app: &TestApp, username: &str, role: Role) -> Client {
    let client = client(app);
    let sent = client.auth().request_otp(app.new_phone()).await.unwrap();
    let code = app.phones.last_code(sent.phone());
    let Ok(Verified::NeedsRegistration(registration)) = sent.verify(&code).await else { panic!("a new phone") };
    let user = NewUser { role: Some(role), ..NewUser::new(username, Sex::Female) };
    registration.register(&user).await.unwrap();
    if role == Role::Listener {
        let me = client.users().me().await.unwrap();
        app.verify_listener(me.user_id.0).await;
    }
    client
}

async fn set_status(client: &Client, is_online: bool, is_busy: bool) {
    let patch = StatusPatch { is_online: Some(is_online), is_busy: Some(is_busy), busy_until: None };
    client.presence().update_status(&patch).await.unwrap();
}

/// Waits until the feed is as wanted.
async fn becomes(feed: &mut LiveFeed, wanted: impl Fn(&FeedState) -> bool) -> Arc<FeedState> {
    let reached = async {
        let mut state = feed.current();
        while !wanted(&state) {
            state = feed.changed().await.expect("the login lives");
        }
        state
    };
    timeout(Duration::from_secs(20), reached).await.expect("the feed follows")
}

fn names(state: &FeedState) -> Vec<&str> {
    state.listeners.iter().map(|listener| listener.username.as_str()).collect()
}

#[tokio::test]
async fn a_feed_follows_listeners_through_a_restart_of_the_server() {
    let app = TestApp::start_in_real_time().await;
    let caller = register(&app, "caller", Role::User).await;
    let listener = register(&app, "listener", Role::Listener).await;
    let other = register(&app, "other", Role::Listener).await;

    let mut feed = caller.feed().live(FeedFilter::default(), 20);
    becomes(&mut feed, |state| state.is_live && state.total_count == 2).await;
    set_status(&other, true, false).await;
    let state = becomes(&mut feed, |state| state.available_count == 1).await;
    assert_eq!(names(&state), ["other", "listener"]);
    set_status(&listener, true, false).await;
    set_status(&other, true, true).await;
    becomes(&mut feed, |state| names(state) == ["listener", "other"] && state.available_count == 1).await;

    let app = app.restart().await;
    set_status(&other, true, false).await;
    let state = becomes(&mut feed, |state| state.is_live && state.available_count == 2).await;
    assert_eq!(state.online_count, 2);
    drop(app);
}

#[tokio::test]
async fn a_login_ended_by_the_server_is_told_once_and_stops_the_client() {
    let app = TestApp::start_in_real_time().await;
    let phone_client = register(&app, "phone", Role::User).await;
    let phone = phone_client.users().me().await.unwrap().phone;
    let tablet = client(&app);
    let sent = tablet.auth().request_otp(phone.as_str()).await.unwrap();
    let code = app.phones.last_code(&phone);
    assert!(matches!(sent.verify(&code).await, Ok(Verified::SignedIn)));
    let mut session = tablet.session();
    assert_eq!(session.state(), SessionState::SignedIn);

    phone_client.auth().logout().await.unwrap();
    assert!(tablet.users().me().await.is_err());
    let told = timeout(Duration::from_secs(10), session.changed()).await.unwrap();
    assert_eq!(told, Some(SessionState::Ended));
    assert_eq!(tablet.session().state(), SessionState::Ended);
}

#[tokio::test]
async fn one_login_renewed_by_many_calls_at_once_lives_on() {
    let app = TestApp::start_in_real_time().await;
    let person = register(&app, "renewed", Role::User).await;
    let refreshes = futures_util::future::join_all((0..10).map(|_| async { person.auth().refresh().await })).await;
    assert!(refreshes.into_iter().all(|refresh| refresh.is_ok()));
    assert_eq!(person.users().me().await.unwrap().username, "renewed");
}
