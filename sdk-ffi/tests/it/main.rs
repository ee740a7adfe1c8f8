//! The exported objects as a host uses them: from threads that no runtime knows.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod host;
mod server;

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use saathii_sdk_ffi::{
    Audio, CallState, ClientConfig, Event, EventListener, FeedFilter, FollowedCall, ListenerError, LogLevel, NewUser,
    ProfileChanges, SaathiiClient, SaathiiError, SessionState, Side, SignOut, TextChange, TokenStore, Verified,
    init_logging, new_idempotency_key, stop_logging,
};
use saathii_shared_types::{
    CallId, Coins, Earnings, SampleId, UserId,
    calls::{CallType, EndCause},
    payments::VerifyRecharge,
    users::Sex,
    withdrawals::PayoutDetails,
};
use serde_json::json;

use crate::{
    host::{Ear, Heard, HeldBack, Keychain, LockedKeychain, Log, block_on, config, poll_once},
    server::Server,
};

fn client(
    server: &Server,
    store: Option<Arc<dyn TokenStore>>,
    listener: Option<Arc<dyn EventListener>>,
) -> Arc<SaathiiClient> {
    SaathiiClient::new(config(&server.url), store, listener).unwrap()
}

fn code(error: &SaathiiError) -> &str {
    match error {
        SaathiiError::Refused { code, .. }
        | SaathiiError::Unreachable { code, .. }
        | SaathiiError::SignedOut { code, .. }
        | SaathiiError::Failed { code, .. } => code,
    }
}

fn user(username: &str) -> NewUser {
    NewUser {
        username: username.into(),
        sex: Sex::Female,
        dob: Some("2000-01-31".into()),
        bio: None,
        interests: None,
        profile_image_url: None,
        preferred_language: None,
        role: None,
    }
}

#[test]
fn a_host_signs_in_and_follows_the_feed() {
    let server = Server::start();
    let keychain = Arc::new(Keychain::default());
    let (ear, events) = Ear::new();
    let client = client(&server, Some(keychain.clone()), Some(ear));
    assert!(!block_on(client.is_signed_in()).unwrap());
    assert_eq!(code(&block_on(client.me()).unwrap_err()), "signed_out");

    let sent = block_on(client.request_otp("+919876543210".into())).unwrap();
    let Err(wrong) = block_on(sent.verify("000000".into())) else { panic!("a wrong code was taken") };
    assert_eq!(code(&wrong), "invalid_otp");
    let Ok(Verified::NeedsRegistration { registration }) = block_on(sent.verify("123456".into())) else {
        panic!("a new phone must register")
    };
    assert_eq!(code(&block_on(registration.clone().register(user("taken"))).unwrap_err()), "username_taken");
    let bad_date = NewUser { dob: Some("31.1.2000".into()), ..user("asha") };
    assert_eq!(code(&block_on(registration.clone().register(bad_date)).unwrap_err()), "configuration");
    block_on(registration.clone().register(user("asha"))).unwrap();
    assert_eq!(code(&block_on(registration.register(user("asha"))).unwrap_err()), "step_used");
    assert_eq!(events.next(), Event::SessionChanged { state: SessionState::SignedOut });
    assert_eq!(events.next(), Event::SessionChanged { state: SessionState::SignedIn });
    assert!(keychain.secret().unwrap().contains("refresh-1"));

    let changes = ProfileChanges { bio: Some(TextChange::Clear), ..ProfileChanges::default() };
    let profile = block_on(client.update_profile(changes)).unwrap();
    assert_eq!((profile.user_id, profile.dob.map(|dob| dob.to_string())), (UserId(7), Some("2000-01-31".into())));
    assert_eq!(server.body("PUT /users/me"), json!({"bio": null}));

    client.connect().unwrap();
    client.connect().unwrap();
    assert_eq!(events.next(), Event::Connected);
    assert_eq!(events.next(), Event::Resync);
    let Event::PresenceChanged { presence } = events.next() else { panic!("no change of presence") };
    assert_eq!(presence.user_id, UserId(1));
    client.disconnect();

    assert_eq!(client.feed_state(), None);
    client.open_feed(FeedFilter::default(), 20).unwrap();
    while !client.feed_state().is_some_and(|state| state.is_loaded && state.is_live) {
        assert_eq!(events.next(), Event::FeedChanged);
    }
    assert_eq!(client.feed_state().unwrap().listeners[0].user_id, UserId(1));
    block_on(client.refresh_feed()).unwrap();
    client.close_feed();
    assert_eq!(code(&block_on(client.refresh_feed()).unwrap_err()), "feed_closed");

    block_on(client.logout()).unwrap();
    assert_eq!(events.next(), Event::SessionChanged { state: SessionState::SignedOut });
    assert_eq!(events.next_sign_out(), SignOut::ByUser);
    assert_eq!(events.more_sign_outs(), [], "the start with nobody signed in was no sign-out");
    assert_eq!(keychain.secret(), None);
}

