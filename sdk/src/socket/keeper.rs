//! Makes one connection after the other.

use std::time::Duration;

use saathii_shared_types::events::{Position, Topic, close};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};

use super::{
    Event, View,
    connection::{self, Connection, End, OpenError, Place},
};
use crate::{
    Client, Code, Error, SessionState,
    retry::back_off,
    session::{Grant, Login},
};

const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A server that names a longer pause is not believed.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);
/// A connection that lived so long was a good one: the next wait is short again.
const GOOD_AFTER: Duration = Duration::from_secs(10);

/// RFC 6455 §7.4.1: a policy was violated; here too many sockets or messages.
const POLICY_VIOLATION: u16 = 1008;

/// What to do after a connection.
enum Next {
    Reconnect(Duration),
    /// The token was refused or has expired: renew it first.
    Renew,
    Stop,
}

pub(super) struct Keeper {
    client: Client,
    topic: Topic,
    view: watch::Receiver<View>,
    events: mpsc::Sender<Event>,
    logins: watch::Receiver<Login>,
    nudges: watch::Receiver<u64>,
    place: Option<Place>,
    /// Attempts since the last good connection.
    attempts: u32,
    was_good: bool,
    /// Why it is away, as the reader knows it.
    told: Option<Code>,
}

impl Keeper {
    pub(super) fn new(client: Client, topic: Topic, view: watch::Receiver<View>, events: mpsc::Sender<Event>) -> Self {
        Self {
            logins: client.inner.session.logins(),
            nudges: client.inner.nudges.subscribe(),
            client,
            topic,
            view,
            events,
            place: None,
            attempts: 0,
            was_good: false,
            told: None,
        }
    }

    pub(super) async fn run(mut self) {
        let mut rejected: Option<Grant> = None;
        loop {
            let token = rejected.take().map(|grant| grant.token);
            let access = self.client.inner.session.access(token.as_deref()).await;
            // What this answers to is no reason to end the wait for the next attempt.
            self.logins.mark_unchanged();
            let next = match access {
                Ok(grant) => {
                    let was_renewed = token.is_some();
                    match self.connect_and_serve(&grant).await {
                        // A token just renewed and refused again: renewing it once more would go round in circles.
                        Next::Renew if was_renewed && !self.was_good => Next::Reconnect(self.back_off()),
                        Next::Renew => {
                            rejected = Some(grant);
                            continue;
                        }
                        next => next,
                    }
                }
                Err(Error::SignedOut) => Next::Stop,
                Err(error) => {
                    tracing::debug!(%error, "no token for a socket");
                    self.tell_disconnected(None, error.code()).await;
                    Next::Reconnect(self.wait_after(error.code()))
                }
            };
            match next {
                Next::Reconnect(wait) => self.wait(wait).await,
                Next::Renew | Next::Stop => break,
            }
        }
        // The reader may be gone as well.
        let _ = self.events.send(Event::SignedOut).await;
    }

    async fn connect_and_serve(&mut self, grant: &Grant) -> Next {
        self.was_good = false;
        if self.place.as_ref().is_some_and(|place| place.generation != grant.generation) {
            // Another login sees other people.
            self.place = None;
        }
        let stream = match connection::open(&self.client.inner, self.topic, grant).await {
            Ok(stream) => stream,
            Err(error) => return self.on_open_error(error).await,
        };
        let position = self.place.take().map(|place| place.position);
        let opened_at = Instant::now();
        let mut connection =
            Connection::new(stream, self.topic, position, self.view.clone(), self.events.clone(), self.nudges.clone());
        let generation = grant.generation;
        let end = tokio::select! {
            end = connection.serve() => end,
            () = Login::is_not(&mut self.logins, generation) => End::LoginChanged,
        };
        // The connection took those that came while it lived.
        self.nudges.mark_unchanged();
        let (position, was_subscribed) = connection.into_place();
        if was_subscribed {
            self.told = None;
        }
        self.keep_place(position, generation);
        self.was_good = opened_at.elapsed() >= GOOD_AFTER;
        if self.was_good {
            self.attempts = 0;
        }
        self.on_end(end, generation).await
    }

    fn keep_place(&mut self, position: Option<Position>, generation: u64) {
        self.place = position.map(|position| Place { position, generation });
    }

    async fn on_open_error(&mut self, error: OpenError) -> Next {
        match error {
            OpenError::Unauthorized => Next::Renew,
            OpenError::Failed { code, reason, wait } => {
                tracing::debug!(%code, reason, "a socket could not be opened");
                self.tell_disconnected(None, code).await;
                let asked = wait.unwrap_or_default().min(LONGEST_PAUSE);
                Next::Reconnect(self.wait_after(code).max(asked))
            }
        }
    }

    async fn on_end(&mut self, end: End, generation: u64) -> Next {
        let (code, next) = match end {
            End::LoginChanged if self.is_signed_out() => return Next::Stop,
            End::LoginChanged => (None, Next::Reconnect(Duration::ZERO)),
            End::Lost => (None, Next::Reconnect(self.back_off())),
            End::Closed { code: Some(close::SESSION_ENDED), .. } => {
                self.client.inner.session.ended_by_server(generation).await;
                return Next::Stop;
            }
            End::Closed { code: Some(close::TOKEN_EXPIRED), .. } => (Some(close::TOKEN_EXPIRED), Next::Renew),
            // Somebody else's socket was opened for this one; two devices must not throw each other out for ever.
            End::Closed { code: Some(POLICY_VIOLATION), .. } => (Some(POLICY_VIOLATION), Next::Reconnect(long_wait())),
            End::Closed { code, pause: Some(pause) } => (code, Next::Reconnect(pause.min(LONGEST_PAUSE))),
            End::Closed { code, pause: None } => (code, Next::Reconnect(self.back_off())),
        };
        self.tell_disconnected(code, Code::Network).await;
        next
    }

    fn is_signed_out(&self) -> bool {
        matches!(self.logins.borrow().state, SessionState::SignedOut | SessionState::Ended)
    }

    fn wait_after(&mut self, code: Code) -> Duration {
        // A hotel's login page goes away with its network, and until then each attempt fails alike.
        if code == Code::Certificate { long_wait() } else { self.back_off() }
    }

    fn back_off(&mut self) -> Duration {
        self.attempts += 1;
        back_off(self.client.inner.transport.retry_policy().first_delay, LONGEST_WAIT, self.attempts)
    }

    /// Once per loss and reason, not per attempt.
    async fn tell_disconnected(&mut self, close_code: Option<u16>, code: Code) {
        if self.told != Some(code) {
            self.told = Some(code);
            let _ = self.events.send(Event::Disconnected { close_code, code }).await;
        }
    }

    /// A better network or an app that comes back on screen ends the wait, and so does the end of the login.
    async fn wait(&mut self, wait: Duration) {
        tokio::select! {
            () = sleep(wait) => {}
            _ = self.nudges.changed() => self.attempts = 0,
            _ = self.logins.changed() => {}
        }
    }
}

/// Not all at the same instant.
fn long_wait() -> Duration {
    LONGEST_WAIT.mul_f64(1.0 + fastrand::f64())
}
