//! Which servers run on these stores. Each tells Redis of itself every few seconds, and is forgotten when it falls silent.
//!
//! Owns the hash `nodes` in Redis. Nothing depends on it: it is for people to look at.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use redis::{Cmd, RedisError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{infra::clock::Clock, state::AppState};

const TOLD_EVERY: Duration = Duration::from_secs(5);
/// Four words of it are lost.
const SILENT_AFTER: TimeDelta = TimeDelta::seconds(20);

/// Which of the servers this one is.
#[derive(Debug)]
pub struct Identity {
    id: Uuid,
    since: DateTime<Utc>,
}

impl Identity {
    pub fn new(clock: &Clock) -> Self {
        Self { id: Uuid::new_v4(), since: clock.now() }
    }
}

/// A server as it last told of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its machine and port.
    pub name: String,
    pub version: String,
    pub since: DateTime<Utc>,
    pub told_at: DateTime<Utc>,
    pub sockets: i64,
    pub is_draining: bool,
}

/// Tells until it is aborted.
pub async fn run(app: &AppState) {
    loop {
        if let Err(error) = tell(app).await {
            tracing::debug!(%error, "could not tell of this node");
        }
        tokio::time::sleep(TOLD_EVERY).await;
    }
}

async fn tell(app: &AppState) -> Result<(), RedisError> {
    let Ok(node) = serde_json::to_string(&this(app)) else { return Ok(()) };
    app.redis.query(&Cmd::hset(key(app), app.node.id.to_string(), node)).await
}

/// This server is gone, in order.
pub async fn leave(app: &AppState) {
    if let Err(error) = app.redis.query::<()>(&Cmd::hdel(key(app), app.node.id.to_string())).await {
        tracing::debug!(%error, "could not tell that this node is gone");
    }
}

/// Every server that runs, this one among them, the oldest first.
pub async fn list(app: &AppState) -> Result<Vec<Node>, RedisError> {
    let mut told: HashMap<String, String> = app.redis.query(&Cmd::hgetall(key(app))).await?;
    told.remove(&app.node.id.to_string());
    let now = app.clock.now();
    let mut nodes = vec![this(app)];
    for (id, text) in told {
        match serde_json::from_str::<Node>(&text) {
            Ok(node) if !is_silent(node.told_at, now) => nodes.push(node),
            // It fell silent, or is of another time.
            _ => app.redis.query(&Cmd::hdel(key(app), id)).await?,
        }
    }
    nodes.sort_by(|one, other| (one.since, &one.name).cmp(&(other.since, &other.name)));
    Ok(nodes)
}

fn this(app: &AppState) -> Node {
    Node {
        name: format!("{}:{}", machine(), app.config.server.port),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        since: app.node.since,
        told_at: app.clock.now(),
        sockets: i64::try_from(app.hub.socket_count()).unwrap_or(i64::MAX),
        is_draining: app.draining.is_cancelled(),
    }
}

/// The machine's name, where the system tells it.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "localhost".to_owned() } else { name.trim().to_owned() }
}

fn is_silent(told_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - told_at > SILENT_AFTER
}

fn key(app: &AppState) -> String {
    app.redis.key("nodes", "all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_for_long_is_gone() {
        let at = DateTime::UNIX_EPOCH;
        assert!(!is_silent(at, at + TimeDelta::seconds(20)));
        assert!(is_silent(at, at + TimeDelta::seconds(21)));
        // Another node's clock may run ahead.
        assert!(!is_silent(at, at - TimeDelta::minutes(5)));
    }
}
