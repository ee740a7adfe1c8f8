//! One connection, from handshake to close.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER, USER_AGENT};
use saathii_shared_types::events::{ClientMessage, Position, ServerEvent, Subscribe, Topic};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

use super::{Event, View};
use crate::{Code, client::Inner, session::Grant, tls};

/// Silence for so long is broken by a ping.
const PING_AFTER: Duration = Duration::from_secs(25);
/// A server that does not answer for so long is gone, whatever TCP believes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Scrolling changes what is visible faster than the server takes messages.
const BETWEEN_SUBSCRIPTIONS: Duration = Duration::from_millis(200);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How far a login has read.
pub(super) struct Place {
    pub(super) position: Position,
    pub(super) generation: u64,
}

pub(super) enum OpenError {
    Unauthorized,
    Failed { code: Code, reason: String, wait: Option<Duration> },
}

/// How a connection ends.
pub(super) enum End {
    /// The login is another one, or none.
    LoginChanged,
    /// Without a word, or too long without one.
    Lost,
    /// The server closed it; `pause` where it said when to come back.
    Closed { code: Option<u16>, pause: Option<Duration> },
}

/// The token goes in a header: addresses end up in logs.
pub(super) async fn open(client: &Inner, topic: Topic, grant: &Grant) -> Result<Stream, OpenError> {
    let failed = |reason: String| OpenError::Failed { code: Code::Configuration, reason, wait: None };
    let mut url = client.transport.base().clone();
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    url.set_scheme(scheme).map_err(|()| failed("the address takes no socket".to_owned()))?;
    let name = match topic {
        Topic::Feed => "feed",
        Topic::Presence => "presence",
    };
    url.set_path(&format!("{}/ws/{name}", url.path().trim_end_matches('/')));
    let mut request = url.as_str().into_client_request().map_err(|error| failed(error.to_string()))?;
    for (header, value) in [(AUTHORIZATION, format!("Bearer {}", grant.token)), (USER_AGENT, client.user_agent.clone())]
    {
        let value = HeaderValue::from_str(&value).map_err(|error| failed(error.to_string()))?;
        request.headers_mut().insert(header, value);
    }
    let config = WebSocketConfig::default().read_buffer_size(16 * 1024).max_message_size(Some(4 * 1024 * 1024));
    let connector = Connector::Rustls(client.socket_tls.clone());
    let connecting = connect_async_tls_with_config(request, Some(config), true, Some(connector));
    match timeout(client.timeouts.connect, connecting).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(error)) => Err(refusal(&error)),
        Err(_) => {
            Err(OpenError::Failed { code: Code::Network, reason: "connecting took too long".to_owned(), wait: None })
        }
    }
}

fn refusal(error: &tungstenite::Error) -> OpenError {
    let tungstenite::Error::Http(answer) = error else {
        let code = if tls::is_about_a_certificate(error) { Code::Certificate } else { Code::Network };
        return OpenError::Failed { code, reason: error.to_string(), wait: None };
    };
    if answer.status() == 401 {
        return OpenError::Unauthorized;
    }
    let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let reason = answer.status().to_string();
    OpenError::Failed { code: Code::UnexpectedAnswer, reason, wait: seconds.map(Duration::from_secs) }
}

pub(super) struct Connection {
    stream: Stream,
    topic: Topic,
    position: Option<Position>,
    view: watch::Receiver<View>,
    events: mpsc::Sender<Event>,
    nudges: watch::Receiver<u64>,
    heard_at: Instant,
    pinged_at: Option<Instant>,
    /// When a subscription was sent that is not answered yet.
    subscribing_since: Option<Instant>,
    subscribe_not_before: Instant,
    was_subscribed: bool,
    pause: Option<Duration>,
}

enum Wake {
    Heard(Option<Result<Message, tungstenite::Error>>),
    ViewChanged,
    Nudged,
    Silence,
}

impl Connection {
    pub(super) fn new(
        stream: Stream,
        topic: Topic,
        position: Option<Position>,
        view: watch::Receiver<View>,
        events: mpsc::Sender<Event>,
        nudges: watch::Receiver<u64>,
    ) -> Self {
        let now = Instant::now();
        Self {
            stream,
            topic,
            position,
            view,
            events,
            nudges,
            heard_at: now,
            pinged_at: None,
            subscribing_since: None,
            subscribe_not_before: now,
            was_subscribed: false,
            pause: None,
        }
    }

    /// How far it was read, and whether the server ever said so.
    pub(super) fn into_place(self) -> (Option<Position>, bool) {
        (self.position, self.was_subscribed)
    }

    /// Runs to the end of the connection; may be dropped at any await.
    pub(super) async fn serve(&mut self) -> End {
        let mut step = self.subscribe().await;
        loop {
            if let Err(end) = step {
                return end;
            }
            step = match self.wake().await {
                Wake::Heard(message) => self.hear(message).await,
                Wake::ViewChanged => self.subscribe().await,
                Wake::Silence if self.is_overdue() => Err(End::Lost),
                Wake::Nudged | Wake::Silence => self.ping().await,
            };
        }
    }

    async fn wake(&mut self) -> Wake {
        let patience_ends = [self.pinged_at, self.subscribing_since].into_iter().flatten().min();
        let silent_at = patience_ends.map_or(self.heard_at + PING_AFTER, |since| since + PATIENCE);
        let view = &mut self.view;
        let subscribe_not_before = self.subscribe_not_before;
        let view_changed = async {
            sleep_until(subscribe_not_before).await;
            view.changed().await
        };
        tokio::select! {
            // What was heard while the reader was slow is looked at before silence is judged.
            biased;
            message = self.stream.next() => Wake::Heard(message),
            Ok(()) = view_changed, if self.subscribing_since.is_none() => Wake::ViewChanged,
            Ok(()) = self.nudges.changed() => Wake::Nudged,
            () = sleep_until(silent_at) => Wake::Silence,
        }
    }

