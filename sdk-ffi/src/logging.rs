//! Logs to the host.
//!
//! Whoever logs puts a line into a bounded queue and goes on; a thread of its own hands lines to the host, as slow as that
//! is. A host that comes again, like a JavaScript runtime after a reload, replaces the sink of before.

use std::{
    fmt::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use saathii_sdk::Code;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    subscriber::Interest,
};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt},
    registry::Registry,
};

use crate::{ListenerError, SaathiiError, host::Lent};

/// How much is logged: this and what is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LogRecord {
    pub level: LogLevel,
    /// Which part of the SDK it comes from.
    pub target: String,
    pub message: String,
}

/// Where the host keeps its log.
#[uniffi::export(with_foreign)]
pub trait LogSink: Send + Sync {
    /// Called from one thread of the SDK's, one line at a time.
    fn log(&self, record: LogRecord) -> Result<(), ListenerError>;
}

/// From now on what the SDK logs goes to `sink`, in place of the one of before. No line has a token, a code or a whole
/// phone number; lines that a slow sink does not keep up with are counted and left out.
///
/// Fails with `configuration` where the process has a `tracing` subscriber of its own, which gets everything already.
#[uniffi::export]
pub fn init_logging(level: LogLevel, sink: Arc<dyn LogSink>) -> Result<(), SaathiiError> {
    static INSTALLED: OnceLock<Mutex<bool>> = OnceLock::new();
    let mut is_installed = INSTALLED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_installed {
        let subscriber = Registry::default().with(ToHost);
        tracing::subscriber::set_global_default(subscriber)
            .map_err(|_| SaathiiError::failed(Code::Configuration, "this process logs by a subscriber of its own"))?;
        *is_installed = true;
    }
    let line = Line::start(sink)?;
    *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = Some(Current { level: level.into(), line });
    // What was found switched off may be on now.
    tracing::callsite::rebuild_interest_cache();
    Ok(())
}

/// From now on nothing is logged to the host, and what is on its way is left out: for a host that ends while the process
/// goes on, like an interpreter that is about to leave.
#[uniffi::export]
pub fn stop_logging() {
    if let Some(current) = CURRENT.write().unwrap_or_else(PoisonError::into_inner).take() {
        current.line.is_stopped.store(true, Ordering::Release);
    }
    tracing::callsite::rebuild_interest_cache();
}

static CURRENT: RwLock<Option<Current>> = RwLock::new(None);

struct Current {
    level: LevelFilter,
    line: Line,
}

impl Current {
    fn with<T>(read: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(read)
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warn,
            Level::INFO => Self::Info,
            Level::DEBUG => Self::Debug,
            _ => Self::Trace,
        }
    }
}

/// Lines on their way to one sink; its thread ends with it.
struct Line {
    records: SyncSender<LogRecord>,
    lost: Arc<AtomicU64>,
    is_stopped: Arc<AtomicBool>,
}

const MOST_WAITING: usize = 256;

impl Line {
    fn start(sink: Arc<dyn LogSink>) -> Result<Self, SaathiiError> {
        let (records, waiting) = sync_channel(MOST_WAITING);
        let (lost, is_stopped) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (counted, stopped, sink) = (lost.clone(), is_stopped.clone(), Lent::new(sink));
        thread::Builder::new()
            .name("saathii-logs".to_owned())
            .spawn(move || {
                hand_over(&sink, &waiting, &counted, &stopped);
                if stopped.load(Ordering::Acquire) {
                    // A host that has gone is not even asked to let go.
                    std::mem::forget(sink);
                }
            })
            .map_err(|error| SaathiiError::failed(Code::Internal, error))?;
        Ok(Self { records, lost, is_stopped })
    }

    fn put(&self, record: LogRecord) {
        if let Err(TrySendError::Full(_)) = self.records.try_send(record) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn hand_over(sink: &Lent<dyn LogSink>, waiting: &Receiver<LogRecord>, lost: &AtomicU64, is_stopped: &AtomicBool) {
    // A sink that fails or panics has lost this line and nothing else.
    let log = |record| drop(catch_unwind(AssertUnwindSafe(|| sink.call(|sink| sink.log(record)))));
    while let Ok(record) = waiting.recv()
        && !is_stopped.load(Ordering::Acquire)
    {
        log(record);
        let count = lost.swap(0, Ordering::Relaxed);
        if count > 0 {
            let message = format!("{count} lines were left out");
            log(LogRecord { level: LogLevel::Warn, target: env!("CARGO_CRATE_NAME").to_owned(), message });
        }
    }
}

struct ToHost;

/// Other crates may log what is secret: headers, addresses.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("saathii")
}

impl<S: Subscriber> Layer<S> for ToHost {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_ours(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        is_ours(metadata) && Current::with(|current| *metadata.level() <= current.level) == Some(true)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        let message = mask_phones(&(text.message + &text.fields));
        let record = LogRecord { level: (*metadata.level()).into(), target: metadata.target().to_owned(), message };
        Current::with(|current| current.line.put(record));
    }
}

/// The sentence, and what was found.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// Fewer digits are nobody's phone.
const SHORTEST_PHONE: usize = 7;

/// Leaves two digits of whatever may be a phone number, as a server's sentence may repeat it.
fn mask_phones(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(|char: char| char.is_ascii_digit()) {
        let (before, number) = rest.split_at(begin);
        let length = number.find(|char: char| !char.is_ascii_digit()).unwrap_or(number.len());
        let (number, after) = number.split_at(length);
        masked.push_str(before);
        if length < SHORTEST_PHONE {
            masked.push_str(number);
        } else {
            masked.push('…');
            masked.push_str(&number[length - 2..]);
        }
        rest = after;
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    /// Takes one line, and more once it is let go on; panics at each.
    struct Slow(mpsc::Sender<String>, Mutex<Receiver<()>>);

    impl LogSink for Slow {
        fn log(&self, record: LogRecord) -> Result<(), ListenerError> {
            let _ = self.0.send(record.message);
            let _ = self.1.lock().unwrap_or_else(PoisonError::into_inner).recv();
            panic!("a clumsy sink")
        }
    }

    #[test]
    fn a_slow_sink_keeps_nobody_waiting_and_hears_what_it_missed() {
        const MORE: usize = 10;
        let (sender, lines) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let line = Line::start(Arc::new(Slow(sender, Mutex::new(released)))).unwrap();
        let put = |message: &str| {
            let message = message.to_owned();
            line.put(LogRecord { level: LogLevel::Info, target: "saathii".to_owned(), message });
        };
        let next = || lines.recv_timeout(Duration::from_mins(1)).unwrap();
        put("first");
        assert_eq!(next(), "first");
        for _ in 0..MOST_WAITING + MORE {
            put("more");
        }
        drop(release);
        assert_eq!(next(), format!("{MORE} lines were left out"));
        assert_eq!((0..MOST_WAITING).filter(|_| next() == "more").count(), MOST_WAITING);
    }

    #[test]
    fn a_phone_is_not_told_and_all_else_is() {
        for (text, masked) in [
            ("no account for +919876543210, ask", "no account for +…10, ask"),
            ("9876543210", "…10"),
            ("call 123456 ended after 61 s", "call 123456 ended after 61 s"),
            ("héllo 1 ☎ 12345678", "héllo 1 ☎ …78"),
            ("", ""),
        ] {
            assert_eq!(mask_phones(text), masked);
        }
    }
}
