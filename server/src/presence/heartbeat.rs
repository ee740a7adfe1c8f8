//! Heartbeats, committed in groups: at a hundred thousand phones that beat twice a minute, one statement for
//! many is what a small Postgres can take.

use std::time::Duration;

use chrono::TimeDelta;
use saathii_shared_types::UserId;
use tokio::sync::{mpsc, oneshot};

use super::{Error, service, store};
use crate::state::AppState;

/// How long the first of a group waits for others.
const LINGER: Duration = Duration::from_millis(3);
const LARGEST_GROUP: usize = 1000;

/// A heartbeat that changes nothing is told to others at most so often.
const QUIET: TimeDelta = TimeDelta::seconds(15);

struct Beat {
    user: UserId,
    recorded: oneshot::Sender<Result<(), String>>,
}

/// The way to the next group.
pub struct Heartbeats(mpsc::Sender<Beat>);

/// The groups' own end.
pub struct Incoming(mpsc::Receiver<Beat>);

impl Heartbeats {
    pub fn new() -> (Self, Incoming) {
        let (sender, receiver) = mpsc::channel(4 * LARGEST_GROUP);
        (Self(sender), Incoming(receiver))
    }

    /// Returns once the heartbeat is committed.
    pub async fn record(&self, user: UserId) -> Result<(), Error> {
        let (recorded, answer) = oneshot::channel();
        let gone = || Error::NotRecorded("the server goes down".to_owned());
        self.0.send(Beat { user, recorded }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?.map_err(Error::NotRecorded)
    }
}

/// Commits groups until every sender is gone.
pub async fn run_heartbeats(app: &AppState, Incoming(mut incoming): Incoming) {
    let mut group = Vec::with_capacity(LARGEST_GROUP);
    while incoming.recv_many(&mut group, LARGEST_GROUP).await > 0 {
        tokio::time::sleep(LINGER).await;
        while group.len() < LARGEST_GROUP {
            let Ok(beat) = incoming.try_recv() else { break };
            group.push(beat);
        }
        let answer = commit(app, &group).await.map_err(|error| error.to_string());
        for beat in group.drain(..) {
            // Whoever does not wait any more was recorded all the same.
            let _ = beat.recorded.send(answer.clone());
        }
    }
}

async fn commit(app: &AppState, group: &[Beat]) -> Result<(), sqlx::Error> {
    let mut users: Vec<UserId> = group.iter().map(|beat| beat.user).collect();
    users.sort_unstable();
    users.dedup();
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let announced = store::beat(&mut db, &users, now, now - QUIET).await?;
    service::announce(app, &mut db, announced).await
}
