//! The SDK knows every endpoint that an app may ask for: each is asked for through it, and compared with the document.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    extract::{MatchedPath, Request},
    middleware::{self, Next},
};
use chrono::TimeDelta;
use reqwest::Method;
use saathii_sdk::{
    AudioFile, CallFilter, CallSession, Client, Event, FeedFilter, NewUser, Page, Verified,
    types::{
        Coins, Earnings, SampleId, UserId,
        calls::{CallStatus, CallType, StartCall},
        events::{ServerEvent, Topic},
        payments::RechargeStatus,
        presence::StatusPatch,
        reports::ReportStatus,
        users::{ProfilePatch, Role, Sex},
        verification::VerificationStatus,
        wallet::WithdrawalStatus,
        withdrawals::PayoutDetails,
    },
};
use serde_json::{Value, json};
use tests::{
    Person, TestApp, audio,
    razorpay::{Razorpay, checkout},
};
use tokio::{net::TcpListener, time::timeout};

use super::verification::place;

/// Method and route of what was asked for, and whether each time with an idempotency key.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<BTreeMap<String, bool>>>);

impl Record {
    fn keep(&self, request: &Request) {
        let path = request.extensions().get::<MatchedPath>().map_or("no route", MatchedPath::as_str);
        let has_key = request.headers().contains_key("idempotency-key");
        let mut asked = self.0.lock().unwrap();
        *asked.entry(format!("{} {path}", request.method())).or_insert(true) &= has_key;
    }

    fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    fn asked_with_key(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|(_, has_key)| **has_key).map(|(what, _)| what.clone()).collect()
    }
}

