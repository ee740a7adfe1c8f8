//! Calls to oneself.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::Stream;
use saathii_shared_types::{CallId, UserId, calls::CallType, events::ServerEvent};
use tokio::{sync::mpsc, task::JoinHandle, time::sleep_until};

use super::{Account, CallSession, Pace, Parties, Side};
use crate::{
    Client, Error,
    own_events::{Listener, Notice},
    session::Login,
};

/// A call that rings; it is connected and billed from its beginning.
#[derive(Debug)]
#[non_exhaustive]
pub struct IncomingCall {
    /// Who calls.
    pub caller: UserId,
    /// Their name.
    pub caller_username: String,
    /// With or without a picture.
    pub call_type: CallType,
    /// The call itself: end it to decline.
    pub session: CallSession,
}

/// Calls to oneself as a listener ([`CallsApi::incoming`](crate::CallsApi::incoming)), each once.
///
/// Read it with [`next`](Self::next), or as a [`Stream`].
///
/// ```no_run
/// # async fn example(client: saathii_sdk::Client) {
/// let mut calls = client.calls().incoming();
/// while let Some(mut call) = calls.next().await {
///     println!("{} calls", call.caller_username);
///     while call.session.changed().await.is_some() {}
///     println!("The call is over: {:?}", call.session.current());
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct IncomingCalls {
    calls: mpsc::Receiver<IncomingCall>,
    keeper: JoinHandle<()>,
}

impl IncomingCalls {
    pub(crate) fn open(client: Client) -> Self {
        let (sender, calls) = mpsc::channel(1);
        let events = client.inner.own_events.listen(&client);
        let pace = Pace::unknown(events.is_live());
        let keeper = Keeper { client, events, calls: sender, pace, login: 0, me: None, last: None };
        Self { calls, keeper: tokio::spawn(keeper.run()) }
    }

    /// Waits for the next; `None` once the login is over.
    pub async fn next(&mut self) -> Option<IncomingCall> {
        self.calls.recv().await
    }
}

impl Stream for IncomingCalls {
    type Item = IncomingCall;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<IncomingCall>> {
        self.calls.poll_recv(cx)
    }
}

impl Drop for IncomingCalls {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

struct Keeper {
    client: Client,
    events: Listener,
    calls: mpsc::Sender<IncomingCall>,
    pace: Pace,
    login: u64,
    me: Option<UserId>,
    /// The last that rang: ids grow, and nobody is called twice at a time.
    last: Option<CallId>,
}

impl Keeper {
    async fn run(mut self) {
        self.login = loop {
            match self.client.inner.session.access(None).await {
                Ok(grant) => break grant.generation,
                Err(Error::SignedOut) => return,
                Err(error) => {
                    tracing::debug!(%error, "who is called is not known");
                    self.pace.failed(&self.client);
                    sleep_until(self.pace.read_at()).await;
                }
            }
        };
        let (mut logins, login) = (self.client.inner.session.logins(), self.login);
        tokio::select! {
            () = self.follow() => {}
            () = Login::is_not(&mut logins, login) => {}
        }
    }

    async fn follow(&mut self) {
        loop {
            tokio::select! {
                biased;
                notice = self.events.next() => match notice {
                    Some(notice) => self.take(notice).await,
                    None => self.events = self.client.inner.own_events.listen(&self.client),
                },
                () = sleep_until(self.pace.read_at()) => match self.read().await {
                    Ok(()) => self.pace.read(self.events.is_live()),
                    Err(error) => {
                        tracing::debug!(%error, "whether somebody calls could not be read");
                        self.pace.failed(&self.client);
                    }
                },
            }
        }
    }

    async fn take(&mut self, notice: Notice) {
        match notice {
            Notice::Event(ServerEvent::CallStarted {
                call_id,
                call_type,
                user_id,
                listener_id,
                caller_username,
                rate_per_minute,
                ..
            }) => match self.me {
                Some(me) if me == listener_id && self.is_new(call_id) => {
                    let parties = Parties { call: call_id, call_type, side: Side::Listener, other: user_id };
                    let account = Account::begin(call_id, Side::Listener, rate_per_minute, None);
                    let events = self.client.inner.own_events.listen(&self.client);
                    // It may be over already: only a reading tells.
                    let session = CallSession::follow(&self.client, self.login, parties, account, events, false);
                    self.ring(IncomingCall { caller: user_id, caller_username, call_type, session }).await;
                }
                Some(_) => {}
                None => self.pace.read_within(Duration::ZERO),
            },
            Notice::Connected => self.pace.read_within(Duration::ZERO),
            Notice::Disconnected => self.pace.lost(),
            Notice::Event(_) => {}
        }
    }

    async fn read(&mut self) -> Result<(), Error> {
        let events = self.client.inner.own_events.listen(&self.client);
        let me = match self.me {
            Some(me) => me,
            None => self.client.wallet().coins().await?.user_id,
        };
        self.me = Some(me);
        let Some(call) = self.client.calls().ongoing().await? else { return Ok(()) };
        if call.listener_id == me && self.is_new(call.call_id) {
            let parties = Parties::of_record(&call, me);
            let session = CallSession::of_record(&self.client, self.login, parties, &call, None, events).await;
            let (caller, caller_username, call_type) = (call.user_id, call.caller_username, call.call_type);
            self.ring(IncomingCall { caller, caller_username, call_type, session }).await;
        }
        Ok(())
    }

    fn is_new(&self, call: CallId) -> bool {
        self.last.is_none_or(|last| call > last)
    }

    async fn ring(&mut self, call: IncomingCall) {
        self.last = Some(call.session.id());
        // Whoever no longer listens ends this task.
        let _ = self.calls.send(call).await;
    }
}
