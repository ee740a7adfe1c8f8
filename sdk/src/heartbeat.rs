//! Saying that one is there, while the app is on screen or a call goes on.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use saathii_shared_types::Message;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::{Client, Error, SessionState, client::Inner, session::Login, transport::Request};

const EVERY: Duration = Duration::from_secs(30);

pub(crate) fn request() -> Request {
    Request::post("/users/me/heartbeat").repeatable()
}

/// Why one says that one is there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reasons {
    pub(crate) is_foreground: bool,
    /// Calls that are followed: a phone is in one with its screen off as well.
    calls: usize,
}

impl Reasons {
    fn any(self) -> bool {
        self.is_foreground || self.calls > 0
    }
}

/// A call is followed; while this lives, the heartbeat goes on.
pub(crate) struct InCall(Client);

impl InCall {
    pub(crate) fn begin(client: &Client) -> Self {
        client.start_heartbeat();
        client.inner.reasons.send_modify(|reasons| reasons.calls += 1);
        Self(client.clone())
    }
}

impl Drop for InCall {
    fn drop(&mut self) {
        self.0.inner.reasons.send_modify(|reasons| reasons.calls -= 1);
    }
}

/// Runs until the client is gone.
pub(crate) fn start(client: &Arc<Inner>) {
    let mut reasons = client.reasons.subscribe();
    let mut logins = client.session.logins();
    // The task must not keep the client alive.
    let client = Arc::downgrade(client);
    tokio::spawn(async move {
        while until(&mut reasons, |reasons| reasons.any()).await && until(&mut logins, may_be_signed_in).await {
            tokio::select! {
                is_alive = until(&mut reasons, |reasons| !reasons.any()) => if !is_alive { return },
                () = beat(&client) => {}
            }
        }
    });
}

/// False once the sender is gone.
async fn until<T>(value: &mut watch::Receiver<T>, condition: impl FnMut(&T) -> bool) -> bool {
    value.wait_for(condition).await.is_ok()
}

fn may_be_signed_in(login: &Login) -> bool {
    matches!(login.state, SessionState::Unknown | SessionState::SignedIn)
}

/// Beats at once and then regularly, until nobody is signed in.
async fn beat(client: &Weak<Inner>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(client) = client.upgrade() else { return };
        match client.call::<Message>(&request()).await {
            Ok(_) => {}
            Err(Error::SignedOut) => return,
            Err(error) => tracing::debug!(%error, "a heartbeat was lost"),
        }
    }
}