#[test]
fn a_login_that_the_server_ends_is_told_once() {
    let server = Server::start();
    let keychain = Arc::new(Keychain::signed_in());
    let (ear, events) = Ear::new();
    let client = client(&server, Some(keychain.clone()), Some(ear));
    for _ in 0..3 {
        assert_eq!(code(&block_on(client.call_status()).unwrap_err()), "signed_out");
    }
    assert_eq!(events.next_sign_out(), SignOut::ByServer);
    while events.next() != (Event::SessionChanged { state: SessionState::Ended }) {}
    assert_eq!(events.more_sign_outs(), []);
    assert_eq!(keychain.secret(), None);
}

/// The next change of the call that is followed.
fn next_change(events: &Heard) -> FollowedCall {
    loop {
        match events.next() {
            Event::CallChanged { call } => return call,
            Event::CallRings { .. } => panic!("nobody calls"),
            _ => {}
        }
    }
}

#[test]
fn a_host_calls_and_hears_of_every_minute_and_of_the_end() {
    let server = Server::start();
    let (ear, events) = Ear::new();
    let client = client(&server, Some(Arc::new(Keychain::signed_in())), Some(ear));
    assert_eq!(client.current_call(), None);
    assert_eq!(code(&block_on(client.end_call()).unwrap_err()), "no_call");
    let Err(SaathiiError::Refused { code, required, available, .. }) =
        block_on(client.start_call(UserId(404), CallType::Audio, None))
    else {
        panic!("too few coins")
    };
    assert_eq!((code.as_str(), required, available), ("insufficient_coins", Some(10), Some(4)));

    let key = Some(new_idempotency_key());
    let call = block_on(client.start_call(UserId(8), CallType::Audio, key)).unwrap();
    assert_eq!((call.call_id, call.side, call.other), (CallId(3), Side::Caller, UserId(8)));
    let CallState::Ongoing { remaining_coins: Some(Coins(40)), minutes_left: Some(5), earned: None, .. } = call.state
    else {
        panic!("{call:?}")
    };
    // Read as soon as the socket is there.
    let CallState::Ongoing { earned: Some(Earnings(15)), .. } = next_change(&events).state else { panic!("not read") };
    server.say(&json!({
        "type": "call_minute", "call_id": 3, "minute": 2, "coins_spent": 20, "listener_money_earned": 30,
        "remaining_coins": 30
    }));
    let CallState::Ongoing { minutes: 2, low_balance: false, .. } = next_change(&events).state else {
        panic!("minute")
    };
    assert_eq!(block_on(client.end_call()).unwrap().coins_spent, Coins(20));
    let CallState::Ended { end_cause: EndCause::Hangup, .. } = next_change(&events).state else { panic!("no end") };
    assert!(matches!(client.current_call().unwrap().state, CallState::Ended { minutes: 2, .. }));

    let resumed = block_on(client.resume_call()).unwrap().unwrap();
    assert!(matches!(resumed.state, CallState::Ongoing { .. }));
    client.leave_call();
    assert_eq!(client.current_call(), None);
    let rates = block_on(client.call_rates()).unwrap();
    assert_eq!((rates.calls[0].rate_per_minute, rates.calls[0].earnings), (Coins(10), Earnings(15)));
    assert_eq!((rates.recharge_options[0].amount_rupees, rates.recharge_options[0].coins), (150, Coins(300)));
    assert_eq!(block_on(client.coins()).unwrap().current_balance, Coins(40));
}

