//! A link between a node's pool and Postgres that knows where one round trip ends and the next begins.
//!
//! A *trip* is what the client sends up to a `Sync` or a simple `Query`, and the server's answer up to `ReadyForQuery`.
//! Only trips that execute something of ours count: that a statement is prepared, a type looked up or a connection
//! pinged depends on which connection the pool lends, and does nothing. So the n-th trip of an operation is the same
//! whenever the operation is the same, and stands for one `.await` of its code.
//!
//! What the link promises:
//! - cut *before* trip n: the server never sees it, and neither it nor any later one of this node;
//! - cut *after* trip n: the server has executed it to its end (a commit is a commit), and the node never learns so;
//! - either way every connection of the node is gone, and none can be made, until the link is mended: to the database
//!   that is a process that died there;
//! - while the link is gated, no counted trip goes out that was not let through, one at a time.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
};

/// Which side of a trip a crash is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// Where an operation's node dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// From 1.
    pub(super) trip: usize,
    pub(super) side: Side,
}

/// A node's way to Postgres.
pub(super) struct Link {
    shared: Arc<Shared>,
    port: u16,
    accepting: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    /// Something happened that whoever schedules may wait for.
    changed: Notify,
    /// The gate was opened a little, or the link was cut.
    opened: Notify,
    is_cut: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    cut: Option<Cut>,
    is_gated: bool,
    /// Trips that may go out although the gate is shut.
    permits: usize,
    /// Trips that stand at the gate.
    waiting: usize,
    /// What was executed, or would have been, since the operation began.
    trips: Vec<String>,
    pids: Vec<i32>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn until_cut(&self) {
        let mut is_cut = self.is_cut.subscribe();
        // The sender lives as long as this.
        let _ = is_cut.wait_for(|cut| *cut).await;
    }
}

impl Link {
    /// To the Postgres that listens on this socket.
    pub(super) async fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Notify::new(),
            opened: Notify::new(),
            is_cut: watch::Sender::new(false),
        });
        let accepting = tokio::spawn(accept(listener, socket, shared.clone()));
        Self { shared, port, accepting }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// An operation begins: trips are counted from here.
    pub(super) fn begin(&self, cut: Option<Cut>, is_gated: bool) {
        let mut state = self.shared.state();
        state.cut = cut;
        state.is_gated = is_gated;
        state.permits = 0;
        state.trips.clear();
    }

    /// The operation is over; what it executed.
    pub(super) fn finish(&self) -> Vec<String> {
        let mut state = self.shared.state();
        state.cut = None;
        state.is_gated = false;
        let trips = std::mem::take(&mut state.trips);
        drop(state);
        self.shared.opened.notify_waiters();
        trips
    }

    /// Whether a trip stands at the gate.
    pub(super) fn is_waiting(&self) -> bool {
        let state = self.shared.state();
        state.waiting > 0 && state.permits == 0
    }

    /// Lets one trip through.
    pub(super) fn let_through(&self) {
        self.shared.state().permits += 1;
        self.shared.opened.notify_waiters();
    }

    pub(super) fn is_cut(&self) -> bool {
        *self.shared.is_cut.borrow()
    }

    /// Connections can be made again.
    pub(super) fn mend(&self) {
        self.shared.state().pids.clear();
        self.shared.is_cut.send_replace(false);
    }

    /// The server's processes behind it.
    pub(super) fn pids(&self) -> Vec<i32> {
        self.shared.state().pids.clone()
    }

    /// Until something may have happened.
    pub(super) async fn changed(&self) {
        self.shared.changed.notified().await;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, socket: PathBuf, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((near, _)) = listener.accept().await else { return };
        if *shared.is_cut.borrow() {
            continue;
        }
        let (socket, shared) = (socket.clone(), shared.clone());
        connections.spawn(async move {
            let Ok(far) = UnixStream::connect(socket).await else { return };
            let _ = near.set_nodelay(true);
            let connection = Connection {
                near: Stream::new(near),
                far: Stream::new(far),
                shared: shared.clone(),
                statements: HashMap::new(),
            };
            tokio::select! {
                _ = connection.run() => {}
                () = shared.until_cut() => {}
            }
            shared.changed.notify_one();
        });
    }
}

/// One end, with what has been read of it and not yet taken.
struct Stream<S> {
    stream: S,
    read: Vec<u8>,
}

impl<S: AsyncReadExt + AsyncWriteExt + Unpin> Stream<S> {
    fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    /// `None` at the end of the stream. Loses nothing where it is dropped half-way.
    async fn more(&mut self) -> Option<()> {
        let count = self.stream.read_buf(&mut self.read).await.ok()?;
        (count > 0).then_some(())
    }