/// The node at another address, which keeps record.
async fn listen(app: &TestApp, record: &Record) -> String {
    let record = record.clone();
    let router = app.router.clone().layer(middleware::from_fn(move |request: Request, next: Next| {
        record.keep(&request);
        next.run(request)
    }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// Of the document: what is neither the dashboard's nor the operator's.
fn public_operations(with_key: bool) -> Vec<String> {
    let document: Value = serde_json::from_str(&saathii_server::app::openapi().to_json().unwrap()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let is_public = !path.starts_with("/admin/") && operation["tags"] != json!(["Operations"]);
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let takes_key = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
            if is_public && (takes_key || !with_key) {
                found.push(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    found.sort();
    found
}

/// Two who use everything, each by the SDK alone.
struct Stage {
    app: TestApp,
    address: String,
}

impl Stage {
    async fn register(&self, username: &str, role: Role) -> Client {
        let client = Client::builder().base_url(&self.address).build().unwrap();
        let sent = client.auth().request_otp(self.app.new_phone()).await.unwrap();
        sent.resend().await.unwrap();
        let code = self.app.phones.last_code(sent.phone());
        let Ok(Verified::NeedsRegistration(registration)) = sent.verify(&code).await else { panic!("a new phone") };
        let user = NewUser { role: Some(role), ..NewUser::new(username, Sex::Female) };
        registration.register(&user).await.unwrap();
        client
    }

    /// A minute and a second of a call go by.
    async fn talk(&self, people: [&Client; 2]) {
        for seconds in [30, 31] {
            self.app.advance(TimeDelta::seconds(seconds));
            for client in people {
                client.presence().send_heartbeat().await.unwrap();
            }
        }
    }

    async fn review(&self, admin: &Person, sample: SampleId, verdict: &str) {
        let body = json!({"sample_id": sample, "status": verdict, "remarks": "Heard"});
        self.app
            .request(Method::POST, "/admin/verification/review")
            .bearer(&admin.access)
            .json(&body)
            .send()
            .await
            .ok();
    }
}

async fn id_of(client: &Client) -> UserId {
    client.users().me().await.unwrap().user_id
}

#[tokio::test]
async fn the_sdk_asks_for_every_endpoint_that_an_app_may() {
    let (record, razorpay) = (Record::default(), Razorpay::start().await);
    let app = razorpay.sell().await;
    let address = listen(&app, &record).await;
    let stage = Stage { app, address };
    let (john, jane) = (stage.register("john", Role::User).await, stage.register("jane", Role::Listener).await);

    use_profile_and_presence(&john, &jane).await;
    become_a_listener(&stage, &jane).await;
    use_feed_and_sockets(&john, &jane).await;
    buy_coins(&john).await;
    use_calls(&stage, &john, &jane).await;
    be_paid(&jane).await;
    use_favorites_blocks_and_reports(&john, &jane).await;
    take_along_and_leave(&john, &jane).await;

    assert_eq!(record.asked(), public_operations(false));
    assert_eq!(record.asked_with_key(), public_operations(true), "what moves money bears a key, and nothing else does");
    stage.app.assert_books_close().await;
}

async fn use_profile_and_presence(john: &Client, jane: &Client) {
    let patch = ProfilePatch { bio: Some(Some("I call".into())), ..ProfilePatch::default() };
    assert_eq!(john.users().update(&patch).await.unwrap().bio.as_deref(), Some("I call"));
    john.auth().refresh().await.unwrap();
    let patch = StatusPatch { is_online: Some(true), ..StatusPatch::default() };
    for client in [john, jane] {
        assert!(client.presence().update_status(&patch).await.unwrap().is_online);
        client.presence().send_heartbeat().await.unwrap();
    }
    assert!(john.presence().my_status().await.unwrap().is_online);
    let ids = [id_of(john).await, id_of(jane).await];
    assert!(john.presence().of(ids[1]).await.unwrap().is_online);
    let found = john.presence().of_many(&ids).await.unwrap();
    assert_eq!(found.iter().map(|presence| presence.user_id).collect::<Vec<_>>(), ids);
}

async fn become_a_listener(stage: &Stage, jane: &Client) {
    let (verification, admin) = (jane.verification(), stage.app.register_admin("judge").await);
    assert_eq!(verification.status().await.unwrap().verification_status, None);
    let from_memory = verification.upload(&AudioFile::from_bytes("a.wav", audio::sample())).await.unwrap();
    let link = verification.audio(from_memory.sample_id).await.unwrap();
    let (status, _, bytes) = tests::client::Request::new(Method::GET, link.url).bytes().await;
    assert!(status.is_success() && bytes == audio::sample());
    stage.review(&admin, from_memory.sample_id, "rejected").await;

    let path = std::env::temp_dir().join(format!("saathii-{}-tone.m4a", std::process::id()));
    std::fs::write(&path, audio::M4A).unwrap();
    let from_disk = verification.upload(&AudioFile::from_path(&path)).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    stage.review(&admin, from_disk.sample_id, "rejected").await;

    let direct = verification.upload_directly(&AudioFile::from_bytes("a.mp3", audio::MP3)).await.unwrap();
    stage.review(&admin, direct.sample_id, "rejected").await;

    let key = format!("verification-audio/{}/own.flac", id_of(jane).await);
    place(&stage.app.state.objects, &key, audio::FLAC).await;
    let (bucket, _) = direct.audio_file_url.split_once("verification-audio/").unwrap();
    let submitted = verification.submit_url(&format!("{bucket}{key}")).await.unwrap();
    let mut socket = jane.socket(Topic::Presence);
    while timeout(Duration::from_secs(20), socket.next()).await.unwrap() != Some(Event::Resync) {}
    stage.review(&admin, submitted.sample_id, "approved").await;
    let told = loop {
        if let Some(Event::Own(event)) = timeout(Duration::from_secs(20), socket.next()).await.unwrap() {
            break event;
        }
    };
    let ServerEvent::VerificationReviewed { sample_id, status: VerificationStatus::Approved, .. } = told else {
        panic!("{told:?}")
    };
    assert_eq!(sample_id, submitted.sample_id);
    assert!(verification.status().await.unwrap().is_verified);
    assert_eq!(verification.history().await.unwrap().len(), 4);
}

async fn use_feed_and_sockets(john: &Client, jane: &Client) {
    let found = john.feed().listeners(&FeedFilter::default(), Page::default()).await.unwrap();
    assert_eq!(found.listeners[0].user_id, id_of(jane).await);
    assert_eq!(john.feed().stats().await.unwrap().total_listeners, 1);
    let mut feed = john.feed().live(FeedFilter::default(), 20);
    while !timeout(Duration::from_secs(20), feed.changed()).await.unwrap().unwrap().is_live {}
}

async fn buy_coins(john: &Client) {
    let recharge = john.recharges().buy(150, Some("upi")).await.unwrap();
    assert_eq!(recharge.status, Some(RechargeStatus::Pending));
    let proof = checkout(&recharge.order.unwrap().order_id, "pay_1");
    assert_eq!(john.recharges().verify(&proof).await.unwrap().new_balance, Coins(300));
    assert_eq!(john.recharges().history(Page::default()).await.unwrap().total_recharges, 1);
    assert_eq!(john.wallet().coins().await.unwrap().current_balance, Coins(300));
}

async fn use_calls(stage: &Stage, john: &Client, jane: &Client) {
    let (calls, listener) = (john.calls(), id_of(jane).await);
    assert_eq!(calls.rates().await.unwrap().recharge_options[&150], Coins(300));
    let call = StartCall { listener_id: listener, call_type: CallType::Video, estimated_duration_minutes: None };
    let call = calls.start_unfollowed(&call).await.unwrap().call_id;
    stage.talk([john, jane]).await;
    calls.bill_minute(call).await.unwrap();
    assert_eq!(calls.ongoing().await.unwrap().unwrap().coins_spent, Coins(100));
    assert_eq!(calls.end(call, Some("completed")).await.unwrap().listener_money_earned, Earnings(150));
    assert_eq!(calls.rate(call, 5).await.unwrap().listener_id, listener);

    let session: CallSession = calls.start(listener, CallType::Audio).await.unwrap();
    session.emergency_end().await.unwrap();
    calls.cleanup().await.unwrap();
    assert_eq!(calls.status().await.unwrap().ongoing_calls, 0);
    let dropped = CallFilter { status: Some(CallStatus::Dropped), ..CallFilter::default() };
    assert_eq!(calls.history(dropped, Page::default()).await.unwrap().total_calls, 1);
    assert_eq!(calls.summary().await.unwrap().summary.dropped_calls, 1);
    assert!(john.wallet().transactions(None, Page::default()).await.unwrap().total_transactions >= 4);
    assert_eq!(jane.wallet().earnings(Page::default()).await.unwrap().total_calls, 2);
}

async fn be_paid(jane: &Client) {
    let withdrawals = jane.withdrawals();
    assert_eq!(withdrawals.bank_details().await.unwrap(), None);
    let details = PayoutDetails::Upi { upi_id: "jane@okbank".into() };
    let kept = withdrawals.set_bank_details(&details).await.unwrap();
    assert_eq!(withdrawals.bank_details().await.unwrap(), Some(kept));
    let too_much = withdrawals.request(Earnings(1000)).await.unwrap_err().missing_earnings().unwrap();
    assert_eq!((too_much.required, too_much.available), (Earnings(1000), Earnings(165)));
    let asked = withdrawals.request(Earnings(100)).await.unwrap();
    assert_eq!(asked.status, WithdrawalStatus::Requested);
    assert_eq!(withdrawals.history(Page::default()).await.unwrap().withdrawals, [asked]);
    assert_eq!(jane.wallet().balance().await.unwrap().pending_withdrawals, Earnings(100));
}

async fn use_favorites_blocks_and_reports(john: &Client, jane: &Client) {
    let (caller, listener) = (id_of(john).await, id_of(jane).await);
    let favorites = john.favorites();
    for _ in 0..2 {
        assert!(favorites.add(listener).await.unwrap().is_favorited);
    }
    assert!(favorites.contains(listener).await.unwrap());
    assert_eq!(favorites.list(Page::default()).await.unwrap().favorites[0].listener.user_id, listener);
    for _ in 0..2 {
        assert!(!favorites.remove(listener).await.unwrap().is_favorited);
    }
    let call = john.calls().history(CallFilter::default(), Page::default()).await.unwrap().calls[0].call_id;
    let report = john.reports().send(listener, Some(call), "Asks for money").await.unwrap();
    assert_eq!((report.status, report.call_id), (ReportStatus::Open, Some(call)));
    let blocks = jane.blocks();
    assert!(blocks.add(caller, Some("Rude")).await.unwrap().is_blocked);
    assert!(blocks.contains(caller).await.unwrap());
    assert_eq!(blocks.list(Page::default()).await.unwrap().blocked[0].reason.as_deref(), Some("Rude"));
    assert!(!blocks.remove(caller).await.unwrap().is_blocked);
}

async fn take_along_and_leave(john: &Client, jane: &Client) {
    assert_eq!(john.users().export().await.unwrap()["profile"]["username"], "john");
    let path = std::env::temp_dir().join(format!("saathii-{}-export.json", std::process::id()));
    john.users().export_to(&path).await.unwrap();
    let export: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(export["payments"].as_array().unwrap().len(), 1);
    jane.auth().logout().await.unwrap();
    john.users().delete().await.unwrap();
    for client in [john, jane] {
        assert!(!client.is_signed_in().await.unwrap());
    }
}
