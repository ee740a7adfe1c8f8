//! From this node to the bus: many changes in one script, in order, and none forgotten while Redis is away.

use std::{collections::HashMap, time::Duration};

use tokio::sync::mpsc;

use super::bus::{Bus, Outgoing, Pending, StatusChange, TICK};
use crate::infra::redis::Redis;

const BATCH: usize = 256;

impl Bus {
    /// Sends until every sender is gone.
    pub async fn run_outbox(&self, redis: &Redis, Pending(mut pending): Pending) {
        let mut taken = Vec::with_capacity(BATCH);
        let mut changes = Vec::with_capacity(BATCH);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                count = pending.recv_many(&mut taken, BATCH) => {
                    if count == 0 {
                        return;
                    }
                    for outgoing in taken.drain(..) {
                        match outgoing {
                            Outgoing::Change(change) => changes.push(change),
                            Outgoing::Flush(sent) => {
                                self.send_until_taken(redis, &mut changes, &mut pending).await;
                                // Whoever asked may have stopped waiting.
                                let _ = sent.send(());
                            }
                        }
                    }
                    self.send_until_taken(redis, &mut changes, &mut pending).await;
                }
                _ = tick.tick() => {
                    if let Err(error) = self.send_changes(redis, &[]).await {
                        tracing::debug!(%error, "no tick");
                    }
                }
            }
        }
    }

    async fn send_until_taken(
        &self,
        redis: &Redis,
        changes: &mut Vec<StatusChange>,
        pending: &mut mpsc::UnboundedReceiver<Outgoing>,
    ) {
        if changes.is_empty() {
            return;
        }
        while let Err(error) = self.send_changes(redis, changes).await {
            tracing::warn!(%error, waiting = changes.len(), "changes wait for Redis");
            tokio::time::sleep(Duration::from_millis(250)).await;
            // However long it takes, no more waits here than there are users.
            while let Ok(outgoing) = pending.try_recv() {
                if let Outgoing::Change(change) = outgoing {
                    changes.push(change);
                }
            }
            keep_latest(changes);
        }
        changes.clear();
    }
}

fn keep_latest(changes: &mut Vec<StatusChange>) {
    let mut latest: HashMap<_, i64> = HashMap::new();
    for change in &*changes {
        let revision = latest.entry(change.status.user_id).or_insert(change.revision);
        *revision = change.revision.max(*revision);
    }
    changes.retain(|change| latest.get(&change.status.user_id) == Some(&change.revision));
}
