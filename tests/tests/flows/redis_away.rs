//! Redis dies and comes back, under a server that lives (DESIGN §7).

use std::time::{Duration, Instant};

use reqwest::Method;
use saathii_sdk::types::{Coins, presence::StatusPatch};
use serde_json::json;
use tests::{
    CuttableLink, Person, Refused, TestApp,
    people::{BUSY, FREE, ONLINE},
    stores,
};

async fn is_answered_again(person: &Person) {
    let begun = Instant::now();
    while person.client.users().me().await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the server does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn without_redis_answers_are_503_at_once_and_life_goes_on_with_it() {
    let mut link = CuttableLink::to(stores::own().await.redis_url).await;
    let app = TestApp::start_with(&[("REDIS_URL", link.url())]).await;
    let (person, watcher) = (app.register("patient", "listener").await, app.register("watcher", "user").await);
    let mut socket = app.socket("/ws/feed", &watcher).await;
    app.set_status(&person, &ONLINE).await;
    socket.next_of(person.id).await;

    link.cut().await;
    let begun = Instant::now();
    app.request_otp(&app.new_phone()).await.refused(503, "unavailable");
    person.client.users().me().await.refused(503, "unavailable");
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2), "two answers took {took:?}");
    let ready = app.request(Method::GET, "/readyz").send().await;
    assert_eq!((ready.status.as_u16(), &ready.json()["down"]), (503, &json!(["redis"])));
    assert_eq!(app.request(Method::GET, "/livez").send().await.status, 200);

    link.mend().await;
    is_answered_again(&person).await;
    // The socket lived on, and hears what happens now.
    let begun = Instant::now();
    let mut busy = true;
    loop {
        app.set_status(&person, &StatusPatch { is_busy: Some(busy), ..FREE }).await;
        let heard = socket.drain().await;
        if heard.iter().any(|frame| frame["user_id"] == person.id) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the bus does not come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
        busy = !busy;
    }
}

#[tokio::test]
async fn a_change_made_while_redis_was_away_is_told_when_it_is_back() {
    let mut link = CuttableLink::to(stores::own().await.redis_url).await;
    let app = TestApp::start_with(&[("REDIS_URL", link.url())]).await;
    let (person, watcher) = (app.register("hidden", "listener").await, app.register("watcher", "user").await);
    app.heartbeat(&person).await;
    let mut socket = app.socket("/ws/feed", &watcher).await;
    app.set_status(&person, &BUSY).await;
    while socket.next_of(person.id).await["status"]["is_busy"] != true {}
    link.cut().await;
    app.advance(chrono::TimeDelta::seconds(91));
    saathii_server::presence::sweep(&app.state).await.unwrap();
    link.mend().await;
    while socket.next_of(person.id).await["status"]["is_online"] != false {}
}

#[tokio::test]
async fn calls_are_metered_and_told_while_redis_is_away() {
    let mut link = CuttableLink::to(stores::own().await.redis_url).await;
    let app = TestApp::start_with(&[("REDIS_URL", link.url())]).await;
    let (caller, listener) = (app.caller("john", 25).await, app.listener("jane").await);
    let mut phone = app.socket("/ws/presence", &caller).await;
    let call = app.call(&caller, &listener).await;
    link.cut().await;
    app.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(phone.next_named("call_minute").await["minute"], 2);
    app.advance(chrono::TimeDelta::seconds(28));
    link.mend().await;
    is_answered_again(&caller).await;
    assert_eq!(app.end_call(&caller, call).await.unwrap().coins_spent, Coins(20));
    app.assert_books_close().await;
}
