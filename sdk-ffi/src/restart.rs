//! A host that begins anew in a process that lives on, as JavaScript does when it is reloaded.
//!
//! Nobody lets go of what it had made, and what is called by its old numbers would be something else of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::SaathiiClient;

static CLIENTS: Mutex<Vec<Weak<SaathiiClient>>> = Mutex::new(Vec::new());

fn clients() -> MutexGuard<'static, Vec<Weak<SaathiiClient>>> {
    CLIENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn remember(client: &Arc<SaathiiClient>) {
    let mut clients = clients();
    clients.retain(|client| client.strong_count() > 0);
    clients.push(Arc::downgrade(client));
}

/// Said by React Native before all else: clients of before a reload end, and call nobody.
#[uniffi::export]
pub fn start_over() {
    let before = std::mem::take(&mut *clients());
    for client in before.iter().filter_map(Weak::upgrade) {
        client.abandon();
    }
}
