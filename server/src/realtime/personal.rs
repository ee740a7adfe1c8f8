//! What concerns one person alone: its lines on the bus, and the queue before each of that person's sockets.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use saathii_shared_types::{UserId, events::ServerEvent};
use tokio::sync::Notify;

use super::stream::Frame;

/// A reader that lets more pile up is closed.
const MOST_WAITING: usize = 64;

/// Something that concerns one person alone, for their own sockets of `Topic::Presence`.
#[derive(Debug, Clone)]
pub struct Personal {
    pub user_id: UserId,
    pub event: ServerEvent,
}

/// A personal event as it goes to nodes and sockets: encoded once.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) user: UserId,
    /// `ServerEvent` as JSON.
    pub(super) event: String,
}

impl Personal {
    pub(super) fn encode(self) -> Option<Letter> {
        let event = serde_json::to_string(&self.event).ok()?;
        Some(Letter { user: self.user_id, event })
    }
}

/// Who sends, then a line per event: whose it is, and the event as it was encoded.
pub(super) fn payload(node: &str, letters: &[Letter]) -> String {
    let lines: Vec<String> = letters.iter().map(|letter| format!("\n{} {}", letter.user, letter.event)).collect();
    node.to_owned() + &lines.concat()
}

/// The sending node and its lines.
pub(super) fn open(payload: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(payload).ok()?.split_once('\n')
}

/// Each event with its user; nodes without a socket of that user need not look into it.
pub(super) fn decode(lines: &str) -> Option<Vec<(UserId, &str)>> {
    lines
        .lines()
        .map(|line| {
            let (user, event) = line.split_once(' ')?;
            Some((user.parse().ok()?, event))
        })
        .collect()
}

/// What is put before one socket alone.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub(super) enum Note {
    Personal(Utf8Bytes),
    /// How somebody is whom it sees no more, or again.
    Status(Arc<Frame>),
}

/// What waits for one socket; no memory is held while nothing does.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    notes: Mutex<Vec<Note>>,
    filled: Notify,
}

impl Inbox {
    /// Whether there was room.
    pub(super) fn push(&self, note: Note) -> bool {
        let mut notes = self.notes();
        if notes.len() >= MOST_WAITING {
            return false;
        }
        notes.push(note);
        drop(notes);
        self.filled.notify_one();
        true
    }

    /// Waits, and takes all there is, in order; nothing is lost where the waiting is given up. May find nothing.
    pub(super) async fn take(&self) -> Vec<Note> {
        self.filled.notified().await;
        mem::take(&mut *self.notes())
    }

    fn notes(&self) -> MutexGuard<'_, Vec<Note>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use saathii_shared_types::{CallId, Coins};

    use super::*;

    #[test]
    fn what_is_sent_is_what_is_read() {
        let event = ServerEvent::Error { code: "a b".into(), message: "two\nlines {\"and\": \"quotes\"}".into() };
        let low = ServerEvent::CallLowBalance { call_id: CallId(7), minutes_left: 3, remaining_coins: Coins(30) };
        let sent = [(UserId(4), event), (UserId(5), low)];
        let personal = sent.clone().map(|(user_id, event)| Personal { user_id, event });
        let letters: Vec<_> = personal.into_iter().filter_map(Personal::encode).collect();
        let payload = payload("here", &letters);
        let (node, lines) = open(payload.as_bytes()).unwrap();
        assert_eq!(node, "here");
        let read = decode(lines).unwrap();
        let read: Vec<(UserId, ServerEvent)> =
            read.into_iter().map(|(user, event)| (user, serde_json::from_str(event).unwrap())).collect();
        assert_eq!(read, sent);
    }

    #[test]
    fn what_makes_no_sense_is_not_read() {
        assert_eq!(open(b"here"), None);
        assert_eq!(open(b"\xff\n"), None);
        for lines in ["4", "four {}", "4 {}\n{}"] {
            assert_eq!(decode(lines), None, "{lines}");
        }
    }

    #[tokio::test]
    async fn an_inbox_takes_so_many_and_then_no_more_until_it_is_read() {
        let inbox = Inbox::default();
        let more = || Note::Personal("more".into());
        let notes: Vec<Note> = (0..MOST_WAITING).map(|i| Note::Personal(i.to_string().into())).collect();
        assert!(notes.iter().all(|note| inbox.push(note.clone())));
        assert!(!inbox.push(more()));
        assert_eq!(inbox.take().await, notes);
        assert!(inbox.push(more()));
        assert_eq!(inbox.take().await, [more()]);
    }
}
