//! The bus between nodes: one Redis subscription per node.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use redis::{RedisError, Script};
use saathii_shared_types::{SessionId, UserId, events::Position, presence::UserPresence};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::{
    hub::Hub,
    personal::{self, Letter, Personal},
    stream::{Frame, Stretch},
};
use crate::infra::{clock::Clock, redis::Redis};

/// Every node sends a tick so often, so that a subscription which hears nothing for three of them is dead.
pub(super) const TICK: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(15);

/// Somebody's presence has changed; published after the commit.
#[derive(Debug, Clone)]
pub struct StatusChange {
    /// Grows with every change of this user.
    pub revision: i64,
    pub is_listener: bool,
    pub status: UserPresence,
}

/// Logins are over, and their sockets are to close on every node.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SessionsEnded {
    pub user_id: UserId,
    /// `None`: all of the user's.
    pub session_id: Option<SessionId>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Control {
    SessionsEnded(SessionsEnded),
    /// Whom these people must not see.
    BlocksChanged {
        users: Vec<UserId>,
    },
}

/// A change on the bus, a line each; the status stays as it was encoded.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    user: UserId,
    listener: bool,
    revision: i64,
    #[serde(borrow)]
    status: &'a RawValue,
}

/// The names of this deployment's bus in Redis, and the way onto it.
pub struct Bus {
    hub: Arc<Hub>,
    /// Tells this node's own personal events from those of others.
    node: String,
    outbox: mpsc::UnboundedSender<Outgoing>,
    names: Names,
    is_listening: watch::Sender<bool>,
}

/// What goes through the outbox, in order.
pub(super) enum Outgoing {
    Change(StatusChange),
    Letter(Letter),
    /// People whose blocks changed.
    Blocks([UserId; 2]),
    /// Answered once all before it is sent.
    Flush(oneshot::Sender<()>),
}

/// The outbox's own end.
pub struct Pending(pub(super) mpsc::UnboundedReceiver<Outgoing>);

struct Names {
    /// The braces are a Redis Cluster hash tag: what one script touches lies in one slot.
    offset: String,
    epoch: String,
    changes: String,
    control: String,
    personal: String,
}

// The place is counted and the frames are published in one step, so that places on the channel never jump. Without
// frames this is a tick: it says which place comes next, and a listener that has missed the last frames notices.
// Without a channel it only tells the place.
static ADVANCE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local epoch = redis.call('GET', KEYS[2])
        if not epoch then
            epoch = ARGV[1]
            redis.call('SET', KEYS[2], epoch)
        end
        local last = redis.call('INCRBY', KEYS[1], ARGV[2])
        if ARGV[3] ~= '' then
            local first = string.format('%.0f', last - tonumber(ARGV[2]) + 1)
            redis.call('PUBLISH', ARGV[3], epoch .. ' ' .. first .. '\n' .. ARGV[4])
        end
        return {epoch, last}
        ",
    )
});

impl Bus {
    /// The bus of the node that `hub` is of, and what [`Bus::run_outbox`] sends from.
    pub fn new(redis: &Redis, hub: Arc<Hub>) -> (Self, Pending) {
        let names = Names {
            offset: redis.key("{stream}", "offset"),
            epoch: redis.key("{stream}", "epoch"),
            changes: redis.key("{stream}", "changes"),
            control: redis.key("bus", "control"),
            personal: redis.key("bus", "personal"),
        };
        let (outbox, pending) = mpsc::unbounded_channel();
        let node = Uuid::new_v4().simple().to_string();
        (Self { hub, node, outbox, names, is_listening: watch::Sender::new(false) }, Pending(pending))
    }

    /// Tells every socket that may see it, soon, and while Redis is away as soon as it is back.
    pub fn publish(&self, change: StatusChange) {
        // The receiver is gone only while the process ends.
        let _ = self.outbox.send(Outgoing::Change(change));
    }

    /// Tells people what concerns them alone: at once on this node, whether Redis is there or not, and soon on the
    /// others. Each node hears what this one told in order; between nodes there is no order.
    pub fn tell(&self, events: Vec<Personal>) {
        let letters: Vec<Letter> = events.into_iter().filter_map(Personal::encode).collect();
        self.hub.tell(letters.iter().map(|letter| (letter.user, letter.event.as_str())));
        for letter in letters {
            let _ = self.outbox.send(Outgoing::Letter(letter));
        }
    }

    /// After the commit that changed a block between two people: their sockets on every node ask again whom they must not
    /// show, those of this node at once, and the others as soon as Redis is there.
    pub fn blocks_changed(&self, users: [UserId; 2]) {
        self.hub.ask_again(&users);
        let _ = self.outbox.send(Outgoing::Blocks(users));
    }

    /// Waits until everything published so far is sent, up to two seconds.
    pub async fn flush(&self) {
        let (sent, done) = oneshot::channel();
        if self.outbox.send(Outgoing::Flush(sent)).is_ok() {
            // While Redis is away there is nobody to tell.
            let _ = tokio::time::timeout(Duration::from_secs(2), done).await;
        }
    }

    /// Tells every node to close these sockets.
    pub async fn end_sessions(&self, redis: &Redis, ended: &SessionsEnded) -> Result<(), RedisError> {
        let text = serde_json::to_string(&Control::SessionsEnded(*ended)).unwrap_or_default();
        redis.query(&redis::Cmd::publish(&self.names.control, text)).await
    }

