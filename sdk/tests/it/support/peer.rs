use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::soon;

/// The server's end of one socket.
pub(crate) struct Peer {
    socket: WebSocket,
    pub(crate) uri: String,
    pub(crate) token: Option<String>,
    _open: oneshot::Sender<()>,
}

impl Peer {
    /// The second part ends once the first is dropped.
    pub(crate) fn new(socket: WebSocket, uri: String, token: Option<String>) -> (Self, impl Future<Output = ()>) {
        let (open, closed) = oneshot::channel();
        (Self { socket, uri, token, _open: open }, async {
            let _ = closed.await;
        })
    }

    pub(crate) async fn say(&mut self, value: Value) {
        self.socket.send(Message::text(value.to_string())).await.unwrap();
    }

    /// The next message of that type; pings are left out otherwise.
    pub(crate) async fn hear(&mut self, kind: &str) -> Value {
        soon(async {
            loop {
                if let Message::Text(text) = self.socket.recv().await.expect("closed").expect("broken") {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] == kind {
                        return message;
                    }
                    assert_eq!(message["type"], "ping", "{message}");
                }
            }
        })
        .await
    }

    /// Whether the client hung up.
    pub(crate) async fn is_left(&mut self) -> bool {
        soon(async { while let Some(Ok(_)) = self.socket.recv().await {} }).await;
        true
    }

    /// Answers a subscription, and gives what it asked for.
    pub(crate) async fn subscribe(&mut self, epoch: &str, offset: u64, recovered: bool) -> Value {
        let asked = self.hear("subscribe").await;
        self.say(json!({
            "type": "subscribed", "subscription": "feed", "epoch": epoch, "offset": offset, "recovered": recovered
        }))
        .await;
        asked
    }

    pub(crate) async fn status(&mut self, status: Value, offset: u64) {
        let user_id = status["user_id"].clone();
        self.say(json!({"type": "user_status_update", "user_id": user_id, "status": status, "offset": offset})).await;
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame { code, reason: "".into() };
        self.socket.send(Message::Close(Some(frame))).await.unwrap();
        let drained = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = tokio::time::timeout(Duration::from_secs(1), drained).await;
    }
}
