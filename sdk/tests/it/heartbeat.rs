use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::support::{Server, access, done, ok, refused};

const HEARTBEAT: &str = "POST /users/me/heartbeat";

/// Virtual time moves once nothing else can happen.
async fn beats_by(server: &Server, begun: Instant, seconds: u64) -> usize {
    sleep_until(begun + Duration::from_secs(seconds)).await;
    server.seen(HEARTBEAT).len()
}

#[tokio::test(start_paused = true)]
async fn it_beats_every_thirty_seconds_while_on_screen() {
    let server = Server::start(|_| done()).await;
    let client = server.signed_in("good");
    let begun = Instant::now();
    assert_eq!(beats_by(&server, begun, 100).await, 0, "a client begins in the background");
    let begun = Instant::now();
    client.set_foreground(true);
    for (seconds, beats) in [(1, 1), (29, 1), (31, 2), (61, 3)] {
        assert_eq!(beats_by(&server, begun, seconds).await, beats, "after {seconds} s");
    }
    client.set_foreground(false);
    assert_eq!(beats_by(&server, begun, 300).await, 3);
    client.set_foreground(true);
    assert_eq!(beats_by(&server, begun, 301).await, 4, "at once when it comes back");
}

#[tokio::test(start_paused = true)]
async fn it_follows_the_login() {
    let server = Server::start(|seen| match seen.what.as_str() {
        "POST /auth/verify" => {
            ok(json!({"status": "registered", "access_token": access("1", 1800), "refresh_token": "r"}))
        }
        _ => done(),
    })
    .await;
    let client = server.client().build().unwrap();
    client.set_foreground(true);
    let begun = Instant::now();
    assert_eq!(beats_by(&server, begun, 100).await, 0);
    client.auth().request_otp("+919876543210").await.unwrap().verify("123456").await.unwrap();
    assert_eq!(beats_by(&server, begun, 101).await, 1);
    client.auth().logout().await.unwrap();
    assert_eq!(beats_by(&server, begun, 300).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_beat_is_no_reason_to_stop_and_a_dropped_client_is() {
    let server = Server::start(|seen| if seen.earlier == 0 { refused(500, "internal_error") } else { done() }).await;
    let client = server.signed_in("good");
    client.set_foreground(true);
    let begun = Instant::now();
    assert_eq!(beats_by(&server, begun, 31).await, 2);
    drop(client);
    assert_eq!(beats_by(&server, begun, 300).await, 2);
}
