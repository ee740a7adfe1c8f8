//! Telling open pages when to fetch themselves again.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response, Sse, sse::Event},
};
use futures_util::{Stream, stream};
use tokio::sync::watch;

use super::{
    error::PageError,
    session::{AdminSession, is_alive},
};
use crate::state::AppState;

/// No page fetches itself more often, however much happens.
const PAUSE: Duration = Duration::from_secs(2);
/// And after it no longer without one: counts, latencies and times go on without any event, and no proxy takes the
/// stream for dead.
const SILENCE: Duration = Duration::from_secs(8);

/// A stream for somebody signed in; 401 ends an `EventSource` for good, where a redirect would not.
pub(super) async fn show_events(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PageError> {
    let admin = match AdminSession::admit(&app, &headers).await {
        Err(PageError::SignIn | PageError::Enrol) => return Ok(StatusCode::UNAUTHORIZED.into_response()),
        admin => admin?,
    };
    // nginx would hold events back.
    Ok(([("x-accel-buffering", "no")], Sse::new(changes(app, admin))).into_response())
}

/// Ends with the session and with the server.
fn changes(app: AppState, admin: AdminSession) -> impl Stream<Item = Result<Event, Infallible>> {
    let presence = app.hub.changes();
    stream::unfold((app, admin, presence), async |(app, admin, mut presence)| {
        tokio::select! {
            () = app.shutdown.cancelled() => return None,
            () = wait(&mut presence) => {}
        }
        is_alive(&app, &admin).await.then(|| (Ok(Event::default().data("changed")), (app, admin, presence)))
    })
}

async fn wait(presence: &mut watch::Receiver<u64>) {
    tokio::time::sleep(PAUSE).await;
    // Both ends mean the same: it is time.
    let _ = tokio::time::timeout(SILENCE, presence.changed()).await;
}
