//! From this node to the bus: many at once, in order. Of changes and blocks none is forgotten while Redis is away;
//! personal events do not wait for it.

use std::{collections::HashMap, mem, time::Duration};

use redis::RedisError;
use saathii_shared_types::UserId;
use tokio::sync::mpsc;

use super::{
    bus::{Bus, Outgoing, Pending, StatusChange, TICK},
    personal::Letter,
};
use crate::infra::redis::Redis;

const BATCH: usize = 256;

/// With more than this behind them, Redis is slower than what is told, and personal events are left out.
const MOST_WAITING: usize = 16 * 1024;

#[derive(Default)]
struct Batch {
    changes: Vec<StatusChange>,
    /// People whose blocks changed.
    blocks: Vec<UserId>,
    letters: Vec<Letter>,
}

impl Bus {
    /// Sends until every sender is gone.
    pub async fn run_outbox(&self, redis: &Redis, Pending(mut pending): Pending) {
        let mut taken = Vec::with_capacity(BATCH);
        let mut batch = Batch::default();
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                count = pending.recv_many(&mut taken, BATCH) => {
                    if count == 0 {
                        return;
                    }
                    let is_behind = pending.len() > MOST_WAITING;
                    for outgoing in taken.drain(..) {
                        match outgoing {
                            Outgoing::Change(change) => batch.changes.push(change),
                            Outgoing::Letter(_) if is_behind => count_unsent(1),
                            Outgoing::Letter(letter) => batch.letters.push(letter),
                            Outgoing::Blocks(users) => batch.blocks.extend(users),
                            Outgoing::Flush(sent) => {
                                self.send_until_taken(redis, &mut batch, &mut pending).await;
                                // Whoever asked may have stopped waiting.
                                let _ = sent.send(());
                            }
                        }
                    }
                    self.send_until_taken(redis, &mut batch, &mut pending).await;
                }
                _ = tick.tick() => {
                    if let Err(error) = self.send_changes(redis, &[]).await {
                        tracing::debug!(%error, "no tick");
                    }
                }
            }
        }
    }

    /// Empties the batch: changes and blocks wait for Redis, personal events are given up.
    async fn send_until_taken(
        &self,
        redis: &Redis,
        batch: &mut Batch,
        pending: &mut mpsc::UnboundedReceiver<Outgoing>,
    ) {
        while let Err(error) = self.send_batch(redis, batch).await {
            tracing::warn!(%error, waiting = batch.changes.len(), "the outbox waits for Redis");
            tokio::time::sleep(Duration::from_millis(250)).await;
            let mut unsent = mem::take(&mut batch.letters).len();
            // However long it takes, no more waits here than there are users.
            while let Ok(outgoing) = pending.try_recv() {
                match outgoing {
                    Outgoing::Change(change) => batch.changes.push(change),
                    Outgoing::Letter(_) => unsent += 1,
                    Outgoing::Blocks(users) => batch.blocks.extend(users),
                    // Whoever asked waits no longer.
                    Outgoing::Flush(_) => {}
                }
            }
            count_unsent(unsent);
            keep_latest(&mut batch.changes);
            batch.blocks.sort_unstable();
            batch.blocks.dedup();
        }
    }

    async fn send_batch(&self, redis: &Redis, batch: &mut Batch) -> Result<(), RedisError> {
        if !batch.changes.is_empty() {
            self.send_changes(redis, &batch.changes).await?;
            batch.changes.clear();
        }
        if !batch.blocks.is_empty() {
            self.send_blocks(redis, &batch.blocks).await?;
            batch.blocks.clear();
        }
        if !batch.letters.is_empty() {
            self.send_letters(redis, &batch.letters).await?;
            batch.letters.clear();
        }
        Ok(())
    }
}

/// The other nodes do not hear of so many personal events.
fn count_unsent(count: usize) {
    metrics::counter!("saathii_personal_events_unsent_total").increment(count as u64);
}

fn keep_latest(changes: &mut Vec<StatusChange>) {
    let mut latest: HashMap<_, i64> = HashMap::new();
    for change in &*changes {
        let revision = latest.entry(change.status.user_id).or_insert(change.revision);
        *revision = change.revision.max(*revision);
    }
    changes.retain(|change| latest.get(&change.status.user_id) == Some(&change.revision));
}