    /// The next message whole; its tag comes first, but in the first one of a client.
    async fn message(&mut self, has_tag: bool) -> Option<Vec<u8>> {
        let tag = usize::from(has_tag);
        loop {
            if let Some(length) = self.read.get(tag..tag + 4) {
                let length = u32::from_be_bytes(length.try_into().ok()?) as usize + tag;
                if self.read.len() >= length {
                    return Some(self.read.drain(..length).collect());
                }
            }
            self.more().await?;
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).await.ok()
    }
}

struct Connection {
    near: Stream<TcpStream>,
    far: Stream<UnixStream>,
    shared: Arc<Shared>,
    /// The SQL of prepared statements.
    statements: HashMap<Vec<u8>, String>,
}

/// What a client sent up to where it waits.
#[derive(Default)]
struct Trip {
    bytes: Vec<u8>,
    sql: String,
    executes: bool,
}

impl Connection {
    async fn run(mut self) -> Option<()> {
        let start_up = self.near.message(false).await?;
        self.far.send(&start_up).await?;
        self.answer().await?;
        loop {
            tokio::select! {
                trip = read_trip(&mut self.near, &mut self.statements) => self.travel(trip?).await?,
                // What the server says unasked, as when it goes down.
                more = self.far.more(), if self.far.read.is_empty() => {
                    more?;
                    let unasked = std::mem::take(&mut self.far.read);
                    self.near.send(&unasked).await?;
                }
            }
        }
    }

    async fn travel(&mut self, trip: Trip) -> Option<()> {
        let counts = trip.executes && !trip.sql.contains("pg_catalog");
        let mut cut = None;
        if counts {
            cut = self.pass_gate(&trip.sql).await;
        }
        if cut == Some(Side::Before) {
            return self.cut();
        }
        self.far.send(&trip.bytes).await?;
        if cut == Some(Side::After) {
            while self.far.message(true).await?.first() != Some(&b'Z') {}
            return self.cut();
        }
        self.answer().await?;
        self.shared.changed.notify_one();
        Some(())
    }

    /// Counts the trip, waits for its turn, and says whether the node dies with it.
    async fn pass_gate(&self, sql: &str) -> Option<Side> {
        let number = {
            let mut state = self.shared.state();
            state.trips.push(label(sql));
            state.waiting += 1;
            state.trips.len()
        };
        self.shared.changed.notify_one();
        let shared = self.shared.clone();
        let _left = Leaving(&shared);
        loop {
            let opened = self.shared.opened.notified();
            {
                let mut state = self.shared.state();
                if !state.is_gated || state.permits > 0 {
                    state.permits = state.permits.saturating_sub(1);
                    return state.cut.filter(|cut| cut.trip == number).map(|cut| cut.side);
                }
            }
            opened.await;
        }
    }

    fn cut(&self) -> Option<()> {
        self.shared.is_cut.send_replace(true);
        self.shared.changed.notify_one();
        None
    }

    /// Passes on the server's answer, to where the client may speak again.
    async fn answer(&mut self) -> Option<()> {
        let mut answer = Vec::new();
        loop {
            let message = self.far.message(true).await?;
            if message[0] == b'K' {
                let pid = message.get(5..9).and_then(|pid| pid.try_into().ok()).map(i32::from_be_bytes)?;
                self.shared.state().pids.push(pid);
            }
            answer.extend(&message);
            if message[0] == b'Z' {
                return self.near.send(&answer).await;
            }
        }
    }
}

/// However a trip leaves the gate, it is not there any more.
struct Leaving<'a>(&'a Shared);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

async fn read_trip(near: &mut Stream<TcpStream>, statements: &mut HashMap<Vec<u8>, String>) -> Option<Trip> {
    let mut trip = Trip::default();
    loop {
        let message = near.message(true).await?;
        let (tag, body) = (message[0], &message[5..]);
        match tag {
            b'P' => {
                let mut texts = body.split(|byte| *byte == 0);
                let (name, sql) = (texts.next()?, texts.next()?);
                statements.insert(name.to_vec(), String::from_utf8_lossy(sql).into_owned());
            }
            // A portal's name, then the statement's.
            b'B' => {
                let name = body.split(|byte| *byte == 0).nth(1)?;
                trip.sql = statements.get(name).cloned().unwrap_or_default();
            }
            b'E' => trip.executes = true,
            b'Q' => {
                String::from_utf8_lossy(body).trim_end_matches('\0').clone_into(&mut trip.sql);
                trip.executes = true;
            }
            _ => {}
        }
        trip.bytes.extend(&message);
        if matches!(tag, b'S' | b'Q' | b'X') {
            return Some(trip);
        }
    }
}

/// Enough of a statement to recognise it by.
fn label(sql: &str) -> String {
    const SHOWN: usize = 72;
    let words: Vec<&str> = sql.split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((end, _)) => {
            let tail = text.char_indices().rev().nth(SHOWN / 2).map_or(end, |(start, _)| start).max(end);
            format!("{} … {}", &text[..end], &text[tail..])
        }
    }
}
