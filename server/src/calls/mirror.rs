//! Live calls in Redis, for watching: one hash, a field per call. A mirror and never the truth: it may be behind, is
//! made anew where it differs, and nothing of ours reads it but the count.

use std::time::Duration;

use redis::RedisError;
use saathii_shared_types::CallId;
use serde_json::json;
use tokio::sync::mpsc;

use super::store::{self, CallRow};
use crate::{infra::redis::Redis, state::AppState};

const BATCH: usize = 500;
const COMPARE_EVERY: Duration = Duration::from_secs(30);

/// The way to the mirror.
pub struct Mirror(mpsc::UnboundedSender<Change>);

/// The mirror's own end.
pub struct Changes(mpsc::UnboundedReceiver<Change>);

enum Change {
    Started(CallRow),
    Ended(CallId),
}

impl Mirror {
    pub fn new() -> (Self, Changes) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), Changes(receiver))
    }

    pub(super) fn record(&self, started: Vec<CallRow>, ended: Vec<CallRow>) {
        let started = started.into_iter().map(Change::Started);
        let ended = ended.into_iter().map(|call| Change::Ended(call.call_id));
        for change in started.chain(ended) {
            // The receiver is gone only while the process ends.
            let _ = self.0.send(change);
        }
    }
}

/// Follows the calls of this node for ever, and now and then compares with Postgres, because a node may have crashed
/// between its commit and its word, and Redis may have been away.
pub async fn run_mirror(app: &AppState, Changes(mut changes): Changes) {
    let mut compare = tokio::time::interval(COMPARE_EVERY);
    let mut taken = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            count = changes.recv_many(&mut taken, BATCH) => {
                if count == 0 {
                    return;
                }
                if let Err(error) = write(app, taken.drain(..)).await {
                    tracing::debug!(%error, "the mirror of calls missed some");
                }
            }
            _ = compare.tick() => {
                if let Err(error) = mend(app).await {
                    tracing::debug!(error = %error, "the mirror of calls could not be compared");
                }
            }
        }
    }
}

/// How many calls are in the mirror.
pub(super) async fn count(redis: &Redis) -> Result<i64, RedisError> {
    redis.query(&redis::Cmd::hlen(key(redis))).await
}

fn key(redis: &Redis) -> String {
    redis.key("calls", "live")
}

async fn write(app: &AppState, changes: impl Iterator<Item = Change>) -> Result<(), RedisError> {
    let mut pipeline = redis::pipe();
    for change in changes {
        match change {
            Change::Started(call) => pipeline.hset(key(&app.redis), call.call_id.0, line(&call)).ignore(),
            Change::Ended(call) => pipeline.hdel(key(&app.redis), call.0).ignore(),
        };
    }
    app.redis.pipeline(&pipeline).await
}

fn line(call: &CallRow) -> String {
    json!({
        "caller_id": call.caller_id, "listener_id": call.listener_id, "call_type": call.call_type,
        "start_time": call.start_time, "rate_per_minute": call.rate_coins,
    })
    .to_string()
}

async fn mend(app: &AppState) -> anyhow::Result<()> {
    let mut db = app.db.acquire().await?;
    let ongoing = store::count_ongoing(&mut db).await?;
    // Where many come and go, some are on their way.
    if (count(&app.redis).await? - ongoing).abs() <= ongoing / 100 {
        return Ok(());
    }
    let _: i64 = app.redis.query(&redis::Cmd::del(key(&app.redis))).await?;
    let mut after = CallId(0);
    loop {
        let calls = store::list_ongoing(&mut db, after, i64::try_from(BATCH)?).await?;
        let Some(last) = calls.last() else { return Ok(()) };
        after = last.call_id;
        write(app, calls.into_iter().map(Change::Started)).await?;
    }
}
