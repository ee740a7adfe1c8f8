use std::time::Duration;

use saathii_sdk::{
    Client, Code, Event, SessionState, Socket,
    types::{UserId, events::Topic, presence::UserPresence},
};
use serde_json::{Value, json};

use crate::support::{Answer, Clock, Peer, Seen, Server, access, done, ok, pair, refused, soon, status};

const STEP: Duration = Duration::from_millis(100);
const REFRESH: &str = "POST /auth/refresh";

fn renewing(seen: &Seen) -> Answer {
    if seen.what == REFRESH { ok(pair(&(seen.earlier + 1).to_string())) } else { done() }
}

async fn next(socket: &mut Socket) -> Event {
    soon(socket.next()).await.expect("the socket ended")
}

fn event(presence: Value) -> Event {
    Event::Status(serde_json::from_value::<UserPresence>(presence).unwrap())
}

/// A socket that is connected and at offset 5.
async fn connected() -> (Server, Client, Socket, Peer) {
    let server = Server::start(renewing).await;
    let client = server.signed_in("good");
    let mut socket = client.socket(Topic::Feed);
    let mut peer = server.accept().await;
    peer.subscribe("e", 5, false).await;
    assert_eq!(next(&mut socket).await, Event::Connected);
    assert_eq!(next(&mut socket).await, Event::Resync);
    (server, client, socket, peer)
}

#[tokio::test]
async fn the_token_goes_in_a_header_and_the_state_is_to_be_read_first() {
    let server = Server::start(renewing).await;
    let mut socket = server.signed_in("good").socket(Topic::Presence);
    let mut peer = server.accept().await;
    assert_eq!((peer.uri.as_str(), peer.token.as_deref()), ("/ws/presence", Some("good")));
    peer.say(json!({"type": "connection_established", "message": "Connected", "user_id": 1})).await;
    // Comes before the subscription is answered, and so within what is read after `Resync`.
    peer.say(json!({"type": "user_status_update", "user_id": 7, "status": status(7, true)})).await;
    let asked = peer.subscribe("e", 5, false).await;
    assert_eq!(asked, json!({"type": "subscribe", "subscription": "presence", "batch_ms": 0}));
    peer.say(json!({"type": "a_frame_of_tomorrow", "x": 1})).await;
    peer.say(json!({"type": "user_status_batch", "offset": 8, "statuses": [status(1, true), status(2, false)]})).await;
    assert_eq!(next(&mut socket).await, Event::Connected);
    assert_eq!(next(&mut socket).await, Event::Resync);
    assert_eq!(next(&mut socket).await, event(status(1, true)));
    assert_eq!(next(&mut socket).await, event(status(2, false)));
}

#[tokio::test]
async fn a_lost_connection_resumes_where_it_broke_off() {
    let (server, _client, mut socket, mut peer) = connected().await;
    peer.status(status(1, true), 9).await;
    assert_eq!(next(&mut socket).await, event(status(1, true)));
    drop(peer);
    assert_eq!(next(&mut socket).await, Event::Disconnected { close_code: None, code: Code::Network });
    let mut peer = server.accept().await;
    let asked = peer.subscribe("e", 9, true).await;
    assert_eq!(asked["resume"], json!({"epoch": "e", "offset": 9}));
    peer.status(status(1, false), 10).await;
    assert_eq!(next(&mut socket).await, Event::Connected);
    assert_eq!(next(&mut socket).await, event(status(1, false)), "nothing was missed: no resync");
}

#[tokio::test]
async fn what_cannot_be_resumed_is_to_be_read_again() {
    let (server, _client, mut socket, peer) = connected().await;
    peer.close(4408).await;
    assert_eq!(next(&mut socket).await, Event::Disconnected { close_code: Some(4408), code: Code::Network });
    let mut peer = server.accept().await;
    assert_eq!(peer.subscribe("f", 1, false).await["resume"], json!({"epoch": "e", "offset": 5}));
    assert_eq!(next(&mut socket).await, Event::Connected);
    assert_eq!(next(&mut socket).await, Event::Resync);

    peer.say(json!({"type": "resync", "epoch": "g", "offset": 30, "recovered": false})).await;
    assert_eq!(next(&mut socket).await, Event::Resync);
    drop(peer);
    let asked = server.accept().await.subscribe("g", 30, true).await;
    assert_eq!(asked["resume"], json!({"epoch": "g", "offset": 30}));
}