#[test]
fn a_recharge_goes_on_with_the_call_that_is_followed() {
    let server = Server::start();
    let client = client(&server, Some(Arc::new(Keychain::signed_in())), None);
    block_on(client.start_call(UserId(8), CallType::Audio, None)).unwrap();
    let order = block_on(client.recharge(150, Some("card".into()), None)).unwrap().order.unwrap();
    let readings = server.seen().iter().filter(|seen| *seen == "GET /calls/balance").count();
    let proof = VerifyRecharge {
        razorpay_order_id: order.order_id,
        razorpay_payment_id: "pay_1".into(),
        razorpay_signature: "s".into(),
    };
    assert_eq!(block_on(client.verify_recharge(proof, None)).unwrap().coins_added, Coins(300));
    let read = server.seen().iter().filter(|seen| *seen == "GET /calls/balance").count();
    assert!(read > readings, "the call has read its coins when the recharge is done");
    let bad_key = block_on(client.recharge(150, None, Some("two words".into()))).unwrap_err();
    assert_eq!(code(&bad_key), "configuration");
    assert!(block_on(client.recharge(150, None, Some(new_idempotency_key()))).unwrap().order.is_none());
}

#[test]
fn every_wrapper_asks_for_what_it_is_named_after() {
    let server = Server::start();
    let client = client(&server, Some(Arc::new(Keychain::signed_in())), None);
    let audio = || Audio::Bytes { name: "a.mp3".into(), bytes: vec![1, 2, 3] };
    let upi = PayoutDetails::Upi { upi_id: "asha@okbank".into() };
    let user = UserId(8);
    // What it answers is not what was asked for, and that is told as such.
    let codes = [
        block_on(client.recharge_history(1, 20)).map(drop),
        block_on(client.request_withdrawal(Earnings(1000), None)).map(drop),
        block_on(client.withdrawals(1, 20)).map(drop),
        block_on(client.bank_details()).map(drop),
        block_on(client.set_bank_details(upi)).map(drop),
        block_on(client.add_favorite(user)).map(drop),
        block_on(client.remove_favorite(user)).map(drop),
        block_on(client.favorites(1, 20)).map(drop),
        block_on(client.is_favorite(user)).map(drop),
        block_on(client.block(user, None)).map(drop),
        block_on(client.unblock(user)).map(drop),
        block_on(client.blocked(1, 20)).map(drop),
        block_on(client.is_blocked(user)).map(drop),
        block_on(client.report(user, "Rude".into(), None)).map(drop),
        block_on(client.verification_status()).map(drop),
        block_on(client.verification_history()).map(drop),
        block_on(client.upload_sample(audio())).map(drop),
        block_on(client.upload_ticket()).map(drop),
        block_on(client.confirm_upload("k".into())).map(drop),
        block_on(client.submit_sample_url("u".into())).map(drop),
        block_on(client.sample_audio(SampleId(3))).map(drop),
    ]
    .map(|answer| code(&answer.unwrap_err()).to_owned());
    assert!(codes.iter().all(|code| code == "unexpected_answer"), "{codes:?}");
    let asked = [
        "GET /calls/recharge/history",
        "POST /wallet/withdraw",
        "GET /wallet/withdrawals",
        "GET /wallet/bank-details",
        "PUT /wallet/bank-details",
        "POST /favorites/add",
        "DELETE /favorites/remove",
        "GET /favorites",
        "GET /favorites/check/8",
        "POST /block",
        "DELETE /block",
        "GET /blocked",
        "GET /block/check/8",
        "POST /reports",
        "GET /verification/status",
        "GET /verification/history",
        "POST /verification/upload-audio-file",
        "POST /verification/upload-ticket",
        "POST /verification/confirm-upload",
        "POST /verification/upload-audio-url",
        "GET /verification/samples/3/audio",
    ];
    assert_eq!(server.seen(), asked);
    assert_eq!(block_on(client.export_account()).unwrap(), r#"{"message":"Done"}"#);
}

#[test]
fn a_recording_is_found_by_its_path_and_by_its_address() {
    let server = Server::start();
    let client = client(&server, Some(Arc::new(Keychain::signed_in())), None);
    let folder = std::env::temp_dir().join(format!("saathii ffi {}", new_idempotency_key()));
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("a b.m4a");
    std::fs::write(&path, [1, 2, 3]).unwrap();
    let address = format!("file://{}", path.to_str().unwrap().replace(' ', "%20"));
    for file in [path.to_str().unwrap().to_owned(), address] {
        let error = block_on(client.upload_sample(Audio::File { path: file.clone() })).unwrap_err();
        assert_eq!(code(&error), "unexpected_answer", "{file} was sent");
    }
    let none = Audio::File { path: folder.join("none.m4a").to_str().unwrap().to_owned() };
    assert_eq!(code(&block_on(client.upload_sample(none)).unwrap_err()), "file");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_call_to_oneself_rings_and_a_purchase_is_told() {
    let server = Server::start();
    let (ear, events) = Ear::new();
    let client = client(&server, Some(Arc::new(Keychain::signed_in())), Some(ear));
    client.open_line().unwrap();
    client.open_line().unwrap();
    // Its socket is there, and tells whose calls ring.
    server.wait_for("GET /calls/ongoing");
    server.say(&json!({
        "type": "call_started", "call_id": 4, "call_type": "audio", "user_id": 9, "listener_id": 7,
        "caller_username": "john", "listener_username": "asha", "start_time": "2024-01-15T10:30:00Z",
        "rate_per_minute": 10
    }));
    let (call, caller) = loop {
        if let Event::CallRings { call, caller_username } = events.next() {
            break (call, caller_username);
        }
    };
    assert_eq!((call.call_id, call.side, call.other, caller.as_str()), (CallId(4), Side::Listener, UserId(9), "john"));
    client.close_line();

    client.connect().unwrap();
    while events.next() != Event::Resync {}
    server.say(&json!({
        "type": "wallet_updated", "balance_coins": 340, "withdrawable_money": 0, "pending_withdrawals": 0
    }));
    loop {
        if let Event::WalletChanged { balance_coins, .. } = events.next() {
            assert_eq!(balance_coins, Coins(340));
            break;
        }
    }
}

#[test]
fn a_busy_host_hears_the_end_of_a_burst_and_that_it_missed_some() {
    let server = Server::start();
    let (listener, release, events) = HeldBack::new();
    let client = client(&server, Some(Arc::new(Keychain::signed_in())), Some(listener));
    assert!(block_on(client.is_signed_in()).unwrap());
    client.connect().unwrap();
    server.send_burst(2_000);
    server.wait_until_burst_is_read();
    release.send(()).unwrap();
    let (mut told, mut resyncs, mut last) = (0, 0, None);
    // One for the new connection, one for what was thrown away.
    while resyncs < 2 || last != Some(UserId(1_999)) {
        match events.next() {
            Event::PresenceChanged { presence } => {
                told += 1;
                last = Some(presence.user_id);
            }
            Event::Resync => resyncs += 1,
            _ => {}
        }
    }
    assert!(told < 2_000, "the queue is bounded");
}

#[test]
fn a_store_that_fails_or_panics_is_an_error_and_no_crash() {
    let server = Server::start();
    for panics in [false, true] {
        let client = client(&server, Some(Arc::new(LockedKeychain { panics })), None);
        assert_eq!(code(&block_on(client.is_signed_in()).unwrap_err()), "storage");
    }
}

#[test]
fn a_listener_that_fails_or_panics_hears_the_next_event() {
    struct Clumsy(mpsc::Sender<Event>);
    impl EventListener for Clumsy {
        fn on_event(&self, event: Event) -> Result<(), ListenerError> {
            self.0.send(event.clone()).unwrap();
            match event {
                Event::SessionChanged { .. } => panic!("clumsy"),
                _ => Err(ListenerError::Failed { detail: "clumsy".into() }),
            }
        }

        fn on_signed_out(&self, _: SignOut) -> Result<(), ListenerError> {
            panic!("clumsy")
        }
    }
    let server = Server::start();
    let (sender, events) = mpsc::channel();
    let client = client(&server, Some(Arc::new(Keychain::signed_in())), Some(Arc::new(Clumsy(sender))));
    client.connect().unwrap();
    let told: Vec<Event> = events.iter().take(3).collect();
    assert_eq!(told, [Event::SessionChanged { state: SessionState::SignedIn }, Event::Connected, Event::Resync]);
}

#[test]
fn a_call_that_nobody_waits_for_is_cancelled() {
    let server = Server::start();
    let client = client(&server, Some(Arc::new(Keychain::signed_in())), None);
    let mut call = Box::pin(client.me());
    assert!(poll_once(call.as_mut()).is_none());
    server.wait_for("GET /users/me");
    drop(call);
    server.wait_until_hung_up();
}

#[test]
fn a_host_gets_the_log_without_secrets_and_again_after_a_reload() {
    let server = Server::start_alone();
    let (sink, lines) = Log::new();
    init_logging(LogLevel::Trace, sink).unwrap();
    let client = client(&server, None, None);
    let sent = block_on(client.request_otp("+919876543210".into())).unwrap();
    let Ok(Verified::NeedsRegistration { registration }) = block_on(sent.verify("123456".into())) else {
        panic!("a new phone must register")
    };
    block_on(registration.register(user("asha"))).unwrap();
    client.connect().unwrap();
    block_on(client.call_status()).unwrap_err();

    let (after_reload, more_lines) = Log::new();
    init_logging(LogLevel::Info, after_reload).unwrap();
    // The sink of before is let go of, after all that was on its way.
    let told: Vec<String> = lines.iter().map(|line| format!("{} {}", line.target, line.message)).collect();
    assert!(told.iter().any(|line| line == "saathii_sdk::session signed in"), "{told:#?}");
    for secret in ["9876543210", "123456", "access-1", "refresh-1", "reg"] {
        assert!(!told.iter().any(|line| line.contains(secret)), "{secret} in {told:#?}");
    }

    let sent = block_on(client.request_otp("+919876543210".into())).unwrap();
    let Ok(Verified::NeedsRegistration { registration }) = block_on(sent.verify("123456".into())) else {
        panic!("a new phone must register")
    };
    block_on(registration.register(user("asha"))).unwrap();
    let line = more_lines.recv_timeout(Duration::from_mins(1)).unwrap();
    assert_eq!((line.level, line.message.as_str()), (LogLevel::Info, "signed in"));

    stop_logging();
    block_on(client.forget()).unwrap();
    while let Ok(line) = more_lines.recv_timeout(Duration::from_millis(200)) {
        assert!(!line.message.contains("signed out"), "the host has stopped the log");
    }
}

#[test]
fn what_makes_no_client_is_told_as_such() {
    let no_address = config("ftp://nowhere");
    let no_root = ClientConfig { root_certificates: vec!["hello".into()], ..config("https://example.com") };
    for config in [no_address, no_root] {
        let Err(error) = SaathiiClient::new(config, None, None) else { panic!("a client") };
        assert_eq!(code(&error), "configuration");
    }
}
