//! One connection.

use std::{collections::HashSet, future::Future, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use chrono::{DateTime, Utc};
use futures_util::SinkExt;
use rand::Rng;
use saathii_shared_types::{
    SessionId, UserId,
    events::{ClientMessage, ServerEvent, Subscribe, Topic, close},
};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite;

use super::{
    Hub,
    hub::{Closing, Registration},
    personal::Note,
    stream::{Backlog, Frame},
};
use crate::infra::clock::Clock;

/// A client says `ping` and `subscribe`; the largest of them names 500 people.
const LARGEST_MESSAGE: usize = 16 * 1024;
const MOST_USER_IDS: usize = 500;
const LONGEST_BATCH: Duration = Duration::from_secs(10);

/// A reader further behind than this gets the latest frame of each user.
const CONFLATE_BEYOND: usize = 1024;

const PING_EVERY: Duration = Duration::from_secs(30);
/// Two pings and a half without a word: the phone is gone, whatever TCP believes.
const SILENCE: Duration = Duration::from_secs(75);
/// Somebody who takes nothing for so long is closed.
const SEND_PATIENCE: Duration = Duration::from_secs(15);

/// How long a new socket waits to be told whom it must not show.
const SIGHT_PATIENCE: Duration = Duration::from_secs(10);

const MESSAGES_PER_SECOND: f64 = 10.0;
const MESSAGE_BURST: f64 = 40.0;

/// Sockets of a server that goes down come back over so long.
const RECONNECT_WITHIN_MS: u64 = 5_000;

/// Whose socket this is, and until when it is good.
pub struct Credentials {
    pub user: UserId,
    pub session: SessionId,
    pub expires_at: DateTime<Utc>,
}

/// Small buffers: a hundred thousand idle sockets have to fit.
pub fn handshake(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .protocols(["bearer"])
        .read_buffer_size(1024)
        .write_buffer_size(2 * 1024)
        .max_write_buffer_size(256 * 1024)
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
}

/// Serves one connection to its end. `renewed` tells until when the login's newest token lives.
pub async fn run<R, F>(
    hub: Arc<Hub>,
    clock: Clock,
    socket: WebSocket,
    topic: Topic,
    credentials: Credentials,
    renewed: R,
) where
    R: Fn() -> F + Send + Sync,
    F: Future<Output = Option<DateTime<Utc>>> + Send,
{
    // The cursor is taken before the greeting: whatever happens after the greeting is seen to arrive.
    let changes = hub.changes();
    let (cursor, _) = hub.now();
    let registration = hub.register(credentials.user, credentials.session, topic);
    let sight = hub.ask(credentials.user);
    let now = Instant::now();
    let mut connection = Connection {
        view: View { topic, only: None, batch: None, is_extended: false },
        hub,
        clock,
        socket,
        changes,
        cursor,
        registration,
        expires_at: credentials.expires_at,
        heard_at: now,
        ping_at: now + PING_EVERY,
        flush_at: None,
        allowance: MESSAGE_BURST,
        allowance_at: now,
    };
    // Boxed: it is done before a socket is idle.
    let end = match Box::pin(connection.open(sight)).await {
        Ok(()) => connection.serve(&renewed).await,
        Err(end) => end,
    };
    connection.finish(end).await;
}

/// What a socket wants to see.
struct View {
    topic: Topic,
    only: Option<HashSet<UserId>>,
    batch: Option<Duration>,
    /// A new client: frames bear their place.
    is_extended: bool,
}

impl View {
    fn shows(&self, frame: &Frame) -> bool {
        (self.topic == Topic::Presence || frame.is_listener)
            && self.only.as_ref().is_none_or(|only| only.contains(&frame.user))
            && !(self.is_extended && frame.mends)
    }
}

/// How a connection ends.
enum End {
    /// The other side closed or is gone.
    Gone,
    /// From this side, with a code and why.
    Close(u16, &'static str),
    /// This server goes down.
    Shutdown,
}

const TOO_SLOW: End = End::Close(close::SLOW_CONSUMER, "too slow, come back and resume");

struct Connection {
    hub: Arc<Hub>,
    clock: Clock,
    socket: WebSocket,
    changes: watch::Receiver<u64>,
    cursor: u64,
    view: View,
    registration: Registration,
    expires_at: DateTime<Utc>,
    heard_at: Instant,
    ping_at: Instant,
    flush_at: Option<Instant>,
    /// A token bucket over incoming messages.
    allowance: f64,
    allowance_at: Instant,
}

enum Wake {
    Closed,
    Shutdown,
    Notes(Vec<Note>),
    Message(Option<Result<Message, axum::Error>>),
    Changes,
    Timer,
}

impl Connection {
    /// Greets, once it is known whom this socket must not show.
    async fn open(&mut self, sight: oneshot::Receiver<()>) -> Result<(), End> {
        let known = tokio::select! {
            biased;
            () = self.registration.handle.closed.cancelled() => return Err(self.closing()),
            () = self.hub.shutdown.cancelled() => return Err(End::Shutdown),
            known = timeout(SIGHT_PATIENCE, sight) => known,
        };
        match known {
            Ok(Ok(())) => self.greet(self.registration.user).await,
            Ok(Err(_)) | Err(_) => Err(End::Close(1013, "try again later")),
        }
    }

    async fn greet(&mut self, user_id: UserId) -> Result<(), End> {
        let message = match self.view.topic {
            Topic::Feed => "Connected to feed updates",
            Topic::Presence => "Connected to presence updates",
        };
        self.say(&ServerEvent::ConnectionEstablished { message: message.to_owned(), user_id }).await
    }

    async fn serve<R, F>(&mut self, renewed: &R) -> End
    where
        R: Fn() -> F,
        F: Future<Output = Option<DateTime<Utc>>>,
    {
        loop {
            let step = match self.wait().await {
                Wake::Closed => Err(self.closing()),
                Wake::Shutdown => Err(End::Shutdown),
                Wake::Notes(notes) => self.pass_on(notes).await,
                Wake::Message(message) => match self.check_expiry(renewed).await {
                    Ok(()) => self.hear(message).await,
                    Err(end) => Err(end),
                },
                Wake::Changes => self.notice_changes().await,
                Wake::Timer => self.on_timer(renewed).await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        let until_expiry =
            (self.expires_at - self.clock.now()).to_std().unwrap_or_default() + Duration::from_millis(10);
        let expiry = Instant::now() + until_expiry;
        let timer = self.flush_at.map_or(self.ping_at, |flush| flush.min(self.ping_at)).min(expiry);
        tokio::select! {
            biased;
            () = self.registration.handle.closed.cancelled() => Wake::Closed,
            () = self.hub.shutdown.cancelled() => Wake::Shutdown,
            notes = self.registration.handle.inbox.take() => Wake::Notes(notes),
            message = self.socket.recv() => Wake::Message(message),
            // While a batch is being gathered, its timer wakes us.
            Ok(()) = self.changes.changed(), if self.flush_at.is_none() => Wake::Changes,
            () = tokio::time::sleep_until(timer) => Wake::Timer,
        }
    }

    fn closing(&self) -> End {
        match self.registration.handle.reason() {
            Closing::SessionEnded => End::Close(close::SESSION_ENDED, "session ended"),
            Closing::TooManySockets => End::Close(1008, "too many sockets"),
            Closing::TooSlow => TOO_SLOW,
        }
    }

    /// A socket outlives its token only if the login has a newer one.
    async fn check_expiry<R, F>(&mut self, renewed: &R) -> Result<(), End>
    where
        R: Fn() -> F,
        F: Future<Output = Option<DateTime<Utc>>>,
    {
        let now = self.clock.now();
        if now < self.expires_at {
            return Ok(());
        }
        match renewed().await {
            Some(until) if until > now => {
                self.expires_at = until;
                Ok(())
            }
            Some(_) => Err(End::Close(close::TOKEN_EXPIRED, "token expired")),
            None => Err(End::Close(close::SESSION_ENDED, "session ended")),
        }
    }

    async fn on_timer<R, F>(&mut self, renewed: &R) -> Result<(), End>
    where
        R: Fn() -> F,
        F: Future<Output = Option<DateTime<Utc>>>,
    {
        self.check_expiry(renewed).await?;
        let now = Instant::now();
        if self.flush_at.is_some_and(|flush| flush <= now) {
            self.flush_at = None;
            self.deliver().await?;
        }
        if self.ping_at <= now {
            if now.duration_since(self.heard_at) > SILENCE {
                return Err(End::Gone);
            }
            self.ping_at = now + PING_EVERY;
            self.send([Message::Ping(axum::body::Bytes::new())]).await?;
        }
        Ok(())
    }

    async fn notice_changes(&mut self) -> Result<(), End> {
        match self.view.batch {
            Some(batch) => {
                self.flush_at = Some(Instant::now() + batch);
                Ok(())
            }
            None => self.deliver().await,
        }
    }

    async fn pass_on(&mut self, notes: Vec<Note>) -> Result<(), End> {
        let view = &self.view;
        let text = |note| match note {
            Note::Personal(text) => Some(text),
            Note::Status(frame) => view.shows(&frame).then(|| frame.plain()),
        };
        let messages: Vec<Message> = notes.into_iter().filter_map(text).map(Message::Text).collect();
        self.send(messages).await
    }

    async fn deliver(&mut self) -> Result<(), End> {
        match self.hub.read(self.cursor, CONFLATE_BEYOND) {
            Backlog::TooSlow => Err(TOO_SLOW),
            Backlog::Reset { next } => {
                self.cursor = next;
                self.changes.mark_changed();
                if !self.view.is_extended {
                    return Ok(());
                }
                let (_, position) = self.hub.now();
                self.say(&ServerEvent::Resync { epoch: position.epoch, offset: position.offset, recovered: false })
                    .await
            }
            Backlog::Frames { frames, next } => {
                self.cursor = next;
                let hidden = self.hub.hidden_from(self.registration.user, &self.registration.handle);
                let is_hidden = |frame: &Frame| hidden.as_ref().is_some_and(|hidden| hidden.contains(&frame.user));
                let shown = frames.into_iter().filter(|frame| self.view.shows(frame) && !is_hidden(frame));
                self.send_frames(shown.collect()).await
            }
        }
    }

    async fn send_frames(&mut self, frames: Vec<Arc<Frame>>) -> Result<(), End> {
        if frames.is_empty() {
            return Ok(());
        }
        if self.view.batch.is_some() {
            return self.send([Message::Text(batched(&frames))]).await;
        }
        let is_extended = self.view.is_extended;
        let encode = |frame: Arc<Frame>| Message::Text(if is_extended { frame.placed() } else { frame.plain() });
        self.send(frames.into_iter().map(encode)).await
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard_at = Instant::now();
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(refusal(error)),
            None => return Err(End::Gone),
        };
        self.take_allowance()?;
        match message {
            Message::Text(text) => self.answer(&text).await,
            Message::Binary(_) => Err(End::Close(1003, "send text")),
            // tungstenite answers pings and closes by itself.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(End::Gone),
        }
    }

    fn take_allowance(&mut self) -> Result<(), End> {
        let earned = self.heard_at.duration_since(self.allowance_at).as_secs_f64() * MESSAGES_PER_SECOND;
        self.allowance = (self.allowance + earned).min(MESSAGE_BURST) - 1.0;
        self.allowance_at = self.heard_at;
        if self.allowance < 0.0 { Err(End::Close(1008, "too many messages")) } else { Ok(()) }
    }

    async fn answer(&mut self, text: &str) -> Result<(), End> {
        match serde_json::from_str(text) {
            Ok(ClientMessage::Ping { .. }) => self.say(&ServerEvent::Pong { timestamp: self.clock.now() }).await,
            Ok(ClientMessage::Subscribe(subscribe)) if subscribe.is_extended() => self.subscribe(subscribe).await,
            // The contract's own `subscribe` names the topic that the socket has anyway.
            Ok(ClientMessage::Subscribe(_)) => Ok(()),
            Err(_) => self.refuse("invalid_message", "send {\"type\":\"ping\"} or {\"type\":\"subscribe\"}").await,
        }
    }

    async fn refuse(&mut self, code: &str, message: &str) -> Result<(), End> {
        self.say(&ServerEvent::Error { code: code.to_owned(), message: message.to_owned() }).await
    }

    async fn subscribe(&mut self, subscribe: Subscribe) -> Result<(), End> {
        if subscribe.user_ids.as_ref().is_some_and(|ids| ids.len() > MOST_USER_IDS) {
            return self.refuse("too_many_user_ids", "name at most 500 people").await;
        }
        let batch =
            subscribe.batch_ms.filter(|ms| *ms > 0).map(|ms| Duration::from_millis(ms.into()).min(LONGEST_BATCH));
        self.view = View {
            topic: self.view.topic,
            only: subscribe.user_ids.map(|ids| ids.into_iter().collect()),
            batch,
            is_extended: true,
        };
        self.flush_at = None;
        let resumed = subscribe.resume.and_then(|position| Some((self.hub.resume(&position)?, position)));
        let recovered = resumed.is_some();
        let (cursor, position) = resumed.unwrap_or_else(|| self.hub.now());
        self.cursor = cursor;
        let subscription = self.view.topic;
        self.say(&ServerEvent::Subscribed { subscription, epoch: position.epoch, offset: position.offset, recovered })
            .await?;
        self.changes.mark_changed();
        Ok(())
    }

    async fn say(&mut self, event: &ServerEvent) -> Result<(), End> {
        let text = serde_json::to_string(event).unwrap_or_default();
        self.send([Message::Text(text.into())]).await
    }

    /// Sends, but not for ever: the peer may take nothing, and the login may end meanwhile.
    async fn send(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), End> {
        let socket = &mut self.socket;
        let sending = async {
            for message in messages {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        let sent = tokio::select! {
            sent = timeout(SEND_PATIENCE, sending) => sent,
            () = self.registration.handle.closed.cancelled() => return Err(self.closing()),
        };
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(TOO_SLOW),
        }
    }

    async fn finish(mut self, end: End) {
        let (code, reason) = match end {
            End::Gone => (1000, ""),
            End::Close(code, reason) => (code, reason),
            End::Shutdown => {
                let after_ms = rand::rng().random_range(0..RECONNECT_WITHIN_MS);
                let text = serde_json::to_string(&ServerEvent::Reconnect { after_ms }).unwrap_or_default();
                let _ = timeout(Duration::from_secs(1), self.socket.send(Message::Text(text.into()))).await;
                (1012, "server goes down, reconnect")
            }
        };
        metrics::counter!("saathii_sockets_closed_total", "code" => code.to_string()).increment(1);
        // The peer may be long gone: a close is a courtesy.
        let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        let _ = timeout(Duration::from_secs(1), async {
            if self.socket.send(close).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        })
        .await;
    }
}

/// The code that tells a client what it did wrong (RFC 6455 §7.4.1).
fn refusal(error: axum::Error) -> End {
    match error.into_inner().downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => End::Close(1009, "message too large"),
        Some(tungstenite::Error::Utf8(_)) => End::Close(1007, "not UTF-8"),
        Some(tungstenite::Error::Protocol(_)) => End::Close(1002, "not the WebSocket protocol"),
        _ => End::Gone,
    }
}

/// One frame with the latest status of each user.
fn batched(frames: &[Arc<Frame>]) -> Utf8Bytes {
    let mut seen = HashSet::new();
    let mut latest: Vec<&str> =
        frames.iter().rev().filter(|frame| seen.insert(frame.user)).map(|frame| &*frame.status).collect();
    latest.reverse();
    let offset = frames.last().map_or(0, |frame| frame.offset);
    format!(r#"{{"type":"user_status_batch","offset":{offset},"statuses":[{}]}}"#, latest.join(",")).into()
}