#[tokio::test]
async fn the_end_of_the_login_ends_the_socket() {
    let (server, client, mut socket, peer) = connected().await;
    peer.close(4401).await;
    assert_eq!(next(&mut socket).await, Event::SignedOut);
    assert_eq!(soon(socket.next()).await, None);
    assert_eq!(client.session().state(), SessionState::Ended);
    assert!(server.seen(REFRESH).is_empty());
}

#[tokio::test]
async fn signing_out_here_closes_the_socket() {
    let (_server, client, mut socket, mut peer) = connected().await;
    client.auth().logout().await.unwrap();
    assert_eq!(next(&mut socket).await, Event::SignedOut);
    assert!(peer.is_left().await);
    assert_eq!(client.session().state(), SessionState::SignedOut);
}

#[tokio::test]
async fn an_expired_token_is_renewed_before_the_next_connection() {
    let (server, _client, mut socket, peer) = connected().await;
    peer.close(4402).await;
    assert_eq!(next(&mut socket).await, Event::Disconnected { close_code: Some(4402), code: Code::Network });
    let mut peer = server.accept().await;
    assert_eq!(peer.token, Some(access("1", 1800)));
    assert_eq!(peer.subscribe("e", 5, true).await["resume"]["offset"], 5);
    assert_eq!(server.seen(REFRESH).len(), 1);
}

#[tokio::test]
async fn a_server_that_restarts_is_given_the_time_it_asks_for() {
    let clock = Clock::stop();
    let (server, _client, mut socket, mut peer) = connected().await;
    peer.say(json!({"type": "reconnect", "after_ms": 4000})).await;
    peer.close(1012).await;
    assert_eq!(next(&mut socket).await, Event::Disconnected { close_code: Some(1012), code: Code::Network });
    let (mut peer, waited) = clock.drive(STEP, server.accept()).await;
    assert!(waited >= Duration::from_secs(4), "{waited:?}");
    assert_eq!(peer.subscribe("e", 5, true).await["resume"]["offset"], 5);
}

#[tokio::test]
async fn an_app_that_comes_on_screen_does_not_wait() {
    // Nobody drives it: any wait would be for ever.
    let _clock = Clock::stop();
    let (server, client, mut socket, mut peer) = connected().await;
    peer.say(json!({"type": "reconnect", "after_ms": 60_000})).await;
    peer.close(1012).await;
    assert_eq!(next(&mut socket).await, Event::Disconnected { close_code: Some(1012), code: Code::Network });
    client.set_foreground(true);
    server.accept().await;
}

#[tokio::test]
async fn a_peer_that_went_silent_is_left() {
    let clock = Clock::stop();
    let (server, _client, mut socket, mut silent) = connected().await;
    let second = Duration::from_secs(1);
    let (_, quiet) = clock.drive(second, silent.hear("ping")).await;
    assert!(quiet >= 25 * second, "{quiet:?}");
    silent.say(json!({"type": "pong", "timestamp": "2024-01-15T10:30:00Z"})).await;
    clock.drive(second, silent.hear("ping")).await;
    // No pong this time, and the connection stays open.
    let (told, _) = clock.drive(second, next(&mut socket)).await;
    assert_eq!(told, Event::Disconnected { close_code: None, code: Code::Network });
    let (mut peer, _) = clock.drive(second, server.accept()).await;
    assert_eq!(peer.subscribe("e", 5, true).await["resume"]["offset"], 5);
}

#[tokio::test]
async fn what_is_visible_is_told_to_the_server_and_again_after_a_reconnect() {
    let (server, _client, mut socket, mut peer) = connected().await;
    socket.set_visible([UserId(3), UserId(1), UserId(3)]);
    let asked = peer.hear("subscribe").await;
    assert_eq!((&asked["user_ids"], &asked["resume"]["offset"]), (&json!([1, 3]), &json!(5)));
    // Said under the old view, and said again behind the answer.
    peer.status(status(3, false), 6).await;
    peer.say(json!({"type": "subscribed", "subscription": "feed", "epoch": "e", "offset": 5, "recovered": true})).await;
    peer.status(status(3, false), 6).await;
    peer.status(status(1, true), 7).await;
    assert_eq!(next(&mut socket).await, event(status(3, false)));
    assert_eq!(next(&mut socket).await, event(status(1, true)));
    drop(peer);
    let asked = server.accept().await.subscribe("e", 7, true).await;
    assert_eq!((&asked["user_ids"], &asked["resume"]["offset"]), (&json!([1, 3]), &json!(7)));
}

