//! What the host lends: objects of its own that threads of the SDK call and let go of, until the host leaves.
//!
//! A host that ends while a thread is inside of it, or comes to it afterwards, may take the process with it: Python ends
//! such a thread in the middle of Rust.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

struct State {
    /// Calls that are inside the host at this moment.
    visits: usize,
    has_left: bool,
}

static STATE: Mutex<State> = Mutex::new(State { visits: 0, has_left: false });
static VISIT_ENDED: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For a host that ends, as its last call: nothing of it is called from now on, nor let go of. Waits until calls that
/// are inside of it have come back; false where one has not after so long.
///
/// Not for a thread that callbacks wait for, such as JavaScript's: `shut_down_clients` is.
#[uniffi::export]
pub fn release_host(timeout_ms: u32) -> bool {
    let mut state = state();
    state.has_left = true;
    let patience = Duration::from_millis(timeout_ms.into());
    let waited = VISIT_ENDED.wait_timeout_while(state, patience, |state| state.visits > 0);
    let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
    state.visits == 0
}

/// While it lives, the host does not leave.
struct Visit;

impl Visit {
    fn begin() -> Option<Self> {
        let mut state = state();
        if state.has_left {
            return None;
        }
        state.visits += 1;
        Some(Self)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        state().visits -= 1;
        VISIT_ENDED.notify_all();
    }
}

/// An object of the host's.
pub(crate) struct Lent<T: ?Sized>(Option<Arc<T>>);

impl<T: ?Sized> Lent<T> {
    pub(crate) fn new(object: Arc<T>) -> Self {
        Self(Some(object))
    }

    /// `None` where the host has left.
    pub(crate) fn call<R>(&self, call: impl FnOnce(&T) -> R) -> Option<R> {
        let _visit = Visit::begin()?;
        self.0.as_deref().map(call)
    }
}

impl<T: ?Sized> Drop for Lent<T> {
    fn drop(&mut self) {
        let object = self.0.take();
        match Visit::begin() {
            Some(_visit) => drop(object),
            None => std::mem::forget(object),
        }
    }
}
