//! What concerns oneself alone, calls and money: one presence socket for the whole client, open while anybody listens.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicBool, Ordering},
};

use saathii_shared_types::events::{ServerEvent, Topic};
use tokio::{
    sync::broadcast::{self, error::RecvError, error::TryRecvError},
    task::JoinHandle,
};

use crate::{Client, Event, Socket};

/// Events that wait for a slow reader; they are a few a minute.
const WAITING: usize = 64;

#[derive(Debug, Clone)]
pub(crate) enum Notice {
    /// What happens from now on is told; what happened before may have been missed, for no offset counts these events.
    Connected,
    Disconnected,
    Event(ServerEvent),
}

/// The socket, if anybody listens.
#[derive(Debug, Default)]
pub(crate) struct OwnEvents(Mutex<Weak<Line>>);

impl OwnEvents {
    /// Must be called within a Tokio runtime.
    pub(crate) fn listen(&self, client: &Client) -> Listener {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let current = line.upgrade().filter(|line| !line.state.is_over.load(Ordering::Acquire));
        let current = current.unwrap_or_else(|| {
            let opened = Arc::new(Line::open(client));
            *line = Arc::downgrade(&opened);
            opened
        });
        Listener { notices: current.first.resubscribe(), line: current }
    }
}

#[derive(Debug, Default)]
struct State {
    is_live: AtomicBool,
    /// Set before the last listener is told.
    is_over: AtomicBool,
}

#[derive(Debug)]
struct Line {
    state: Arc<State>,
    /// Never read: listeners begin where they come in.
    first: broadcast::Receiver<Notice>,
    task: JoinHandle<()>,
}

impl Line {
    fn open(client: &Client) -> Self {
        let (notices, first) = broadcast::channel(WAITING);
        let state = Arc::<State>::default();
        let socket = client.socket(Topic::Presence);
        // Nobody else's presence.
        socket.set_visible([]);
        Self { state: state.clone(), first, task: tokio::spawn(pass_on(socket, state, notices)) }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(mut socket: Socket, state: Arc<State>, notices: broadcast::Sender<Notice>) {
    while let Some(event) = socket.next().await {
        let notice = match event {
            Event::Connected => {
                state.is_live.store(true, Ordering::Release);
                Notice::Connected
            }
            Event::Disconnected { .. } => {
                state.is_live.store(false, Ordering::Release);
                Notice::Disconnected
            }
            Event::Own(event) => Notice::Event(event),
            Event::SignedOut => break,
            Event::Status(_) | Event::Resync => continue,
        };
        // A listener that has just gone takes the line with it.
        let _ = notices.send(notice);
    }
    state.is_live.store(false, Ordering::Release);
    state.is_over.store(true, Ordering::Release);
}

/// Hears everything from when it was made.
#[derive(Debug)]
pub(crate) struct Listener {
    notices: broadcast::Receiver<Notice>,
    line: Arc<Line>,
}

impl Listener {
    /// Waits for the next; `None` once the login that the socket was opened for is over.
    pub(crate) async fn next(&mut self) -> Option<Notice> {
        match self.notices.recv().await {
            Ok(notice) => Some(notice),
            // As after a loss of the connection.
            Err(RecvError::Lagged(_)) => Some(Notice::Connected),
            Err(RecvError::Closed) => None,
        }
    }

    /// One that is there already.
    pub(crate) fn try_next(&mut self) -> Option<Notice> {
        match self.notices.try_recv() {
            Ok(notice) => Some(notice),
            Err(TryRecvError::Lagged(_)) => Some(Notice::Connected),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }

    /// Whether events arrive.
    pub(crate) fn is_live(&self) -> bool {
        self.line.state.is_live.load(Ordering::Acquire)
    }
}
