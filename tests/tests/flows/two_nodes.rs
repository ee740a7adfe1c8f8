//! Two nodes on one Redis and one Postgres.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use saathii_sdk::types::presence::StatusPatch;
use saathii_server::presence;
use tests::{TestApp, people::ONLINE};

#[tokio::test]
async fn a_change_is_one_frame_on_the_sockets_of_both_nodes() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let listener = one.register("everywhere", "listener").await;
    let caller = two.register("caller", "user").await;
    let mut sockets = Vec::new();
    for node in [&one, &two] {
        for path in ["/ws/feed", "/ws/presence"] {
            sockets.push(node.socket(path, &caller).await);
        }
    }
    for (node, busy) in [(&one, true), (&two, false), (&one, true), (&two, false)] {
        node.set_status(&listener, &StatusPatch { is_busy: Some(busy), ..ONLINE }).await;
    }
    for socket in &mut sockets {
        for busy in [true, false, true, false] {
            assert_eq!(socket.next_of(listener.id).await["status"]["is_busy"], busy);
        }
        assert!(socket.drain().await.is_empty());
    }
}

#[tokio::test]
async fn a_sweep_by_both_nodes_tells_each_departure_once() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let mut people = Vec::new();
    for i in 0..8 {
        let person = one.register(&format!("silent{i}"), "listener").await;
        one.heartbeat(&person).await;
        people.push(person);
    }
    let watcher = one.register("watcher", "user").await;
    let mut first = one.socket("/ws/feed", &watcher).await;
    let mut second = two.socket("/ws/feed", &watcher).await;
    // What the heartbeats told may still be under way to a node.
    one.set_status(&people[0], &ONLINE).await;
    first.next_of(people[0].id).await;
    second.next_of(people[0].id).await;
    one.advance(TimeDelta::seconds(91));
    let (swept, also) = tokio::join!(presence::sweep(&one.state), presence::sweep(&two.state));
    swept.unwrap();
    also.unwrap();
    for socket in [&mut first, &mut second] {
        let mut gone = Vec::new();
        while gone.len() < people.len() {
            let frame = socket.next().await;
            if frame["status"]["is_online"] == false {
                gone.push(frame["user_id"].as_i64().unwrap());
            }
        }
        gone.sort_unstable();
        let expected: Vec<_> = people.iter().map(|person| person.id).collect();
        assert_eq!(gone, expected);
        assert!(socket.drain().await.is_empty());
    }
}

#[tokio::test]
async fn logout_on_one_node_closes_the_sockets_of_the_other_within_a_second() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let person = one.register("leaver", "user").await;
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(two.socket("/ws/presence", &person).await);
    }
    let begun = Instant::now();
    person.client.auth().logout().await.unwrap();
    for socket in &mut sockets {
        assert_eq!(socket.close_code().await, 4401);
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    two.get("/users/me", &person.access).await.refused(401, "session_ended");
}

#[tokio::test]
async fn a_token_refreshed_on_both_nodes_at_once_has_one_successor() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let person = one.register("racer", "user").await;
    let answers = join_all((0..20).map(|i| if i % 2 == 0 { &one } else { &two }.refresh(&person.refresh))).await;
    let first = answers[0].ok();
    assert!(answers.iter().all(|answer| answer.ok() == first));
}

#[tokio::test]
async fn limits_count_across_nodes() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let phone = one.new_phone();
    let answers = join_all((0..12).map(|i| if i % 2 == 0 { &one } else { &two }.request_otp(&phone))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
}

#[tokio::test]
async fn both_nodes_may_start_at_once_on_an_empty_database() {
    let own = tests::stores::own_empty().await;
    let vars = [("DATABASE_URL", own.database_url.as_str())];
    let (one, two) = tokio::join!(TestApp::start_with(&vars), TestApp::start_with(&vars));
    let person = one.register("early", "user").await;
    assert_eq!(two.get("/readyz", "").await.ok()["ready"], true);
    assert!(person.id > 0);
}

#[tokio::test]
async fn a_node_that_goes_down_tells_its_sockets_and_leaves_the_other_alone() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let person = one.register("mover", "user").await;
    let mut going = one.socket("/ws/feed", &person).await;
    let mut staying = two.socket("/ws/feed", &person).await;
    one.stop().await;
    let told = going.next().await;
    assert_eq!(told["type"], "reconnect");
    assert!(told["after_ms"].as_u64().unwrap() < 5_000);
    assert_eq!(going.close_code().await, 1012);
    assert!(staying.drain().await.is_empty());
    person.at(&two).users().me().await.unwrap();
}
