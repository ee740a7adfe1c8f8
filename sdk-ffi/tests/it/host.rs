//! What an app brings: a thread, a keychain, an ear.

#![allow(dead_code, reason = "each test program needs a part of it")]

use std::{
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use saathii_sdk_ffi::{
    ClientConfig, Event, EventListener, ListenerError, LogRecord, LogSink, SignOut, TokenStore, TokenStoreError,
};

const SOON: Duration = Duration::from_mins(1);

pub(crate) fn config(url: &str) -> ClientConfig {
    ClientConfig {
        base_url: url.into(),
        user_agent: None,
        connect_timeout_ms: 10_000,
        request_timeout_ms: 20_000,
        transfer_timeout_ms: 60_000,
        root_certificates: vec![],
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls on this thread, as a foreign executor does.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[derive(Default)]
pub(crate) struct Keychain(Mutex<Option<String>>);

impl Keychain {
    pub(crate) fn signed_in() -> Self {
        Self(Mutex::new(Some(r#"{"access_token":"access-1","refresh_token":"refresh-1"}"#.into())))
    }

    pub(crate) fn secret(&self) -> Option<String> {
        self.0.lock().unwrap().clone()
    }
}

impl TokenStore for Keychain {
    fn load(&self) -> Result<Option<String>, TokenStoreError> {
        Ok(self.secret())
    }

    fn save(&self, secret: String) -> Result<(), TokenStoreError> {
        *self.0.lock().unwrap() = Some(secret);
        Ok(())
    }

    fn clear(&self) -> Result<(), TokenStoreError> {
        *self.0.lock().unwrap() = None;
        Ok(())
    }
}

pub(crate) struct LockedKeychain {
    pub(crate) panics: bool,
}

impl LockedKeychain {
    fn fail<T>(&self) -> Result<T, TokenStoreError> {
        assert!(!self.panics, "the host's store panics");
        Err(TokenStoreError::Failed { detail: "locked".into() })
    }
}

impl TokenStore for LockedKeychain {
    fn load(&self) -> Result<Option<String>, TokenStoreError> {
        self.fail()
    }

    fn save(&self, _: String) -> Result<(), TokenStoreError> {
        self.fail()
    }

    fn clear(&self) -> Result<(), TokenStoreError> {
        self.fail()
    }
}

pub(crate) struct Heard {
    events: Receiver<Event>,
    sign_outs: Receiver<SignOut>,
}

impl Heard {
    pub(crate) fn next(&self) -> Event {
        self.events.recv_timeout(SOON).expect("no event")
    }

    pub(crate) fn next_sign_out(&self) -> SignOut {
        self.sign_outs.recv_timeout(SOON).expect("nobody is signed out")
    }

    /// What was told until now.
    pub(crate) fn more_sign_outs(&self) -> Vec<SignOut> {
        self.sign_outs.try_iter().collect()
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.events.try_recv().is_err()
    }
}

/// Hears everything at once.
pub(crate) struct Ear {
    events: Sender<Event>,
    sign_outs: Sender<SignOut>,
}

impl Ear {
    pub(crate) fn new() -> (Arc<Self>, Heard) {
        let ((event_sender, events), (sender, sign_outs)) = (mpsc::channel(), mpsc::channel());
        (Arc::new(Self { events: event_sender, sign_outs: sender }), Heard { events, sign_outs })
    }
}

impl EventListener for Ear {
    fn on_event(&self, event: Event) -> Result<(), ListenerError> {
        // The test may be over.
        let _ = self.events.send(event);
        Ok(())
    }

    fn on_signed_out(&self, by: SignOut) -> Result<(), ListenerError> {
        let _ = self.sign_outs.send(by);
        Ok(())
    }
}

/// Keeps every line.
pub(crate) struct Log(Sender<LogRecord>);

impl Log {
    pub(crate) fn new() -> (Arc<Self>, Receiver<LogRecord>) {
        let (sender, lines) = mpsc::channel();
        (Arc::new(Self(sender)), lines)
    }
}

impl LogSink for Log {
    fn log(&self, record: LogRecord) -> Result<(), ListenerError> {
        let _ = self.0.send(record);
        Ok(())
    }
}

/// Hears the first event and then nothing until it is released, like a busy JavaScript thread.
pub(crate) struct HeldBack {
    ear: Arc<Ear>,
    release: Mutex<Option<Receiver<()>>>,
}

impl HeldBack {
    pub(crate) fn new() -> (Arc<Self>, Sender<()>, Heard) {
        let (ear, heard) = Ear::new();
        let (release, released) = mpsc::channel();
        (Arc::new(Self { ear, release: Mutex::new(Some(released)) }), release, heard)
    }
}

impl EventListener for HeldBack {
    fn on_event(&self, event: Event) -> Result<(), ListenerError> {
        self.ear.on_event(event)?;
        let release = self.release.lock().unwrap().take();
        if let Some(release) = release {
            release.recv_timeout(SOON).expect("never released");
        }
        Ok(())
    }

    fn on_signed_out(&self, by: SignOut) -> Result<(), ListenerError> {
        self.ear.on_signed_out(by)
    }
}
