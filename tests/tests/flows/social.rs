//! Favorites and blocks: the contract's endpoints, and what a block hides, everywhere and both ways.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::{join, join_all};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tests::{CuttableLink, Socket, TestApp, app::Person, stores};

fn ids(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|one| one["user_id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn favorites_are_added_listed_checked_and_removed() {
    let app = TestApp::start().await;
    let caller = app.register("caller", "user").await;
    let mut listeners = Vec::new();
    for name in ["first", "second", "third"] {
        listeners.push(app.listener(name).await);
        app.advance(TimeDelta::seconds(1));
    }
    for listener in &listeners {
        for _ in 0..2 {
            let added = app.add_favorite(&caller, listener).await.ok();
            let expected = json!({
                "success": true, "message": "Added to favorites", "listener_id": listener.id, "is_favorited": true
            });
            assert_eq!(added, expected);
        }
        app.advance(TimeDelta::seconds(1));
    }
    let page = app.get("/favorites?per_page=2", &caller.access).await.ok();
    assert_eq!(ids(&page["favorites"]), [listeners[2].id, listeners[1].id]);
    assert_eq!((&page["total_count"], &page["has_next"]), (&json!(3), &json!(true)));
    let card = app.get("/feed/listeners", &caller.access).await.ok()["listeners"]
        .as_array()
        .unwrap()
        .iter()
        .find(|card| card["user_id"] == listeners[2].id)
        .unwrap()
        .clone();
    let mut favorite = page["favorites"][0].clone();
    assert!(favorite.as_object_mut().unwrap().remove("favorited_at").unwrap().is_string());
    assert_eq!(favorite, card, "as in the feed");

    let check = async |listener: &Person| {
        app.get(&format!("/favorites/check/{}", listener.id), &caller.access).await.ok()["is_favorited"].clone()
    };
    assert_eq!(check(&listeners[0]).await, true);
    for _ in 0..2 {
        let removed = app.delete_as(&caller, "/favorites/remove", &json!({"listener_id": listeners[0].id})).await.ok();
        assert_eq!((&removed["success"], &removed["is_favorited"]), (&json!(true), &json!(false)));
    }
    assert_eq!(check(&listeners[0]).await, false);
    assert_eq!(ids(&app.get("/favorites", &listeners[0].access).await.ok()["favorites"]), Vec::<i64>::new());

    app.add_favorite(&listeners[0], &listeners[0]).await.refused(400, "own_account");
    app.add_favorite(&listeners[0], &caller).await.refused(404, "listener_not_found");
    for unknown in [0, -1, i64::MAX] {
        app.post_as(&caller, "/favorites/add", &json!({"listener_id": unknown}))
            .await
            .refused(404, "listener_not_found");
        app.get(&format!("/favorites/check/{unknown}"), &caller.access).await.refused(404, "listener_not_found");
    }
    for body in [json!({}), json!({"listener_id": "x"}), json!({"listener_id": 1.5}), json!([1])] {
        app.post_as(&caller, "/favorites/add", &body).await.refused(422, "validation_error");
        app.delete_as(&caller, "/favorites/remove", &body).await.refused(422, "validation_error");
    }
    let gone = app.request(Method::DELETE, "/users/me").bearer(&listeners[1].access).send().await;
    gone.ok();
    assert_eq!(ids(&app.get("/favorites", &caller.access).await.ok()["favorites"]), [listeners[2].id]);
}

/// What `viewer` sees of the other, over HTTP.
async fn sees(app: &TestApp, viewer: &Person, other: &Person) -> [bool; 3] {
    let one = app.get(&format!("/users/{}/presence", other.id), &viewer.access).await;
    let many = app.get(&format!("/users/presence?user_ids={},{}", other.id, viewer.id), &viewer.access).await.ok();
    assert!(ids(&many).contains(&viewer.id));
    let feed = app.get("/feed/listeners?per_page=100", &viewer.access).await.ok();
    if one.status != 200 {
        one.refused(404, "not_found");
    }
    [one.status == 200, ids(&many).contains(&other.id), ids(&feed["listeners"]).contains(&other.id)]
}

#[tokio::test]
async fn a_block_hides_both_from_each_other_everywhere_and_ends_with_the_last_of_two() {
    let app = TestApp::start().await;
    let (one, other) = (app.listener("one").await, app.listener("other").await);
    let third = app.listener("third").await;
    for (from, to) in [(&one, &other), (&other, &one)] {
        app.give_coins(from, 100).await;
        app.add_favorite(from, to).await.ok();
    }
    assert_eq!(sees(&app, &one, &other).await, [true; 3]);
    for _ in 0..2 {
        let blocked = app.post_as(&one, "/block", &json!({"blocked_id": other.id, "reason": " Rude "})).await.ok();
        let expected = json!({"success": true, "message": "User blocked", "blocked_id": other.id, "is_blocked": true});
        assert_eq!(blocked, expected);
    }
    for (from, to) in [(&one, &other), (&other, &one)] {
        assert_eq!(sees(&app, from, to).await, [false; 3]);
        assert_eq!(sees(&app, &third, to).await, [true; 3]);
        app.start_call(from, to, "audio").await.refused(403, "blocked");
        let favorites = app.get("/favorites", &from.access).await.ok();
        assert_eq!((&favorites["favorites"], &favorites["total_count"]), (&json!([]), &json!(0)));
        app.add_favorite(from, to).await.refused(403, "blocked");
        assert_eq!(app.get(&format!("/favorites/check/{}", to.id), &from.access).await.ok()["is_favorited"], false);
        let page = app.get("/feed/listeners", &from.access).await.ok();
        let counts = [&page["total_count"], &page["online_count"], &page["available_count"]];
        assert_eq!(counts, [&json!(2), &json!(2), &json!(2)]);
        let stats = app.get("/feed/stats", &from.access).await.ok();
        assert_eq!((&stats["total_listeners"], &stats["available_listeners"]), (&json!(2), &json!(2)));
    }
    assert_eq!(app.get("/feed/stats", &third.access).await.ok()["total_listeners"], 3);

    // Only who blocks knows.
    let list = app.get("/blocked", &one.access).await.ok();
    assert_eq!(ids(&list["blocked"]), [other.id]);
    let entry = &list["blocked"][0];
    assert_eq!(
        (&entry["reason"], &entry["username"], &entry["is_online"]),
        (&json!("Rude"), &json!("other"), &json!(false))
    );
    assert!(entry["blocked_at"].is_string());
    assert_eq!(app.get("/blocked", &other.access).await.ok()["blocked"], json!([]));
    let check = async |from: &Person, to: &Person| {
        app.get(&format!("/block/check/{}", to.id), &from.access).await.ok()["is_blocked"].clone()
    };
    assert_eq!((check(&one, &other).await, check(&other, &one).await), (json!(true), json!(false)));

    app.block(&other, &one).await.ok();
    app.unblock(&one, &other).await.ok();
    assert_eq!(sees(&app, &one, &other).await, [false; 3], "the other still blocks");
    for _ in 0..2 {
        let unblocked = app.unblock(&other, &one).await.ok();
        assert_eq!((&unblocked["success"], &unblocked["is_blocked"]), (&json!(true), &json!(false)));
    }
    for (from, to) in [(&one, &other), (&other, &one)] {
        assert_eq!(sees(&app, from, to).await, [true; 3]);
        assert_eq!(ids(&app.get("/favorites", &from.access).await.ok()["favorites"]), [to.id]);
    }
    app.call(&one, &other).await;
}

#[tokio::test]
async fn nobody_blocks_themselves_the_unknown_or_with_nonsense() {
    let app = TestApp::start().await;
    let (one, other) = (app.register("one", "user").await, app.register("other", "user").await);
    app.block(&one, &one).await.refused(400, "own_account");
    for unknown in [0, -7, i64::MAX] {
        app.post_as(&one, "/block", &json!({"blocked_id": unknown})).await.refused(404, "not_found");
        app.get(&format!("/block/check/{unknown}"), &one.access).await.refused(404, "not_found");
    }
    for body in [
        json!({}),
        json!({"blocked_id": "x"}),
        json!({"blocked_id": other.id, "reason": 7}),
        json!({"blocked_id": other.id, "reason": "x".repeat(501)}),
        json!({"blocked_id": other.id, "reason": "a\u{0}b"}),
    ] {
        app.post_as(&one, "/block", &body).await.refused(422, "validation_error");
    }
    assert_eq!(app.get("/blocked", &one.access).await.ok()["total_count"], 0);
    app.request(Method::DELETE, "/users/me").bearer(&other.access).send().await.ok();
    app.block(&one, &other).await.refused(404, "not_found");
}

#[tokio::test]
async fn counts_leave_out_just_those_across_a_block_whom_the_filter_matches() {
    let app = TestApp::start().await;
    let viewer = app.register("viewer", "user").await;
    let mut people = Vec::new();
    for i in 0..12 {
        let language = if i % 2 == 0 { "en" } else { "hi" };
        let more = json!({"role": "listener", "preferred_language": language});
        let listener = app.register_with(&format!("listener{i}"), more).await;
        app.verify_listener(listener.id).await;
        app.set_status(&listener, &json!({"is_online": i % 3 != 0, "is_busy": i % 4 == 1})).await;
        people.push(listener);
    }
    for i in [0, 1, 2, 5, 6] {
        // Half of them block the viewer.
        let (from, to) = if i % 2 == 0 { (&viewer, &people[i]) } else { (&people[i], &viewer) };
        app.block(from, to).await.ok();
    }
    for query in ["", "language=en", "language=hi&online_only=true", "available_only=true", "min_rating=1"] {
        let mut listed = Vec::new();
        let mut page = 1;
        let answer = loop {
            let path = format!("/feed/listeners?per_page=2&page={page}&{query}");
            let answer = app.get(&path, &viewer.access).await.ok();
            listed.extend(answer["listeners"].as_array().unwrap().clone());
            page += 1;
            if answer["has_next"] == false {
                break answer;
            }
        };
        let count = |field: &str| listed.iter().filter(|one| one[field] == true).count();
        assert_eq!(answer["total_count"], listed.len(), "{query}");
        assert_eq!(answer["online_count"], count("is_online"), "{query}");
        assert_eq!(answer["available_count"], count("is_available"), "{query}");
        assert!(listed.iter().all(|one| [0, 1, 2, 5, 6].iter().all(|i| one["user_id"] != people[*i].id)), "{query}");
    }
}

/// The next frame, which is of this user.
async fn next_status(socket: &mut Socket, user: &Person) -> Value {
    let frame = socket.next().await;
    assert_eq!((&frame["type"], &frame["user_id"]), (&json!("user_status_update"), &json!(user.id)), "{frame}");
    frame["status"].clone()
}

#[tokio::test]
async fn open_sockets_of_every_node_hear_of_a_block_once_and_then_nothing() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let (listener, caller) = (one.listener("listener").await, one.register("caller", "user").await);
    let marker = one.listener("marker").await;
    one.heartbeat(&caller).await.ok();
    let mut callers = Vec::new();
    for node in [&one, &two] {
        for path in ["/ws/feed", "/ws/presence"] {
            callers.push(node.socket(path, &caller).await);
        }
    }
    let mut extended = two.socket("/ws/presence", &caller).await;
    extended.send(&json!({"type": "subscribe", "user_ids": [listener.id, marker.id]})).await;
    extended.next_named("subscribed").await;
    let mut narrowed = two.socket("/ws/presence", &caller).await;
    narrowed.send(&json!({"type": "subscribe", "user_ids": [marker.id]})).await;
    narrowed.next_named("subscribed").await;
    let (mut own_feed, mut own) =
        (two.socket("/ws/feed", &listener).await, two.socket("/ws/presence", &listener).await);
    // What the heartbeats told may still be under way to a node.
    for node in [&one, &two] {
        node.set_status(&marker, &json!({"is_busy": false})).await;
    }
    for socket in callers.iter_mut().chain([&mut extended, &mut narrowed, &mut own, &mut own_feed]) {
        socket.next_of(marker.id).await;
        socket.next_of(marker.id).await;
        socket.drain().await;
    }

    let begun = Instant::now();
    one.block(&caller, &listener).await.ok();
    for socket in callers.iter_mut().chain([&mut extended]) {
        let status = next_status(socket, &listener).await;
        assert_eq!((&status["is_online"], &status["is_available"]), (&json!(false), &json!(false)));
    }
    assert_eq!(next_status(&mut own, &caller).await["is_online"], false);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

    // Neither hears more of the other, on sockets old or new; the marker shows that there is nothing before it.
    let mut late = two.socket("/ws/presence", &caller).await;
    one.set_status(&listener, &json!({"is_busy": true})).await;
    two.set_status(&caller, &json!({"is_busy": true})).await;
    one.set_status(&listener, &json!({"is_busy": false})).await;
    one.set_status(&marker, &json!({"is_busy": true})).await;
    two.set_status(&marker, &json!({"is_busy": false})).await;
    let others = [&mut extended, &mut narrowed, &mut late];
    for socket in callers.iter_mut().chain(others) {
        let mut heard = vec![socket.next().await, socket.next().await];
        while heard.iter().filter(|frame| frame["user_id"] == marker.id).count() < 2 {
            heard.push(socket.next().await);
        }
        heard.extend(socket.drain().await);
        assert!(heard.iter().all(|frame| frame["user_id"] != listener.id), "{heard:?}");
    }
    for socket in [&mut own, &mut own_feed] {
        socket.next_of(marker.id).await;
        socket.next_of(marker.id).await;
        assert!(socket.drain().await.iter().all(|frame| frame["user_id"] != caller.id));
    }
    for socket in callers.iter_mut().chain([&mut own, &mut own_feed, &mut extended, &mut narrowed, &mut late]) {
        socket.drain().await;
    }

    two.unblock(&caller, &listener).await.ok();
    for socket in callers.iter_mut().chain([&mut extended, &mut late]) {
        let status = next_status(socket, &listener).await;
        assert_eq!((&status["is_online"], &status["is_available"]), (&json!(true), &json!(true)));
    }
    let status = next_status(&mut own, &caller).await;
    assert_eq!((&status["is_online"], &status["is_busy"]), (&json!(true), &json!(true)));
    one.set_status(&listener, &json!({"is_busy": true})).await;
    for socket in callers.iter_mut().chain([&mut extended, &mut late]) {
        assert_eq!(next_status(socket, &listener).await["is_busy"], true);
    }
    assert!(narrowed.drain().await.is_empty());
}

