//! Hosts that start over: what ends every client of the process, and so beside no other test.
#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]
#![allow(dead_code, reason = "what the other test program needs of these")]

#[path = "it/host.rs"]
mod host;
#[path = "it/server.rs"]
mod server;

use std::sync::{Arc, Mutex};

use saathii_sdk_ffi::{Event, SaathiiClient, SaathiiError, shut_down_clients};
use saathii_shared_types::Coins;
use serde_json::json;

use crate::{
    host::{Ear, HeldBack, Keychain, block_on, config},
    server::Server,
};

static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn a_host_that_starts_over_is_called_by_nothing_of_before() {
    let _alone = ALONE.lock();
    let server = Server::start_alone();
    let connected = |keychain: &Arc<Keychain>| {
        let (ear, events) = Ear::new();
        let client = SaathiiClient::with_host(config(&server.url), keychain.clone(), ear).unwrap();
        client.connect().unwrap();
        while events.next() != Event::Resync {}
        (client, events)
    };
    let (before, after) = (Arc::new(Keychain::signed_in()), Arc::new(Keychain::signed_in()));
    let (abandoned, told_before) = connected(&before);
    while !told_before.is_silent() {}
    shut_down_clients();
    let (_client, told) = connected(&after);
    server.say(&json!({
        "type": "wallet_updated", "balance_coins": 340, "withdrawable_money": 0, "pending_withdrawals": 0
    }));
    while !matches!(told.next(), Event::WalletChanged { .. }) {}
    assert!(told_before.is_silent());
    let Err(SaathiiError::Failed { code, .. }) = block_on(abandoned.forget()) else { panic!("no store is left") };
    assert_eq!(code, "storage");
    assert!(before.secret().is_some(), "the store of before is not called");
}

/// A JavaScript runtime that is reloaded: whoever was called back there never answers again.
#[test]
fn a_host_that_begins_anew_is_not_disturbed_by_its_clients_of_before() {
    let _alone = ALONE.lock();
    let server = Server::start_alone();
    let keychain = Arc::new(Keychain::signed_in());
    let (gone, never, before) = HeldBack::new();
    let old = SaathiiClient::with_host(config(&server.url), keychain.clone(), gone).unwrap();
    old.set_foreground(true).unwrap();
    old.connect().unwrap();
    server.wait_for("POST /users/me/heartbeat");
    before.next();
    server.send_burst(2_000);
    server.wait_until_burst_is_read();

    shut_down_clients();
    server.wait_until_hung_up();
    let (ear, events) = Ear::new();
    let new = SaathiiClient::with_host(config(&server.url), keychain, ear).unwrap();
    new.connect().unwrap();
    while events.next() != Event::Resync {}
    assert_eq!(block_on(new.coins()).unwrap().current_balance, Coins(40));
    // What is left of the old one still answers, and goes away without a crash.
    assert!(block_on(old.is_signed_in()).unwrap());
    drop((old, never));
    assert_eq!(block_on(new.coins()).unwrap().current_balance, Coins(40));
}
