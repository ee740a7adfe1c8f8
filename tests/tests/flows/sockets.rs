//! One node's sockets (contract §WebSocket, DESIGN §6).

use chrono::TimeDelta;
use futures_util::SinkExt;
use saathii_sdk::types::presence::{StatusPatch, UserPresence};
use saathii_server::realtime::StatusChange;
use serde_json::{Value, json};
use tests::{Socket, TestApp, people::ONLINE};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_change_is_one_documented_frame_on_every_socket_that_may_see_it() {
    let app = TestApp::start().await;
    let listener = app.register("john_doe", "listener").await;
    let caller = app.register("caller", "user").await;
    let mut feed = app.socket("/ws/feed", &caller).await;
    let mut presence = app.socket("/ws/presence", &caller).await;
    let mut own = app.socket("/ws/presence", &listener).await;
    app.set_status(&listener, &ONLINE).await;
    let expected = json!({
        "type": "user_status_update", "user_id": listener.id,
        "status": {
            "user_id": listener.id, "username": "john_doe", "profile_image_url": null, "is_online": true,
            "last_seen": "2026-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true
        }
    });
    for socket in [&mut feed, &mut presence, &mut own] {
        assert_eq!(socket.next().await, expected);
        assert!(socket.drain().await.is_empty());
    }
    // Somebody who is no listener is on `/ws/presence` alone.
    app.set_status(&caller, &ONLINE).await;
    assert_eq!(presence.next().await["user_id"], caller.id);
    assert!(feed.drain().await.is_empty());
}

#[tokio::test]
async fn the_greeting_is_as_documented_and_pings_are_answered() {
    let app = TestApp::start().await;
    let person = app.register("greeted", "user").await;
    for (path, text) in [("/ws/feed", "Connected to feed updates"), ("/ws/presence", "Connected to presence updates")] {
        let url = app.socket_url(&format!("{path}?token={}", person.access));
        let mut socket = Socket::open(&url, &[]).await.unwrap();
        let greeting = json!({"type": "connection_established", "message": text, "user_id": person.id});
        assert_eq!(socket.next().await, greeting);
        socket.send(&json!({"type": "ping", "timestamp": "2024-01-15T10:30:00Z"})).await;
        assert_eq!(socket.next().await, json!({"type": "pong", "timestamp": "2026-01-15T10:30:00Z"}));
        socket.send(&json!({"type": "subscribe", "subscription": "feed"})).await;
        assert!(socket.drain().await.is_empty());
    }
}

#[tokio::test]
async fn a_token_comes_by_query_by_header_or_by_protocol() {
    let app = TestApp::start().await;
    let person = app.register("tokens", "user").await;
    let bearer = format!("Bearer {}", person.access);
    let protocol = format!("bearer, {}", person.access);
    let url = app.socket_url("/ws/feed");
    for headers in [[("authorization", bearer.as_str())], [("sec-websocket-protocol", protocol.as_str())]] {
        let mut socket = Socket::open(&url, &headers).await.unwrap();
        assert_eq!(socket.next().await["type"], "connection_established");
    }
    assert_eq!(Socket::open(&url, &[]).await.err(), Some(401));
    app.advance(TimeDelta::minutes(30));
    assert_eq!(Socket::open(&url, &[("authorization", &bearer)]).await.err(), Some(401));
}

#[tokio::test]
async fn a_page_of_another_site_opens_no_socket() {
    let app = TestApp::start().await;
    let person = app.register("visited", "user").await;
    let bearer = format!("Bearer {}", person.access);
    let open = async |origin: &str| {
        Socket::open(&app.socket_url("/ws/feed"), &[("authorization", &bearer), ("origin", origin)]).await.err()
    };
    assert_eq!(open("https://evil.example").await, Some(403));
    assert_eq!(open("null").await, Some(403));
    assert_eq!(open("http://localhost:3000").await, None);
    assert_eq!(open(&app.base).await, None);
}