#[tokio::test]
async fn scrolling_sends_only_so_many_subscriptions() {
    let clock = Clock::stop();
    let (_server, _client, socket, mut peer) = connected().await;
    let frame = Duration::from_millis(16);
    let scrolling = async {
        for id in 0..120 {
            socket.set_visible([UserId(id)]);
            tokio::time::sleep(frame).await;
        }
    };
    let hearing = async {
        let mut heard = 0;
        loop {
            let asked = peer.subscribe("e", 5, true).await;
            heard += 1;
            if asked["user_ids"] == json!([119]) {
                return heard;
            }
        }
    };
    let ((heard, ()), took) = clock.drive(frame, async { tokio::join!(hearing, scrolling) }).await;
    assert!(f64::from(heard) <= took.as_secs_f64() * 5.0 + 1.0, "{heard} in {took:?}");
}

#[tokio::test]
async fn a_refused_handshake_renews_the_token_once() {
    let server = Server::start(|seen| match seen.what.as_str() {
        "POST /refusing/auth/refresh" => ok(pair("1")),
        "GET /refusing/ws/feed" if seen.token.as_deref() == Some("old") => refused(401, "token_expired"),
        _ => refused(503, "unavailable"),
    })
    .await;
    let client = server
        .client()
        .base_url(format!("{}/refusing", server.url))
        .token_store(crate::support::stored("old"))
        .build()
        .unwrap();
    let mut socket = client.socket(Topic::Feed);
    assert_eq!(next(&mut socket).await, Event::Disconnected { close_code: None, code: Code::UnexpectedAnswer });
    server.sees("GET /refusing/ws/feed", 4).await;
    // The address of this server has a folder before it, and so has the refresh.
    assert_eq!(server.seen("POST /refusing/auth/refresh").len(), 1);
}

#[tokio::test]
async fn a_token_refused_however_new_it_is_does_not_make_a_storm() {
    let clock = Clock::stop();
    let server = Server::start(|seen| match seen.what.as_str() {
        "POST /x/auth/refresh" => ok(pair(&(seen.earlier + 1).to_string())),
        _ => refused(401, "invalid_token"),
    })
    .await;
    let client = server
        .client()
        .base_url(format!("{}/x", server.url))
        .retry(saathii_sdk::RetryPolicy::default())
        .token_store(crate::support::stored("old"))
        .build()
        .unwrap();
    let _socket = client.socket(Topic::Feed);
    clock.drive(STEP, tokio::time::sleep(Duration::from_mins(1))).await;
    let refreshes = server.seen("POST /x/auth/refresh").len();
    assert!((1..30).contains(&refreshes), "{refreshes} in a minute");
}

#[tokio::test]
async fn a_slow_reader_is_not_disconnected_and_misses_nothing() {
    let (_server, _client, mut socket, mut peer) = connected().await;
    let sending = tokio::spawn(async move {
        for id in 0..2_000 {
            peer.status(status(id, true), 6 + u64::try_from(id).unwrap()).await;
        }
        peer
    });
    for id in 0..2_000 {
        if id % 100 == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(next(&mut socket).await, event(status(id, true)));
    }
    soon(sending).await.unwrap();
}

#[tokio::test]
async fn a_socket_that_is_dropped_hangs_up() {
    let (_server, _client, socket, mut peer) = connected().await;
    drop(socket);
    assert!(peer.is_left().await);
}

#[tokio::test]
async fn another_login_gets_a_connection_of_its_own() {
    let server = Server::start(|seen| match seen.what.as_str() {
        "POST /auth/verify" => ok(json!({
            "status": "registered", "access_token": access("other", 1800), "refresh_token": "r-other"
        })),
        _ => done(),
    })
    .await;
    let client = server.signed_in("good");
    let mut socket = client.socket(Topic::Feed);
    let mut peer = server.accept().await;
    peer.subscribe("e", 5, false).await;
    assert_eq!(next(&mut socket).await, Event::Connected);
    client.auth().request_otp("+919876543210").await.unwrap().verify("123456").await.unwrap();
    let mut peer = server.accept().await;
    assert_eq!(peer.token, Some(access("other", 1800)));
    assert_eq!(peer.subscribe("e", 6, false).await.get("resume"), None, "another login sees other people");
}
