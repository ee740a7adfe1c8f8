//! Who fell silent goes offline; who was busy until a time that has passed is free; what a node missed is told again.

use std::time::Duration;

use chrono::TimeDelta;
use saathii_shared_types::UserId;
use tokio::sync::mpsc;

use super::{Error, service, store};
use crate::{auth, realtime::Gap, state::AppState};

/// No heartbeat and no socket for so long: offline (DESIGN §6).
const SILENCE: TimeDelta = TimeDelta::seconds(90);
const EVERY: Duration = Duration::from_secs(5);
/// Sockets keep their users online, well within the silence.
const TOUCH_EVERY: u32 = 6;

const BATCH: i64 = 500;

/// The messages of a gap may have been on their way when the last one was heard.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

/// Sweeps for ever; any number of nodes may do so at once.
pub async fn run_sweeper(app: &AppState) {
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 0_u32.. {
        interval.tick().await;
        let touched = if round % TOUCH_EVERY == 0 { touch_connected(app).await } else { Ok(()) };
        if let Err(error) = touched {
            tracing::warn!(%error, "sockets could not keep their users online");
        }
        if let Err(error) = sweep(app).await {
            tracing::warn!(%error, "presence could not be swept");
        }
    }
}

/// One sweep now.
pub async fn sweep(app: &AppState) -> Result<(), Error> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    loop {
        let mut rows = store::sweep_silent(&mut db, now - SILENCE, now, BATCH).await?;
        rows.extend(store::sweep_busy(&mut db, now, BATCH).await?);
        let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < BATCH);
        service::announce(app, &mut db, rows).await?;
        if is_last {
            return Ok(());
        }
    }
}

/// Keeps those online who hold a socket here.
pub async fn touch_connected(app: &AppState) -> Result<(), sqlx::Error> {
    let mut users = app.hub.connected_users();
    users.sort_unstable();
    let mut db = app.db.acquire().await?;
    for users in users.chunks(1000) {
        store::touch(&mut db, users, app.clock.now()).await?;
    }
    Ok(())
}

/// After every gap of the bus: tells this node's sockets the state again, and closes those whose login ended meanwhile.
pub async fn mend_gaps(app: &AppState, mut gaps: mpsc::UnboundedReceiver<Gap>) {
    while let Some(gap) = gaps.recv().await {
        while let Err(error) = mend(app, gap).await {
            tracing::warn!(%error, "a gap of the bus waits to be mended");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn mend(app: &AppState, gap: Gap) -> Result<(), sqlx::Error> {
    let mut db = app.db.acquire().await?;
    let mut after = UserId(0);
    loop {
        let rows = store::list_announced_since(&mut db, gap.since - MARGIN, after, BATCH).await?;
        let Some(last) = rows.last() else { break };
        after = last.user_id;
        app.hub.mend(&service::changes_of(&mut db, rows).await?);
    }
    for sessions in app.hub.connected_sessions().chunks(1000) {
        app.hub.close_all(&auth::ended_among(&mut db, sessions).await?);
    }
    Ok(())
}
