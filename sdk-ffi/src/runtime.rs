//! Where the work is done: hosts poll futures on threads of their own, which must not be kept.

use std::{
    pin::Pin,
    sync::OnceLock,
    task::{Context, Poll},
};

use saathii_sdk::Code;
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinError, JoinHandle},
};

use crate::SaathiiError;

/// One for the process, never dropped: a host may let go of its last object on any thread, one of these included.
pub(crate) fn runtime() -> Result<&'static Runtime, SaathiiError> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let start = || {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("saathii").enable_all().build().map_err(|error| error.to_string())
    };
    RUNTIME.get_or_init(start).as_ref().map_err(|error| SaathiiError::failed(Code::Internal, error))
}

/// Works until it is done or nobody waits any more.
pub(crate) async fn run<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, SaathiiError>
where
    T: Send + 'static,
    E: Into<SaathiiError> + Send + 'static,
{
    finished(Cancelled(runtime()?.spawn(work)).await)
}

/// Works until it is done, whoever waits.
pub(crate) async fn run_to_end<T, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, SaathiiError>
where
    T: Send + 'static,
    E: Into<SaathiiError> + Send + 'static,
{
    finished(runtime()?.spawn(work).await)
}

fn finished<T, E: Into<SaathiiError>>(done: Result<Result<T, E>, JoinError>) -> Result<T, SaathiiError> {
    match done {
        Ok(result) => result.map_err(Into::into),
        Err(error) => {
            tracing::error!(%error, "a task of the client failed");
            Err(SaathiiError::failed(Code::Internal, error))
        }
    }
}

/// Cancels its task when it is dropped.
struct Cancelled<T>(JoinHandle<T>);

impl<T> Future for Cancelled<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for Cancelled<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use saathii_sdk::Error;

    use super::*;

    #[test]
    fn a_panic_is_an_error_of_the_call_and_the_next_call_works() {
        let work = |panics: bool| async move {
            assert!(!panics, "a fault of the client");
            Ok::<_, Error>(7)
        };
        let runtime = runtime().unwrap();
        for panicked in [runtime.block_on(run(work(true))), runtime.block_on(run_to_end(work(true)))] {
            let Err(SaathiiError::Failed { code, detail }) = panicked else { panic!("no error") };
            assert_eq!(code, "internal");
            assert!(detail.contains("a fault of the client"), "{detail}");
        }
        assert_eq!(runtime.block_on(run(work(false))), Ok(7));
    }
}
