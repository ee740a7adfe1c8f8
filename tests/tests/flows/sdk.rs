//! The SDK against the real server: the way of an app from its first start.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use saathii_sdk::{
    CallFilter, CallSession, CallState, Client, FeedFilter, FeedState, IdempotencyKey, IncomingCall, LiveFeed,
    MemoryStore, NewUser, Page, SessionState, Side, TokenStore, Tokens, Verified,
    types::{
        Coins, Earnings, ErrorCode, UserId,
        calls::{CallStatus, CallType, EndCause},
        payments::VerifyRecharge,
        presence::StatusPatch,
        users::{Role, Sex},
        wallet::TransactionType,
    },
};
use tests::{
    Person, TestApp,
    razorpay::{Razorpay, checkout},
};
use tokio::time::timeout;

fn client(app: &TestApp) -> Client {
    Client::builder().base_url(&app.base).build().unwrap()
}

/// A new person, signed in.
async fn register(app: &TestApp, username: &str, role: Role) -> Client {
    let client = client(app);
    let sent = client.auth().request_otp(app.new_phone()).await.unwrap();
    let code = app.phones.last_code(sent.phone());
    let Ok(Verified::NeedsRegistration(registration)) = sent.verify(&code).await else { panic!("a new phone") };
    let user = NewUser { role: Some(role), ..NewUser::new(username, Sex::Female) };
    registration.register(&user).await.unwrap();
    if role == Role::Listener {
        let me = client.users().me().await.unwrap();
        app.verify_listener(me.user_id.0).await;
    }
    client
}

async fn set_status(client: &Client, is_online: bool, is_busy: bool) {
    let patch = StatusPatch { is_online: Some(is_online), is_busy: Some(is_busy), busy_until: None };
    client.presence().update_status(&patch).await.unwrap();
}

/// Waits until the feed is as wanted.
async fn becomes(feed: &mut LiveFeed, wanted: impl Fn(&FeedState) -> bool) -> Arc<FeedState> {
    let reached = async {
        let mut state = feed.current();
        while !wanted(&state) {
            state = feed.changed().await.expect("the login lives");
        }
        state
    };
    timeout(Duration::from_secs(20), reached).await.expect("the feed follows")
}

fn names(state: &FeedState) -> Vec<&str> {
    state.listeners.iter().map(|listener| listener.username.as_str()).collect()
}

#[tokio::test]
async fn a_feed_follows_listeners_through_a_restart_of_the_server() {
    let app = TestApp::start_in_real_time().await;
    let caller = register(&app, "caller", Role::User).await;
    let listener = register(&app, "listener", Role::Listener).await;
    let other = register(&app, "other", Role::Listener).await;

    let mut feed = caller.feed().live(FeedFilter::default(), 20);
    becomes(&mut feed, |state| state.is_live && state.total_count == 2).await;
    set_status(&other, true, false).await;
    let state = becomes(&mut feed, |state| state.available_count == 1).await;
    assert_eq!(names(&state), ["other", "listener"]);
    set_status(&listener, true, false).await;
    set_status(&other, true, true).await;
    becomes(&mut feed, |state| names(state) == ["listener", "other"] && state.available_count == 1).await;

    let app = app.restart().await;
    set_status(&other, true, false).await;
    let state = becomes(&mut feed, |state| state.is_live && state.available_count == 2).await;
    assert_eq!(state.online_count, 2);
    drop(app);
}

#[tokio::test]
async fn a_login_ended_by_the_server_is_told_once_and_stops_the_client() {
    let app = TestApp::start_in_real_time().await;
    let phone_client = register(&app, "phone", Role::User).await;
    let phone = phone_client.users().me().await.unwrap().phone;
    let tablet = client(&app);
    let sent = tablet.auth().request_otp(phone.as_str()).await.unwrap();
    let code = app.phones.last_code(&phone);
    assert!(matches!(sent.verify(&code).await, Ok(Verified::SignedIn)));
    let mut session = tablet.session();
    assert_eq!(session.state(), SessionState::SignedIn);

    phone_client.auth().logout().await.unwrap();
    assert!(tablet.users().me().await.is_err());
    let told = timeout(Duration::from_secs(10), session.changed()).await.unwrap();
    assert_eq!(told, Some(SessionState::Ended));
    assert_eq!(tablet.session().state(), SessionState::Ended);
}

