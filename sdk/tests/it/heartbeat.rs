use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::support::{Clock, Server, access, done, ok, refused};

const HEARTBEAT: &str = "POST /users/me/heartbeat";
const SECOND: Duration = Duration::from_secs(1);

/// The next beat, and not only when it would be due.
async fn at_once(clock: &Clock, server: &Server, beats: usize) {
    let ((), took) = clock.drive(Duration::from_millis(1), server.sees(HEARTBEAT, beats)).await;
    assert!(took < 20 * SECOND, "{took:?}");
}

#[tokio::test]
async fn it_beats_every_thirty_seconds_while_on_screen() {
    let clock = Clock::stop();
    let server = Server::start(|_| done()).await;
    let client = server.signed_in("good");
    clock.drive(SECOND, sleep(100 * SECOND)).await;
    assert!(server.seen(HEARTBEAT).is_empty(), "a client begins in the background");

    client.set_foreground(true);
    at_once(&clock, &server, 1).await;
    let ((), took) = clock.drive(SECOND, server.sees(HEARTBEAT, 4)).await;
    assert!(took >= 90 * SECOND, "{took:?}");

    client.set_foreground(false);
    clock.drive(SECOND, sleep(200 * SECOND)).await;
    assert_eq!(server.seen(HEARTBEAT).len(), 4);
    client.set_foreground(true);
    at_once(&clock, &server, 5).await;
}

#[tokio::test]
async fn it_follows_the_login() {
    let clock = Clock::stop();
    let server = Server::start(|seen| match seen.what.as_str() {
        "POST /auth/verify" => {
            ok(json!({"status": "registered", "access_token": access("1", 1800), "refresh_token": "r"}))
        }
        _ => done(),
    })
    .await;
    let client = server.client().build().unwrap();
    client.set_foreground(true);
    clock.drive(SECOND, sleep(100 * SECOND)).await;
    assert!(server.seen(HEARTBEAT).is_empty());
    client.auth().request_otp("+919876543210").await.unwrap().verify("123456").await.unwrap();
    at_once(&clock, &server, 1).await;
    client.auth().logout().await.unwrap();
    clock.drive(SECOND, sleep(200 * SECOND)).await;
    assert_eq!(server.seen(HEARTBEAT).len(), 1);
}

#[tokio::test]
async fn a_lost_beat_is_no_reason_to_stop_and_a_dropped_client_is() {
    let clock = Clock::stop();
    let server = Server::start(|seen| if seen.earlier == 0 { refused(500, "internal_error") } else { done() }).await;
    let client = server.signed_in("good");
    client.set_foreground(true);
    clock.drive(SECOND, server.sees(HEARTBEAT, 2)).await;
    drop(client);
    clock.drive(SECOND, sleep(200 * SECOND)).await;
    assert_eq!(server.seen(HEARTBEAT).len(), 2);
}