#[tokio::test]
async fn a_node_that_was_cut_off_reads_blocks_again() {
    let direct = stores::own().await.redis_url;
    let mut link = CuttableLink::to(direct.clone()).await;
    let one = TestApp::start_with(&[("REDIS_URL", direct.expose_secret())]).await;
    let two = one.another_node_with(&[("REDIS_URL", link.url())]).await;
    let (listener, caller) = (one.listener("listener").await, one.register("caller", "user").await);
    let mut socket = two.socket("/ws/feed", &caller).await;
    one.set_status(&listener, &json!({"is_busy": true})).await;
    while socket.next_of(listener.id).await["status"]["is_busy"] != true {}
    link.cut().await;
    one.block(&caller, &listener).await.ok();
    one.state.bus.flush().await;
    link.mend().await;
    let status = loop {
        // Its gap may be mended with the state before.
        let status = socket.next_of(listener.id).await["status"].clone();
        if status["is_online"] == false {
            break status;
        }
    };
    assert_eq!(status["is_available"], false);
    assert!(socket.drain().await.is_empty());
}

#[tokio::test]
async fn a_block_ends_the_call_between_the_two_and_no_other() {
    let app = TestApp::start().await;
    let (caller, listener) = (app.caller("caller", 100).await, app.listener("listener").await);
    let third = app.register("third", "user").await;
    let call = app.call(&caller, &listener).await;
    app.block(&third, &caller).await.ok();
    assert_eq!(app.get("/calls/ongoing", &caller.access).await.ok()["call_id"], call);
    let mut phone = app.socket("/ws/presence", &caller).await;
    app.talk(&[&caller, &listener], TimeDelta::seconds(61)).await;
    let blocks = join_all((0..8).map(|i| {
        let (from, to) = if i % 2 == 0 { (&caller, &listener) } else { (&listener, &caller) };
        app.block(from, to)
    }));
    assert!(blocks.await.iter().all(|answer| answer.status == 200));
    let ended = phone.next_named("call_ended").await;
    assert_eq!((&ended["cause"], &ended["status"]), (&json!("blocked"), &json!("dropped")));
    for person in [&caller, &listener] {
        app.get("/calls/ongoing", &person.access).await.refused(404, "not_found");
        assert_eq!(app.get("/users/me/status", &person.access).await.ok()["is_busy"], false);
    }
    assert_eq!((app.coins(&caller).await, app.earned(&listener).await), (80, 30));
    app.assert_books_close().await;
}