    fn is_overdue(&self) -> bool {
        let is_over = |since: Instant| since.elapsed() >= PATIENCE;
        self.pinged_at.is_some_and(is_over) || self.subscribing_since.is_some_and(is_over)
    }

    /// Resumes from the place reached, so that a change of view loses nothing either.
    async fn subscribe(&mut self) -> Result<(), End> {
        let View { visible, batch_ms } = self.view.borrow_and_update().clone();
        let subscription = match self.topic {
            Topic::Feed => "feed",
            Topic::Presence => "presence",
        };
        let subscribe = Subscribe {
            subscription: Some(subscription.to_owned()),
            user_ids: visible,
            // Named even where it is 0: it makes frames bear their place.
            batch_ms: Some(batch_ms),
            resume: self.position.clone(),
        };
        let now = Instant::now();
        self.subscribing_since = Some(now);
        self.subscribe_not_before = now + BETWEEN_SUBSCRIPTIONS;
        self.say(&ClientMessage::Subscribe(subscribe)).await
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.pinged_at.is_none() {
            self.pinged_at = Some(Instant::now());
            self.say(&ClientMessage::Ping { timestamp: None }).await?;
        }
        Ok(())
    }

    async fn say(&mut self, message: &ClientMessage) -> Result<(), End> {
        let text = serde_json::to_string(message).map_err(|_| End::Lost)?;
        match timeout(PATIENCE, self.stream.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            // A close frame may wait to be read that says more than the broken pipe.
            Ok(Err(_)) => Err(self.last_word().await),
            Err(_) => Err(End::Lost),
        }
    }

    async fn last_word(&mut self) -> End {
        while let Ok(Some(Ok(message))) = timeout(Duration::from_secs(1), self.stream.next()).await {
            if let Message::Close(frame) = message {
                return self.closed(frame.map(|frame| frame.code.into()));
            }
        }
        End::Lost
    }

    fn closed(&self, code: Option<u16>) -> End {
        End::Closed { code, pause: self.pause }
    }

    async fn hear(&mut self, message: Option<Result<Message, tungstenite::Error>>) -> Result<(), End> {
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                tracing::debug!(%error, "a socket broke");
                return Err(self.ended());
            }
            None => return Err(self.ended()),
        };
        self.heard_at = Instant::now();
        self.pinged_at = None;
        match message {
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(event) => self.take(event).await,
                Err(error) => {
                    tracing::warn!(%error, "a frame makes no sense");
                    Ok(())
                }
            },
            Message::Close(frame) => Err(self.closed(frame.map(|frame| frame.code.into()))),
            // tungstenite answers pings by itself.
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    fn ended(&self) -> End {
        if self.pause.is_some() { self.closed(None) } else { End::Lost }
    }

    async fn take(&mut self, event: ServerEvent) -> Result<(), End> {
        match event {
            ServerEvent::Subscribed { epoch, offset, recovered, .. } => {
                self.on_subscribed(Position { epoch, offset }, recovered).await;
            }
            // Between a subscription and its answer frames come once more after the answer, or not in a place.
            ServerEvent::UserStatusUpdate { .. } | ServerEvent::UserStatusBatch { .. }
                if self.subscribing_since.is_some() => {}
            ServerEvent::UserStatusUpdate { status, offset, .. } => {
                self.tell(Event::Status(status)).await;
                self.advance(offset);
            }
            ServerEvent::UserStatusBatch { offset, statuses } => {
                for status in statuses {
                    self.tell(Event::Status(status)).await;
                }
                self.advance(Some(offset));
            }
            ServerEvent::Resync { epoch, offset, .. } => {
                self.position = Some(Position { epoch, offset });
                self.tell(Event::Resync).await;
            }
            own @ (ServerEvent::CallStarted { .. }
            | ServerEvent::CallMinute { .. }
            | ServerEvent::CallLowBalance { .. }
            | ServerEvent::CallEnded { .. }
            | ServerEvent::WalletUpdated { .. }
            | ServerEvent::VerificationReviewed { .. }) => self.tell(Event::Own(own)).await,
            ServerEvent::Reconnect { after_ms } => self.pause = Some(Duration::from_millis(after_ms)),
            ServerEvent::Error { code, message } => {
                tracing::warn!(code, message, "the server did not understand a message");
            }
            ServerEvent::ConnectionEstablished { .. } | ServerEvent::Pong { .. } | ServerEvent::Unknown => {}
        }
        Ok(())
    }

    async fn on_subscribed(&mut self, position: Position, recovered: bool) {
        self.subscribing_since = None;
        self.position = Some(position);
        if !self.was_subscribed {
            self.was_subscribed = true;
            self.tell(Event::Connected).await;
        }
        if !recovered {
            self.tell(Event::Resync).await;
        }
    }

    fn advance(&mut self, offset: Option<u64>) {
        if let (Some(position), Some(offset)) = (&mut self.position, offset) {
            position.offset = position.offset.max(offset);
        }
    }

    /// Waits for a slow reader, and with it the server.
    async fn tell(&mut self, event: Event) {
        // A reader that is gone ends this task.
        let _ = self.events.send(event).await;
    }
}