#[tokio::test]
async fn a_quiet_heartbeat_is_told_once_in_fifteen_seconds() {
    let app = TestApp::start().await;
    let person = app.register("beater", "listener").await;
    let watcher = app.register("watcher", "user").await;
    let mut socket = app.socket("/ws/feed", &watcher).await;
    app.heartbeat(&person).await;
    assert_eq!(socket.next_of(person.id).await["status"]["is_online"], true);
    for _ in 0..3 {
        app.heartbeat(&person).await;
    }
    app.advance(TimeDelta::seconds(14));
    app.heartbeat(&person).await;
    app.advance(TimeDelta::seconds(1));
    app.heartbeat(&person).await;
    // The next frame is the one of the fifteenth second, and there is no other.
    assert_eq!(socket.next_of(person.id).await["status"]["last_seen"], "2026-01-15T10:30:15Z");
    assert!(socket.drain().await.is_empty());
}

#[tokio::test]
async fn bad_frames_close_with_the_right_code() {
    let app = TestApp::start().await;
    let person = app.register("rude", "user").await;
    let mut binary = app.socket("/ws/feed", &person).await;
    binary.send_raw(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(binary.close_code().await, 1003);

    let mut large = app.socket("/ws/feed", &person).await;
    // The server may close before it has read it all.
    let _ = large.0.send(Message::text("x".repeat(1_000_000))).await;
    assert!(matches!(large.end().await, Some(1009) | None));

    let mut flood = app.socket("/ws/feed", &person).await;
    for _ in 0..10_000 {
        if flood.0.send(Message::text(r#"{"type":"ping"}"#)).await.is_err() {
            break;
        }
    }
    assert!(matches!(flood.end().await, Some(1008) | None));

    let mut broken = app.socket("/ws/feed", &person).await;
    broken.send_bytes(&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]).await;
    assert_eq!(broken.close_code().await, 1007);

    let mut unmasked = app.socket("/ws/feed", &person).await;
    unmasked.send_bytes(&[0x81, 0x02, b'h', b'i']).await;
    assert_eq!(unmasked.close_code().await, 1002);

    let mut nonsense = app.socket("/ws/feed", &person).await;
    for text in ["", "nonsense", "[]", r#"{"type":"dance"}"#, r#"{"type":"subscribe","user_ids":"all"}"#] {
        nonsense.send_raw(Message::text(text)).await;
        assert_eq!(nonsense.next().await["code"], "invalid_message", "{text}");
    }
    assert!(nonsense.drain().await.is_empty(), "the socket stays open");
    person.client.users().me().await.unwrap();
}

#[tokio::test]
async fn a_socket_outlives_its_token_only_if_the_login_was_refreshed() {
    let app = TestApp::start().await;
    let (lazy, diligent) = (app.register("lazy", "user").await, app.register("diligent", "user").await);
    let mut closes = app.socket("/ws/feed", &lazy).await;
    let mut stays = app.socket("/ws/feed", &diligent).await;
    app.advance(TimeDelta::minutes(20));
    diligent.client.auth().refresh().await.unwrap();
    app.advance(TimeDelta::minutes(11));
    closes.send(&json!({"type": "ping"})).await;
    assert_eq!(closes.close_code().await, 4402);
    assert!(stays.drain().await.is_empty());
}

#[tokio::test]
async fn a_person_holds_sixteen_sockets_and_the_oldest_gives_way() {
    let app = TestApp::start().await;
    let person = app.register("greedy", "user").await;
    let mut sockets = Vec::new();
    for _ in 0..17 {
        sockets.push(app.socket("/ws/feed", &person).await);
    }
    assert_eq!(sockets[0].close_code().await, 1008);
    assert!(sockets[1].drain().await.is_empty());
    app.socket_count_becomes(16).await;
}

async fn subscribe(socket: &mut Socket, more: Value) -> Value {
    let mut message = json!({"type": "subscribe", "subscription": "feed"});
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    socket.send(&message).await;
    loop {
        let frame = socket.next().await;
        if frame["type"] == "subscribed" {
            return frame;
        }
    }
}

#[tokio::test]
async fn a_new_client_sees_only_what_is_on_its_screen_with_offsets() {
    let app = TestApp::start().await;
    let (a, b) = (app.register("shown", "listener").await, app.register("hidden", "listener").await);
    let mut socket = app.socket("/ws/feed", &a).await;
    let subscribed = subscribe(&mut socket, json!({"user_ids": [a.id]})).await;
    assert_eq!((&subscribed["subscription"], &subscribed["recovered"]), (&json!("feed"), &json!(false)));
    app.set_status(&b, &ONLINE).await;
    app.set_status(&a, &ONLINE).await;
    let frame = socket.next().await;
    assert_eq!(frame["user_id"], a.id);
    assert_eq!(frame["offset"].as_u64().unwrap(), subscribed["offset"].as_u64().unwrap() + 2);

    let many: Vec<i64> = (0..501).collect();
    socket.send(&json!({"type": "subscribe", "user_ids": many})).await;
    assert_eq!(socket.next().await["code"], "too_many_user_ids");
}

#[tokio::test]
async fn a_batch_holds_the_latest_of_each_user() {
    let app = TestApp::start().await;
    let (a, b) = (app.register("one", "listener").await, app.register("two", "listener").await);
    let mut socket = app.socket("/ws/feed", &a).await;
    subscribe(&mut socket, json!({"batch_ms": 400})).await;
    for busy in [true, false, true] {
        app.set_status(&a, &StatusPatch { is_busy: Some(busy), ..ONLINE }).await;
    }
    app.set_status(&b, &ONLINE).await;
    let mut states = std::collections::HashMap::new();
    let mut frames = 0;
    while !states.contains_key(&b.id) {
        let batch = socket.next().await;
        assert_eq!(batch["type"], "user_status_batch", "{batch}");
        frames += 1;
        for status in batch["statuses"].as_array().unwrap() {
            states.insert(status["user_id"].as_i64().unwrap(), status["is_busy"].clone());
        }
    }
    assert_eq!(states[&a.id], json!(true));
    assert!(frames < 4, "four changes came in {frames} frames");
}

#[tokio::test]
async fn whoever_resumes_gets_exactly_what_was_missed() {
    let app = TestApp::start().await;
    let (watcher, busy) = (app.register("watcher", "user").await, app.register("busy", "listener").await);
    let mut socket = app.socket("/ws/feed", &watcher).await;
    let place = subscribe(&mut socket, json!({"batch_ms": 0})).await;
    drop(socket);
    for i in 0..500 {
        app.set_status(&busy, &StatusPatch { is_busy: Some(i % 2 == 0), ..ONLINE }).await;
    }
    let first = place["offset"].as_u64().unwrap() + 1;
    let resume = json!({"resume": {"epoch": place["epoch"], "offset": place["offset"]}});
    let mut socket = app.socket("/ws/feed", &watcher).await;
    // The last frame may still be on its way to this node when the socket opens.
    assert_eq!(subscribe(&mut socket, resume).await["recovered"], true);
    for i in 0..500 {
        let frame = socket.next_of(busy.id).await;
        assert_eq!(frame["offset"].as_u64().unwrap(), first + i);
        assert_eq!(frame["status"]["is_busy"], i % 2 == 0);
    }
    assert!(socket.drain().await.is_empty());

    for resume in
        [json!({"epoch": "another", "offset": place["offset"]}), json!({"epoch": place["epoch"], "offset": 999_999})]
    {
        assert_eq!(subscribe(&mut socket, json!({"resume": resume})).await["recovered"], false);
    }
}

#[tokio::test]
async fn a_reader_that_never_reads_holds_nobody_up_and_is_let_go() {
    let app = TestApp::start().await;
    let (stuck, watcher) = (app.register("stuck", "user").await, app.register("watcher", "user").await);
    let busy = app.register("busy", "listener").await;
    let mut never_reads = app.socket("/ws/feed", &stuck).await;
    let mut reads = app.socket("/ws/feed", &watcher).await;
    let status = watcher.client.presence().of(busy.user_id()).await.unwrap();
    let done = tokio::spawn(async move {
        loop {
            let frame = reads.next_of(busy.id).await;
            if frame["status"]["username"].as_str().unwrap().starts_with("59999x") {
                break;
            }
        }
    });
    // More than every buffer on the way and the whole ring: far behind, and then left behind.
    for revision in 0..60_000 {
        let username = format!("{revision}{}", "x".repeat(500));
        let status = UserPresence { username, ..status.clone() };
        app.state.bus.publish(StatusChange { revision: revision + 10, is_listener: true, status });
        if revision % 500 == 0 {
            app.state.bus.flush().await;
        }
    }
    done.await.unwrap();
    assert_eq!(never_reads.end().await, Some(4408));
}