#[tokio::test]
async fn one_login_renewed_by_many_calls_at_once_lives_on() {
    let app = TestApp::start_in_real_time().await;
    let person = register(&app, "renewed", Role::User).await;
    let refreshes = futures_util::future::join_all((0..10).map(|_| async { person.auth().refresh().await })).await;
    assert!(refreshes.into_iter().all(|refresh| refresh.is_ok()));
    assert_eq!(person.users().me().await.unwrap().username, "renewed");
}

/// A device of somebody who is signed in on it.
fn device(app: &TestApp, person: &Person) -> Client {
    let store = MemoryStore::new();
    let (access_token, refresh_token) = (person.access.clone(), person.refresh.clone());
    store.save(&Tokens { access_token, refresh_token, access_ends_at: None }).unwrap();
    Client::builder().base_url(&app.base).token_store(store).build().unwrap()
}

/// Waits until the call is as wanted.
async fn reaches(call: &mut CallSession, wanted: impl Fn(&CallState) -> bool) -> CallState {
    let reached = async {
        let mut state = call.current();
        while !wanted(&state) {
            state = call.changed().await.unwrap_or_else(|| panic!("no more than {state:?}"));
        }
        state
    };
    timeout(Duration::from_secs(20), reached).await.expect("the call follows")
}

async fn reaches_minute(call: &mut CallSession, wanted: i64) -> CallState {
    reaches(call, |state| matches!(state, CallState::Ongoing { minutes, .. } if *minutes == wanted)).await
}

async fn ends(call: &mut CallSession, wanted: EndCause) -> CallState {
    reaches(call, |state| matches!(state, CallState::Ended { cause, .. } if *cause == wanted)).await
}

async fn ring(client: &Client) -> IncomingCall {
    timeout(Duration::from_secs(20), client.calls().incoming().next()).await.expect("a call").expect("a login")
}

