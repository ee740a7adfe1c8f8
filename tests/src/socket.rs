//! A WebSocket as an app holds it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

/// Longer than anything takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens `url`; an HTTP answer instead of a socket is its status.
    pub async fn open(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = url.into_client_request().expect("a URL");
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a header"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&mut self, message: &Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub async fn send_raw(&mut self, message: Message) {
        self.0.send(message).await.expect("the socket is open");
    }

    /// The next frame that is JSON.
    pub async fn next(&mut self) -> Value {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a frame comes") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("frames are JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next change of `user`; frames of others are passed over.
    pub async fn next_of(&mut self, user: i64) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == "user_status_update" && frame["user_id"] == user {
                return frame;
            }
        }
    }

    /// The next event of this type; others are passed over.
    pub async fn next_named(&mut self, name: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == name {
                return frame;
            }
        }
    }

    /// Every frame that arrives before the answer to a ping: after it nothing sent before is under way.
    pub async fn drain(&mut self) -> Vec<Value> {
        self.send(&serde_json::json!({"type": "ping"})).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["type"] == "pong" {
                return frames;
            }
            frames.push(frame);
        }
    }

    /// Bytes that no WebSocket library would send.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        match self.0.get_mut() {
            MaybeTlsStream::Plain(stream) => stream.write_all(bytes).await.expect("the socket is open"),
            _ => panic!("not a plain connection"),
        }
    }

    /// Reads to the end; the close code, if it was not lost with the connection.
    pub async fn end(&mut self) -> Option<u16> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("the socket closes") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Reads to the end; the close code.
    pub async fn close_code(&mut self) -> u16 {
        self.end().await.expect("a close frame")
    }
}
