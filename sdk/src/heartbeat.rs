//! Saying that one is there, while the app is on screen.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use saathii_shared_types::Message;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::{Error, SessionState, client::Inner, session::Login, transport::Request};

const EVERY: Duration = Duration::from_secs(30);

pub(crate) fn request() -> Request {
    Request::post("/users/me/heartbeat").repeatable()
}

/// Runs until the client is gone.
pub(crate) fn start(client: &Arc<Inner>) {
    let mut is_foreground = client.is_foreground.subscribe();
    let mut logins = client.session.logins();
    // The task must not keep the client alive.
    let client = Arc::downgrade(client);
    tokio::spawn(async move {
        while until(&mut is_foreground, |is_foreground| *is_foreground).await
            && until(&mut logins, may_be_signed_in).await
        {
            tokio::select! {
                is_alive = until(&mut is_foreground, |is_foreground| !is_foreground) => if !is_alive { return },
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
