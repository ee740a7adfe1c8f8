use std::{
    pin::pin,
    sync::{LazyLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{advance, pause},
};

/// Virtual time that stands still unless it is driven.
///
/// Tokio's own auto-advance runs ahead of bytes that are still on their way; it rests while a blocking task runs.
pub(crate) struct Clock {
    _resting: mpsc::Sender<()>,
}

impl Clock {
    pub(crate) fn stop() -> Self {
        pause();
        let (sender, receiver) = mpsc::channel::<()>();
        spawn_blocking(move || {
            let _ = receiver.recv();
        });
        Self { _resting: sender }
    }

    /// Lets time pass, `step` by `step`, until the future is done; tells how much of it passed.
    pub(crate) async fn drive<F: Future>(&self, step: Duration, future: F) -> (F::Output, Duration) {
        let begun = tokio::time::Instant::now();
        let mut future = pin!(future);
        let driven = async {
            loop {
                tokio::select! {
                    biased;
                    output = &mut future => return output,
                    // Real time for what is on its way.
                    _ = spawn_blocking(|| thread::sleep(Duration::from_millis(1))) => advance(step).await,
                }
            }
        };
        (soon(driven).await, begun.elapsed())
    }
}

/// What must happen within moments of real time.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    static SECONDS: LazyLock<watch::Sender<()>> = LazyLock::new(|| {
        let seconds = watch::Sender::new(());
        let ticking = seconds.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                ticking.send_replace(());
            }
        });
        seconds
    });
    let begun = Instant::now();
    let mut seconds = SECONDS.subscribe();
    let patience = async { while begun.elapsed() < Duration::from_mins(1) && seconds.changed().await.is_ok() {} };
    tokio::select! {
        biased;
        output = future => output,
        () = patience => panic!("it did not happen"),
    }
}