#[tokio::test]
async fn twenty_blocks_racing_with_twenty_calls_leave_no_call_across_a_block() {
    let one = TestApp::start_with(&[("DATABASE_MAX_CONNECTIONS", "20")]).await;
    let two = one.another_node().await;
    let mut pairs = Vec::new();
    for i in 0..20 {
        pairs.push((one.caller(&format!("caller{i}"), 100).await, one.listener(&format!("listener{i}")).await));
    }
    let raced = join_all(pairs.iter().enumerate().map(async |(i, (caller, listener))| {
        let (from, to) = if i % 4 < 2 { (caller, listener) } else { (listener, caller) };
        let (first, second) = if i % 2 == 0 { (&one, &two) } else { (&two, &one) };
        join(first.start_call(caller, listener, "audio"), second.block(from, to)).await
    }))
    .await;
    for ((started, blocked), (caller, listener)) in raced.iter().zip(&pairs) {
        blocked.ok();
        if started.status != 200 {
            started.refused(403, "blocked");
        }
        for person in [caller, listener] {
            one.get("/calls/ongoing", &person.access).await.refused(404, "not_found");
            assert_eq!(one.get("/users/me/status", &person.access).await.ok()["is_busy"], false);
        }
        one.start_call(caller, listener, "audio").await.refused(403, "blocked");
    }
    one.assert_books_close().await;
}