    /// Waits until this node hears the bus, but not for ever: a server starts while Redis is away.
    pub async fn wait_until_listening(&self) {
        let mut is_listening = self.is_listening.subscribe();
        let _ = tokio::time::timeout(Duration::from_secs(2), is_listening.wait_for(|is| *is)).await;
    }

    /// Sends changes in order; none of them is a tick.
    pub(super) async fn send_changes(&self, redis: &Redis, changes: &[StatusChange]) -> Result<(), RedisError> {
        let lines: Vec<String> = changes.iter().filter_map(encode).collect();
        self.advance(redis, lines.len(), &self.names.changes, lines.join("\n")).await?;
        Ok(())
    }

    /// Sends personal events in order to the other nodes.
    pub(super) async fn send_letters(&self, redis: &Redis, letters: &[Letter]) -> Result<(), RedisError> {
        let text = personal::payload(&self.node, letters);
        redis.query(&redis::Cmd::publish(&self.names.personal, text)).await
    }

    /// Tells every node whose blocks changed.
    pub(super) async fn send_blocks(&self, redis: &Redis, users: &[UserId]) -> Result<(), RedisError> {
        let text = serde_json::to_string(&Control::BlocksChanged { users: users.to_vec() }).unwrap_or_default();
        redis.query(&redis::Cmd::publish(&self.names.control, text)).await
    }

    async fn advance(
        &self,
        redis: &Redis,
        count: usize,
        channel: &str,
        payload: String,
    ) -> Result<Position, RedisError> {
        let keys = [self.names.offset.clone(), self.names.epoch.clone()];
        let new_epoch = Uuid::new_v4().simple().to_string();
        let args = [new_epoch, count.to_string(), channel.to_owned(), payload];
        let (epoch, offset) = redis.script(&ADVANCE, &keys, &args).await?;
        Ok(Position { epoch, offset })
    }

    /// Hears the bus for ever; while Redis is away, sockets stay open and nothing comes.
    pub async fn run(&self, redis: &Redis, clock: &Clock) {
        let mut heard_at = clock.now();
        loop {
            if let Err(error) = self.listen(redis, clock, &mut heard_at).await {
                tracing::warn!(%error, redis = redis.address(), "the bus broke off");
            }
            self.is_listening.send_replace(false);
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    async fn listen(&self, redis: &Redis, clock: &Clock, heard_at: &mut DateTime<Utc>) -> Result<(), RedisError> {
        // Asked before the subscription stands: what is published in between then shows as a gap and not as silence.
        let position = self.advance(redis, 0, "", String::new()).await?;
        let mut subscription = redis.pubsub().await?;
        subscription.subscribe(&[&self.names.changes, &self.names.control, &self.names.personal]).await?;
        self.hub.place(position, *heard_at);
        self.is_listening.send_replace(true);

        let mut messages = subscription.into_on_message();
        while let Ok(Some(message)) = tokio::time::timeout(SILENCE, messages.next()).await {
            let text = message.get_payload_bytes();
            let channel = message.get_channel_name();
            if channel == self.names.changes {
                hear_changes(&self.hub, text, *heard_at);
            } else if channel == self.names.personal {
                self.hear_letters(text);
            } else {
                hear_control(&self.hub, text);
            }
            *heard_at = clock.now();
        }
        Ok(())
    }

    fn hear_letters(&self, payload: &[u8]) {
        let events = match personal::open(payload) {
            // Told here already.
            Some((node, _)) if node == self.node => return,
            Some((_, lines)) => personal::decode(lines),
            None => None,
        };
        if let Some(events) = events {
            self.hub.tell(events);
        } else {
            tracing::warn!("personal events on the bus make no sense; does another version publish here?");
        }
    }
}

fn encode(change: &StatusChange) -> Option<String> {
    let status = serde_json::value::to_raw_value(&change.status).ok()?;
    let line =
        Line { user: change.status.user_id, listener: change.is_listener, revision: change.revision, status: &status };
    serde_json::to_string(&line).ok()
}

fn hear_changes(hub: &Hub, payload: &[u8], heard_at: DateTime<Utc>) {
    if let Some(stretch) = decode(payload) {
        hub.extend(stretch, heard_at);
    } else {
        tracing::warn!("a message on the bus makes no sense; does another version publish here?");
    }
}

fn decode(payload: &[u8]) -> Option<Stretch<'_>> {
    let (head, body) = std::str::from_utf8(payload).ok()?.split_once('\n')?;
    let (epoch, first) = head.split_once(' ')?;
    let first: u64 = first.parse().ok()?;
    let frames = body.lines().zip(first..).map(|(line, offset)| {
        let line: Line<'_> = serde_json::from_str(line).ok()?;
        Some((Frame::new(line.user, line.listener, line.status.get(), offset), line.revision))
    });
    Some(Stretch { epoch, first, frames: frames.collect::<Option<_>>()? })
}

fn hear_control(hub: &Hub, payload: &[u8]) {
    match serde_json::from_slice(payload) {
        Ok(Control::SessionsEnded(ended)) => hub.close_sessions(ended.user_id, ended.session_id),
        Ok(Control::BlocksChanged { users }) => hub.ask_again(&users),
        Err(error) => tracing::warn!(%error, "a control message on the bus makes no sense"),
    }
}