#[tokio::test]
async fn a_call_to_zero_coins_is_shown_and_paid_minute_by_minute() {
    let app = TestApp::start().await;
    let (john, jane) = (app.caller("john", 25).await, app.listener("jane").await);
    let (caller, listener) = (device(&app, &john), device(&app, &jane));
    let rates = caller.calls().rates().await.unwrap();
    assert_eq!(rates.call_rates[&CallType::Audio].rate_per_minute, Coins(10));

    let mut call = caller.calls().start(UserId(jane.id), CallType::Audio).await.unwrap();
    let ringing = ring(&listener).await;
    assert_eq!((ringing.caller, ringing.caller_username.as_str()), (UserId(john.id), "john"));
    let mut answered = ringing.session;
    assert_eq!((answered.id(), answered.side(), call.side()), (call.id(), Side::Listener, Side::Caller));
    let first = reaches_minute(&mut call, 1).await;
    assert!(
        matches!(
            first,
            CallState::Ongoing {
                coins_spent: Coins(10),
                remaining_coins: Some(Coins(15)),
                minutes_left: Some(2),
                low_balance: true,
                ..
            }
        ),
        "{first:?}"
    );
    app.talk(&[&john, &jane], TimeDelta::seconds(61)).await;
    let second = reaches_minute(&mut call, 2).await;
    assert!(
        matches!(second, CallState::Ongoing { remaining_coins: Some(Coins(5)), minutes_left: Some(1), .. }),
        "{second:?}"
    );
    let earning = |state: &CallState| matches!(state, CallState::Ongoing { earned: Some(Earnings(30)), .. });
    reaches(&mut answered, earning).await;
    app.talk(&[&john, &jane], TimeDelta::seconds(60)).await;
    for side in [&mut call, &mut answered] {
        let end = ends(side, EndCause::NoCoins).await;
        assert!(
            matches!(
                end,
                CallState::Ended { status: CallStatus::Dropped, minutes: 2, coins_spent: Coins(20), earned, .. }
                    if earned == Earnings(30)
            ),
            "{end:?}"
        );
    }

    let again = caller.calls().start(UserId(jane.id), CallType::Audio).await.unwrap_err();
    let missing = again.missing_coins().expect("too few coins");
    assert_eq!((missing.required, missing.available), (Coins(10), Coins(5)));
    let charges = caller.wallet().transactions(Some(TransactionType::CallCharge), Page::default()).await.unwrap();
    assert_eq!(charges.total_transactions, 2);
    assert_eq!(caller.wallet().coins().await.unwrap().total_spent, Coins(20));
    assert_eq!(listener.wallet().earnings(Page::default()).await.unwrap().total_earned, Earnings(30));
    assert_eq!(listener.wallet().balance().await.unwrap().withdrawable_money, Earnings(30));
    let dropped = CallFilter { status: Some(CallStatus::Dropped), ..CallFilter::default() };
    assert_eq!(caller.calls().history(dropped, Page::default()).await.unwrap().total_calls, 1);
    assert_eq!(caller.calls().summary().await.unwrap().summary.dropped_calls, 1);
    assert_eq!(caller.calls().rate(call.id(), 5).await.unwrap().listener_id, UserId(jane.id));
    let twice = caller.calls().rate(call.id(), 4).await.unwrap_err();
    assert_eq!(twice.code(), ErrorCode::AlreadyRated);
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_call_outlives_a_restart_of_the_server_on_both_phones() {
    let app = TestApp::start().await;
    let (john, jane) = (app.caller("john", 100).await, app.listener("jane").await);
    let (caller, listener) = (device(&app, &john), device(&app, &jane));
    let mut call = caller.calls().start(UserId(jane.id), CallType::Audio).await.unwrap();
    let mut answered = ring(&listener).await.session;
    reaches_minute(&mut call, 1).await;

    let app = app.restart().await;
    // Billed while phones are still on their way back, or just after.
    app.talk(&[&john, &jane], TimeDelta::seconds(61)).await;
    let state = reaches_minute(&mut call, 2).await;
    assert!(matches!(state, CallState::Ongoing { remaining_coins: Some(Coins(80)), .. }), "{state:?}");
    reaches_minute(&mut answered, 2).await;
    assert_eq!(answered.end().await.unwrap().coins_spent, Coins(20));
    ends(&mut answered, EndCause::Hangup).await;
    ends(&mut call, EndCause::Hangup).await;
    assert_eq!(caller.wallet().coins().await.unwrap().current_balance, Coins(80));
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_recharge_in_the_last_paid_minute_goes_on_with_the_call() {
    let app = TestApp::start().await;
    let (john, jane) = (app.caller("john", 10).await, app.listener("jane").await);
    let caller = device(&app, &john);
    let mut call = caller.calls().start(UserId(jane.id), CallType::Audio).await.unwrap();
    let first = reaches_minute(&mut call, 1).await;
    assert!(
        matches!(
            first,
            CallState::Ongoing { remaining_coins: Some(Coins(0)), minutes_left: Some(1), low_balance: true, .. }
        ),
        "{first:?}"
    );
    app.talk(&[&john, &jane], TimeDelta::seconds(30)).await;
    let recharge = call.recharge(150, Some("upi")).await.unwrap();
    assert_eq!((recharge.coins_added, recharge.new_balance), (Coins(300), Coins(300)));
    let paid = call.current();
    assert!(
        matches!(paid, CallState::Ongoing { remaining_coins: Some(Coins(300)), low_balance: false, .. }),
        "{paid:?}"
    );
    app.talk(&[&john, &jane], TimeDelta::seconds(31)).await;
    let second = reaches_minute(&mut call, 2).await;
    assert!(matches!(second, CallState::Ongoing { remaining_coins: Some(Coins(290)), .. }), "{second:?}");
    assert_eq!(call.end().await.unwrap().coins_spent, Coins(20));
    assert_eq!(caller.recharges().history(Page::default()).await.unwrap().total_recharges, 2);
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_call_goes_on_once_its_order_is_paid_and_not_before() {
    let razorpay = Razorpay::start().await;
    let app = razorpay.sell().await;
    let (john, jane) = (app.caller("john", 10).await, app.listener("jane").await);
    let mut call = device(&app, &john).calls().start(UserId(jane.id), CallType::Audio).await.unwrap();
    reaches_minute(&mut call, 1).await;
    let order = call.recharge(150, Some("upi")).await.unwrap().order.unwrap();
    assert!(matches!(call.current(), CallState::Ongoing { low_balance: true, .. }));
    let forged = VerifyRecharge { razorpay_signature: "0".repeat(64), ..checkout(&order.order_id, "pay_1") };
    assert_eq!(call.verify_recharge(&forged).await.unwrap_err().code(), ErrorCode::InvalidSignature);
    for _ in 0..2 {
        let paid = call.verify_recharge(&checkout(&order.order_id, "pay_1")).await.unwrap();
        assert_eq!(paid.coins_added, Coins(300));
    }
    assert!(matches!(call.current(), CallState::Ongoing { remaining_coins: Some(Coins(300)), low_balance: false, .. }));
    app.talk(&[&john, &jane], TimeDelta::seconds(61)).await;
    reaches_minute(&mut call, 2).await;
    call.end().await.unwrap();
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_server_whose_clock_is_another_refuses_a_token_once_and_no_login() {
    // Its clock stands months before this one, and then goes on without it.
    let app = TestApp::start().await;
    let person = register(&app, "late", Role::User).await;
    for _ in 0..3 {
        app.advance(TimeDelta::minutes(91));
        assert_eq!(person.users().me().await.unwrap().username, "late");
    }
    assert_eq!(person.session().state(), SessionState::SignedIn);
}

#[tokio::test]
async fn two_phones_with_one_token_both_stay_signed_in() {
    let app = TestApp::start().await;
    let john = app.register("john", "user").await;
    let phones = [device(&app, &john), device(&app, &john)];
    let refreshes = futures_util::future::join_all(phones.iter().map(|phone| async { phone.auth().refresh().await }));
    assert!(refreshes.await.iter().all(Result::is_ok));
    for phone in &phones {
        assert_eq!(phone.users().me().await.unwrap().username, "john");
    }
}

#[tokio::test]
async fn two_devices_of_one_person_are_in_one_call() {
    let app = TestApp::start().await;
    let (john, jane) = (app.caller("john", 100).await, app.listener("jane").await);
    let phone = device(&app, &john);
    let tablet = device(&app, &app.sign_in(&john.phone).await);
    assert!(tablet.calls().resume().await.unwrap().is_none());

    let key = IdempotencyKey::new();
    let mut on_phone = phone.calls().with_key(&key).start(UserId(jane.id), CallType::Audio).await.unwrap();
    let again = tablet.calls().with_key(&key).start(UserId(jane.id), CallType::Audio).await.unwrap();
    assert_eq!(again.id(), on_phone.id(), "one action is one call");
    let other = tablet.calls().start(UserId(jane.id), CallType::Audio).await.unwrap_err();
    assert_eq!(other.code(), ErrorCode::AlreadyInCall);
    let mut on_tablet = tablet.calls().resume().await.unwrap().expect("the call of the phone");
    assert_eq!((on_tablet.id(), on_tablet.side()), (on_phone.id(), Side::Caller));
    app.talk(&[&john, &jane], TimeDelta::seconds(61)).await;
    for device in [&mut on_phone, &mut on_tablet] {
        let state = reaches_minute(device, 2).await;
        assert!(matches!(state, CallState::Ongoing { remaining_coins: Some(Coins(80)), .. }), "{state:?}");
    }
    on_tablet.end().await.unwrap();
    for device in [&mut on_phone, &mut on_tablet] {
        ends(device, EndCause::Hangup).await;
    }
    app.assert_books_close().await;
}
