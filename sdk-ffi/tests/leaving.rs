//! A host that ends: for the whole process, and so in a test program of its own.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use saathii_sdk_ffi::{
    ClientConfig, Event, EventListener, ListenerError, SaathiiClient, SignOut, TokenStore, TokenStoreError,
    release_host,
};

static WAS_LET_GO: AtomicBool = AtomicBool::new(false);

/// Stays in its first event until it is let out.
struct Ear {
    entered: Sender<()>,
    way_out: Mutex<Receiver<()>>,
}

impl EventListener for Ear {
    fn on_event(&self, _: Event) -> Result<(), ListenerError> {
        self.entered.send(()).unwrap();
        let _ = self.way_out.lock().unwrap().recv();
        Ok(())
    }

    fn on_signed_out(&self, _: SignOut) -> Result<(), ListenerError> {
        Ok(())
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        WAS_LET_GO.store(true, Ordering::SeqCst);
    }
}

struct Keychain(Sender<()>);

impl TokenStore for Keychain {
    fn load(&self) -> Result<Option<String>, TokenStoreError> {
        self.0.send(()).unwrap();
        Ok(None)
    }

    fn save(&self, _: String) -> Result<(), TokenStoreError> {
        Ok(())
    }

    fn clear(&self) -> Result<(), TokenStoreError> {
        Ok(())
    }
}

impl Drop for Keychain {
    fn drop(&mut self) {
        WAS_LET_GO.store(true, Ordering::SeqCst);
    }
}

fn client(store: Sender<()>, ear: Option<Arc<dyn EventListener>>) -> Arc<SaathiiClient> {
    let config = ClientConfig {
        base_url: "http://127.0.0.1:9".to_owned(),
        user_agent: None,
        connect_timeout_ms: 100,
        request_timeout_ms: 100,
        transfer_timeout_ms: 100,
        root_certificates: Vec::new(),
    };
    SaathiiClient::new(config, Some(Arc::new(Keychain(store))), ear).unwrap()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

#[test]
fn a_host_that_leaves_waits_for_calls_inside_of_it_and_is_touched_by_none_afterwards() {
    let (entered, entries) = channel();
    let (let_out, way_out) = channel();
    let (read, reads) = channel();
    let ear = Arc::new(Ear { entered, way_out: Mutex::new(way_out) });
    let first = client(read.clone(), Some(ear));
    let second = client(read, None);
    // Reads the store, and the first event comes.
    assert!(!wait(first.is_signed_in()).unwrap());
    let patience = Duration::from_mins(1);
    reads.recv_timeout(patience).unwrap();
    entries.recv_timeout(patience).unwrap();

    assert!(!release_host(10), "a call is inside of it");
    let_out.send(()).unwrap();
    assert!(release_host(60_000));

    assert!(wait(second.is_signed_in()).is_err(), "no store is left");
    assert!(reads.try_recv().is_err() && entries.try_recv().is_err());
    drop((first, second));
    assert!(release_host(60_000));
    assert!(!WAS_LET_GO.load(Ordering::SeqCst));
}
