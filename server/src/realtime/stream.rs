//! The ring of the latest frames that every socket of this node reads from.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, OnceLock},
};

use axum::extract::ws::Utf8Bytes;
use saathii_shared_types::{UserId, events::Position};

/// Frames kept for slow readers and for `resume`: some megabytes, and at a thousand changes a second a quarter of
/// a minute.
const CAPACITY: usize = 16 * 1024;

/// One change, encoded once for everybody.
#[derive(Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(super) struct Frame {
    pub(super) user: UserId,
    pub(super) is_listener: bool,
    /// `UserPresence` as JSON.
    pub(super) status: Box<str>,
    /// The place in the Redis stream.
    pub(super) offset: u64,
    /// Repeats the state after a gap and has no place of its own. New clients were told of the gap instead.
    pub(super) mends: bool,
    plain: OnceLock<Utf8Bytes>,
    placed: OnceLock<Utf8Bytes>,
}

impl Frame {
    pub(super) fn new(user: UserId, is_listener: bool, status: &str, offset: u64) -> Self {
        let status = status.into();
        Self { user, is_listener, status, offset, mends: false, plain: OnceLock::new(), placed: OnceLock::new() }
    }

    pub(super) fn mending(self) -> Self {
        Self { mends: true, ..self }
    }

    /// As the contract has it.
    pub(super) fn plain(&self) -> Utf8Bytes {
        let encode = || format!(r#"{{"type":"user_status_update","user_id":{},"status":{}}}"#, self.user, self.status);
        self.plain.get_or_init(|| encode().into()).clone()
    }

    /// With its place, for new clients.
    pub(super) fn placed(&self) -> Utf8Bytes {
        let Self { user, status, offset, .. } = self;
        let encode =
            || format!(r#"{{"type":"user_status_update","user_id":{user},"status":{status},"offset":{offset}}}"#);
        self.placed.get_or_init(|| encode().into()).clone()
    }
}

/// Frames that follow each other, as the bus brings them; none where it only says which place comes next.
pub(super) struct Stretch<'a> {
    pub(super) epoch: &'a str,
    /// The place of the first.
    pub(super) first: u64,
    /// Each with its user's revision.
    pub(super) frames: Vec<(Frame, i64)>,
}

/// What a cursor finds.
#[derive(Debug)]
pub(super) enum Backlog {
    /// The frames up to `next`.
    Frames { frames: Vec<Arc<Frame>>, next: u64 },
    /// This node missed frames since: read the state over HTTP. The cursor goes on from `next`.
    Reset { next: u64 },
    /// The ring has gone on without this reader.
    TooSlow,
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    epoch: String,
    /// The last offset seen in this epoch.
    offset: u64,
    frames: VecDeque<Arc<Frame>>,
    /// The sequence number of `frames[0]`; sequence numbers count on this node alone and never jump.
    first: u64,
    /// Where the last gap is.
    reset_at: u64,
    /// The latest revision of each user in the ring, against frames that overtake each other on their way here.
    revisions: HashMap<UserId, i64>,
}

impl Stream {
    /// The sequence number of the next frame.
    pub(super) fn head(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    pub(super) fn position(&self) -> Position {
        Position { epoch: self.epoch.clone(), offset: self.offset }
    }

    /// Whether a frame with this place comes right after the last one.
    pub(super) fn continues(&self, epoch: &str, offset: u64) -> bool {
        self.epoch == epoch && self.offset + 1 == offset
    }

    pub(super) fn reset(&mut self, position: Position) {
        self.first = self.head();
        self.reset_at = self.first;
        self.frames.clear();
        self.revisions.clear();
        self.epoch = position.epoch;
        self.offset = position.offset;
    }

    /// Appends a change; one older than what is known of its user is counted and left out.
    pub(super) fn push(&mut self, frame: Frame, revision: i64) {
        self.offset = frame.offset;
        let known = self.revisions.entry(frame.user).or_insert(revision);
        if *known > revision {
            return;
        }
        *known = revision;
        self.frames.push_back(Arc::new(frame));
        if self.frames.len() > CAPACITY {
            self.frames.pop_front();
            self.first += 1;
            self.forget_old_revisions();
        }
    }

    /// Users who left the ring are forgotten now and then, not one by one.
    fn forget_old_revisions(&mut self) {
        if self.revisions.len() > 2 * CAPACITY {
            let present: HashSet<UserId> = self.frames.iter().map(|frame| frame.user).collect();
            self.revisions.retain(|user, _| present.contains(user));
        }
    }

    /// At most `limit` frames from `cursor`; a reader further behind gets the latest frame of each user instead.
    pub(super) fn read(&self, cursor: u64, limit: usize) -> Backlog {
        let head = self.head();
        if cursor < self.reset_at {
            return Backlog::Reset { next: self.reset_at };
        }
        let Some(from) = cursor.checked_sub(self.first) else { return Backlog::TooSlow };
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(self.frames.len());
        let behind = self.frames.len() - from;
        if behind <= limit {
            return Backlog::Frames { frames: self.frames.range(from..).cloned().collect(), next: head };
        }
        let mut seen = HashSet::new();
        let mut latest: Vec<_> =
            self.frames.range(from..).rev().filter(|frame| seen.insert(frame.user)).cloned().collect();
        latest.reverse();
        Backlog::Frames { frames: latest, next: head }
    }

    /// The cursor behind `position`, if every frame since is still here.
    pub(super) fn resume(&self, position: &Position) -> Option<u64> {
        if position.epoch != self.epoch || position.offset > self.offset {
            return None;
        }
        if position.offset == self.offset {
            return Some(self.head());
        }
        let next = position.offset + 1;
        let index = self.frames.partition_point(|frame| frame.offset < next);
        // The ring must reach back to the very next frame; frames that were overtaken leave holes that cost nothing.
        let reaches = self.frames.front().is_some_and(|frame| frame.offset <= next);
        reaches.then_some(self.first + index as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(frames: u64) -> Stream {
        let mut stream = Stream::default();
        stream.reset(Position { epoch: "e".into(), offset: 0 });
        for offset in 1..=frames {
            push(&mut stream, offset, i64::try_from(offset % 1000).unwrap(), i64::try_from(offset).unwrap());
        }
        stream
    }

    fn push(stream: &mut Stream, offset: u64, user: i64, revision: i64) {
        stream.push(Frame::new(UserId(user), true, "{}", offset), revision);
    }

    fn read(stream: &Stream, cursor: u64, limit: usize) -> Vec<u64> {
        match stream.read(cursor, limit) {
            Backlog::Frames { frames, .. } => frames.iter().map(|frame| frame.offset).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn resuming_gives_exactly_what_was_missed() {
        let stream = stream(600);
        let cursor = stream.resume(&Position { epoch: "e".into(), offset: 100 }).unwrap();
        assert_eq!(read(&stream, cursor, 1000), (101..=600).collect::<Vec<_>>());
        let current = stream.resume(&Position { epoch: "e".into(), offset: 600 }).unwrap();
        assert_eq!(read(&stream, current, 1000), Vec::<u64>::new());
    }

    #[test]
    fn another_epoch_or_a_lost_past_cannot_be_resumed() {
        let stream = stream(CAPACITY as u64 + 500);
        for (epoch, offset) in [("f", 10), ("e", 10), ("e", 499), ("e", u64::MAX)] {
            assert_eq!(stream.resume(&Position { epoch: epoch.into(), offset }), None, "{epoch} {offset}");
        }
        assert!(stream.resume(&Position { epoch: "e".into(), offset: 500 }).is_some());
    }

    #[test]
    fn a_slow_reader_gets_the_latest_of_each_user_and_then_is_left_behind() {
        let mut stream = stream(0);
        for offset in 1..=1000 {
            push(&mut stream, offset, i64::try_from(offset % 3).unwrap(), i64::try_from(offset).unwrap());
        }
        assert_eq!(read(&stream, 0, 256), [998, 999, 1000]);
        for offset in 1001..=(CAPACITY as u64 + 1001) {
            push(&mut stream, offset, 7, i64::try_from(offset).unwrap());
        }
        assert!(matches!(stream.read(0, 256), Backlog::TooSlow));
    }

    #[test]
    fn a_frame_that_was_overtaken_is_left_out() {
        let mut stream = stream(0);
        push(&mut stream, 1, 7, 2);
        push(&mut stream, 2, 7, 1);
        push(&mut stream, 3, 7, 3);
        assert_eq!(read(&stream, 0, 10), [1, 3]);
        assert!(stream.continues("e", 4));
    }

    #[test]
    fn a_gap_is_told_to_whoever_read_before_it() {
        let mut stream = stream(10);
        let before = stream.head();
        stream.reset(Position { epoch: "e".into(), offset: 50 });
        let Backlog::Reset { next } = stream.read(before - 1, 10) else { panic!("no reset") };
        push(&mut stream, 51, 1, 1);
        assert_eq!(read(&stream, next, 10), [51]);
        assert_eq!(stream.resume(&Position { epoch: "e".into(), offset: 20 }), None);
    }
}
