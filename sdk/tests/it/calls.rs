use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use saathii_sdk::{
    CallFilter, CallSession, CallState, Client, Error, IdempotencyKey, Page, RetryPolicy, Side,
    types::{
        CallId, Coins, Earnings, ErrorCode, Paise, UserId,
        calls::{CallStatus, CallType, EndCause},
        payments::VerifyRecharge,
        wallet::TransactionType,
    },
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Answer, Clock, Peer, Seen, Server, done, ok, refused, soon};

const START: &str = "POST /calls/start";
const END: &str = "POST /calls/end";
const RECHARGE: &str = "POST /calls/recharge";
const VERIFY: &str = "POST /calls/recharge/verify";
const ONGOING: &str = "GET /calls/ongoing";
const HEARTBEAT: &str = "POST /users/me/heartbeat";
const STEP: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

/// What the server knows, which the test changes: user 1 at 10 coins a minute.
#[derive(Default)]
struct World {
    ongoing: Option<Value>,
    past: Vec<Value>,
    coins: i64,
    is_down: bool,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<World>>);

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// So many minutes of call 7 are billed.
    fn bill(&self, minutes: i64, coins: i64) {
        let mut world = self.world();
        world.ongoing = Some(call(7, minutes, "ongoing"));
        world.coins = coins;
    }

    fn end(&self, minutes: i64, status: &str) {
        let mut world = self.world();
        world.ongoing = None;
        world.past = vec![call(7, minutes, status)];
    }

    fn answer(&self, seen: &Seen) -> Answer {
        let mut world = self.world();
        if world.is_down {
            return refused(503, "unavailable");
        }
        match seen.what.as_str() {
            START => {
                // One call, however often it is asked for.
                if world.past.is_empty() {
                    world.ongoing = Some(call(7, 1, "ongoing"));
                }
                ok(started(world.coins))
            }
            END => {
                world.ongoing = None;
                ok(ended())
            }
            ONGOING => world.ongoing.clone().map_or_else(|| refused(404, "not_found"), ok),
            "GET /calls/history" => ok(json!({
                "calls": world.past, "total_calls": world.past.len(), "total_coins_spent": 0, "total_money_spent": 0,
                "total_earnings": 0, "page": 1, "per_page": 20, "has_next": false, "has_previous": false
            })),
            "GET /calls/balance" => ok(json!({
                "user_id": 1, "current_balance": world.coins, "total_earned": 1000, "total_spent": 0
            })),
            RECHARGE if seen.body["payment_method"] == "card" => Answer::Json(
                202,
                json!({
                    "transaction_id": "RCH_1", "amount_rupees": 150, "coins_added": 0, "new_balance": world.coins,
                    "message": "Payment pending", "status": "pending", "order": {
                        "provider": "razorpay", "order_id": "order_1", "key_id": "k", "amount_paise": 15000, "currency": "INR"
                    }
                }),
            ),
            RECHARGE | VERIFY => {
                world.coins += 300;
                ok(json!({
                    "transaction_id": "RCH_1", "amount_rupees": 150, "coins_added": 300, "new_balance": world.coins,
                    "message": "Successfully recharged 300 coins for ₹150"
                }))
            }
            "GET /calls/rates" => ok(json!({
                "call_rates": {"audio": {"rate_per_minute": 10, "minimum_charge": 10}}, "recharge_options": {"150": 300},
                "listener_earnings": {"audio": 15}
            })),
            _ => done(),
        }
    }
}

/// User 1 calls user 2.
fn call(id: i64, minutes: i64, status: &str) -> Value {
    json!({
        "call_id": id, "user_id": 1, "listener_id": 2, "call_type": "audio", "start_time": "2024-01-15T10:30:00Z",
        "end_time": null, "duration_seconds": 60 * minutes, "duration_minutes": minutes, "coins_spent": 10 * minutes,
        "user_money_spend": 10 * minutes, "listener_money_earned": 15 * minutes, "status": status,
        "caller_username": "john", "listener_username": "jane"
    })
}

/// User 2 calls user 1.
fn call_to_me(id: i64) -> Value {
    let mut call = call(id, 1, "ongoing");
    call["user_id"] = json!(2);
    call["listener_id"] = json!(1);
    call
}

fn started(coins: i64) -> Value {
    json!({
        "call_id": 7, "message": "Call started successfully", "estimated_cost": 10, "remaining_coins": coins,
        "call_type": "audio", "listener_id": 2, "status": "ongoing"
    })
}

fn ended() -> Value {
    json!({
        "call_id": 7, "message": "Call ended successfully", "duration_seconds": 61, "duration_minutes": 2,
        "coins_spent": 20, "user_money_spend": 20, "listener_money_earned": 30, "status": "completed"
    })
}

fn ringing(id: i64, caller: i64, listener: i64) -> Value {
    json!({
        "type": "call_started", "call_id": id, "call_type": "audio", "user_id": caller, "listener_id": listener,
        "caller_username": "john", "listener_username": "jane", "start_time": "2024-01-15T10:30:00Z",
        "rate_per_minute": 10
    })
}

fn minute(id: i64, minute: i64, coins: i64) -> Value {
    json!({
        "type": "call_minute", "call_id": id, "minute": minute, "coins_spent": 10 * minute,
        "listener_money_earned": 15 * minute, "remaining_coins": coins
    })
}

fn told_end(id: i64) -> Value {
    json!({
        "type": "call_ended", "call_id": id, "status": "dropped", "cause": "no_coins", "duration_seconds": 120,
        "duration_minutes": 2, "coins_spent": 20, "listener_money_earned": 30
    })
}

async fn serve(coins: i64) -> (Server, Shared) {
    let shared = Shared::default();
    shared.world().coins = coins;
    let answering = shared.clone();
    (Server::start(move |seen| answering.answer(seen)).await, shared)
}

/// A call that has just begun, and whose events arrive.
async fn in_call(coins: i64) -> (Server, Shared, Client, CallSession, Peer) {
    let (server, shared) = serve(coins).await;
    let client = server.signed_in("good");
    let mut session = client.calls().start(UserId(2), CallType::Audio).await.unwrap();
    let mut peer = server.accept().await;
    peer.subscribe("e", 5, false).await;
    // The connection came after the call had begun, which is read therefore.
    while !matches!(next(&mut session).await, CallState::Ongoing { earned: Some(Earnings(15)), .. }) {}
    (server, shared, client, session, peer)
}

/// Minutes, remaining coins, minutes left, low balance.
fn shown(state: CallState) -> (i64, Option<i64>, Option<i64>, bool) {
    match state {
        CallState::Ongoing { minutes, remaining_coins, minutes_left, low_balance, coins_spent, .. } => {
            assert_eq!(coins_spent, Coins(10 * minutes));
            (minutes, remaining_coins.map(|coins| coins.0), minutes_left, low_balance)
        }
        CallState::Ended { .. } => panic!("not ongoing: {state:?}"),
    }
}

async fn next(session: &mut CallSession) -> CallState {
    soon(session.changed()).await.expect("the session ended")
}

async fn minutes_become(session: &mut CallSession, wanted: i64) {
    while shown(session.current()).0 != wanted {
        session.changed().await.expect("the session ended");
    }
}

/// In as little time as timers take that are due.
async fn driven<T>(clock: &Clock, future: impl Future<Output = T>) -> T {
    clock.drive(Duration::from_millis(1), future).await.0
}

/// The connection is well and nothing happens.
async fn stay(peer: &mut Peer, time: Duration) {
    let until = tokio::time::Instant::now() + time;
    while tokio::time::Instant::now() < until {
        sleep(10 * SECOND).await;
        peer.say(json!({"type": "pong", "timestamp": "2024-01-15T10:30:00Z"})).await;
    }
}

async fn end_of(session: &mut CallSession) -> CallState {
    while session.changed().await.is_some() {}
    session.current()
}

#[tokio::test]
async fn a_start_whose_answer_is_lost_is_asked_for_again_with_one_key_and_is_one_call() {
    let clock = Clock::stop();
    let server = Server::start(|seen| match (seen.what.as_str(), seen.earlier) {
        (START, 0) => Answer::Lost,
        (START, 1) => Answer::Json(
            409,
            json!({"detail": "The first is not finished", "code": "idempotency_in_progress", "retry_after": 1}),
        ),
        (START, _) => ok(started(40)),
        _ => refused(404, "not_found"),
    })
    .await;
    let client = server.signed_in("good");
    let (session, waited) =
        clock.drive(STEP, async { client.calls().start(UserId(2), CallType::Audio).await.unwrap() }).await;
    assert!(waited >= SECOND, "{waited:?}");
    let starts = server.seen(START);
    let keys: Vec<&str> = starts.iter().map(|seen| seen.key.as_deref().unwrap()).collect();
    assert_eq!(keys, [keys[0]; 3]);
    assert_eq!((session.id(), session.side(), session.other()), (CallId(7), Side::Caller, UserId(2)));
    assert_eq!(shown(session.current()), (1, Some(40), Some(5), false));
}

#[tokio::test]
async fn each_action_has_a_key_of_its_own_unless_it_is_given_one() {
    let (server, _) = serve(40).await;
    let client = server.signed_in("good");
    let kept: IdempotencyKey = "kept-since-the-last-start".parse().unwrap();
    client.calls().with_key(&kept).end(CallId(7), Some("bye")).await.unwrap();
    for _ in 0..2 {
        client.calls().end(CallId(7), None).await.unwrap();
    }
    let ends = server.seen(END);
    assert_eq!(ends[0].key.as_deref(), Some(kept.as_str()));
    assert_eq!((&ends[0].body, &ends[1].body), (&json!({"call_id": 7, "reason": "bye"}), &json!({"call_id": 7})));
    assert!(ends[1].key.is_some() && ends[1].key != ends[2].key && ends[1].key != ends[0].key);
}

#[tokio::test]
async fn what_moves_no_money_is_still_not_repeated_blindly() {
    let server = Server::start(|_| Answer::Lost).await;
    let client = server.signed_in("good");
    assert!(client.calls().rate(CallId(7), 5).await.unwrap_err().is_transient());
    let ratings = server.seen("POST /calls/7/rating");
    assert_eq!((ratings.len(), &ratings[0].key), (1, &None));
    assert!(client.calls().emergency_end(CallId(7)).await.is_err());
    assert_eq!(server.seen("POST /calls/emergency-end/7").len(), 4);
}

#[tokio::test]
async fn too_few_coins_are_told_with_how_many() {
    let server = Server::start(|_| {
        let detail = "Insufficient coins. Required: 10, Available: 4";
        Answer::Json(400, json!({"detail": detail, "code": "insufficient_coins", "required": 10, "available": 4}))
    })
    .await;
    let error = server.signed_in("good").calls().start(UserId(2), CallType::Audio).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InsufficientCoins);
    let missing = error.missing_coins().unwrap();
    assert_eq!((missing.required, missing.available), (Coins(10), Coins(4)));
    assert!(!error.is_transient());
    assert_eq!(server.seen(START).len(), 1);
}

#[tokio::test]
async fn lists_are_asked_for_by_page_and_filter() {
    let (server, _) = serve(0).await;
    let client = server.signed_in("good");
    let filter = CallFilter { call_type: Some(CallType::Video), status: Some(CallStatus::Dropped) };
    client.calls().history(filter, Page { number: 2, size: 50 }).await.unwrap();
    assert_eq!(server.seen("GET /calls/history")[0].query, "page=2&per_page=50&call_type=video&status=dropped");
    let asked = client.wallet().transactions(Some(TransactionType::CallCharge), Page::default()).await;
    assert!(matches!(asked, Err(Error::Unexpected { .. })), "the scripted server has none");
    assert_eq!(server.seen("GET /transactions")[0].query, "page=1&per_page=20&tx_type=call_charge");
    // Rates are for everybody.
    let rates = server.client().build().unwrap().calls().rates().await.unwrap();
    assert_eq!(rates.recharge_options[&150], Coins(300));
}

#[tokio::test]
async fn minutes_coins_and_warnings_follow_the_socket_in_whatever_order_it_tells() {
    let (_server, _, _client, mut session, mut peer) = in_call(40).await;
    assert_eq!(shown(session.current()), (1, Some(40), Some(5), false));
    peer.say(minute(7, 3, 20)).await;
    assert_eq!(shown(next(&mut session).await), (3, Some(20), Some(3), true));
    for late in [minute(7, 2, 30), ringing(7, 1, 2), minute(8, 9, 0), minute(7, 3, 20)] {
        peer.say(late).await;
    }
    peer.say(json!({"type": "call_low_balance", "call_id": 7, "minutes_left": 3, "remaining_coins": 20})).await;
    peer.say(minute(7, 4, 10)).await;
    assert_eq!(shown(next(&mut session).await), (4, Some(10), Some(2), true), "and nothing in between");
    peer.say(told_end(7)).await;
    peer.say(minute(7, 5, 0)).await;
    let end = next(&mut session).await;
    assert!(
        matches!(
            end,
            CallState::Ended {
                status: CallStatus::Dropped,
                cause: EndCause::NoCoins,
                duration_seconds: 120,
                minutes: 2,
                coins_spent: Coins(20),
                earned: Earnings(30),
                ..
            }
        ),
        "{end:?}"
    );
    assert_eq!(soon(session.changed()).await, None);
    assert_eq!(session.current(), end);
}

#[tokio::test]
async fn a_recharge_goes_on_with_the_call() {
    let (server, shared, _client, mut session, mut peer) = in_call(0).await;
    assert_eq!(shown(session.current()), (1, Some(0), Some(1), true));
    shared.bill(1, 300);
    peer.say(json!({
        "type": "wallet_updated", "balance_coins": 300, "withdrawable_money": 0, "pending_withdrawals": 0
    }))
    .await;
    assert_eq!(shown(next(&mut session).await), (1, Some(300), Some(31), false));
    peer.say(minute(7, 2, 290)).await;
    assert_eq!(shown(next(&mut session).await), (2, Some(290), Some(30), false));
    assert_eq!(server.seen(START).len(), 1);
}

#[tokio::test]
async fn a_recharge_out_of_the_call_clears_the_warning_before_it_returns() {
    let (_server, shared, _client, mut session, mut peer) = in_call(40).await;
    shared.bill(4, 10);
    peer.say(minute(7, 4, 10)).await;
    assert_eq!(shown(next(&mut session).await), (4, Some(10), Some(2), true));
    assert_eq!(session.recharge(150, Some("upi")).await.unwrap().coins_added, Coins(300));
    assert_eq!(shown(session.current()), (4, Some(310), Some(32), false));
    shared.bill(5, 300);
    peer.say(minute(7, 5, 300)).await;
    minutes_become(&mut session, 5).await;
    assert_eq!(shown(session.current()), (5, Some(300), Some(31), false), "it goes on");
}

#[tokio::test]
async fn a_recharge_that_is_still_to_be_paid_hands_out_its_order_and_counts_once_it_is_proven() {
    let (server, _, _client, session, _peer) = in_call(20).await;
    let order = session.recharge(150, Some("card")).await.unwrap().order.unwrap();
    assert_eq!((order.order_id.as_str(), order.amount_paise), ("order_1", Paise(15_000)));
    assert_eq!(shown(session.current()), (1, Some(20), Some(3), true), "nothing is paid");
    let proof = VerifyRecharge {
        razorpay_order_id: order.order_id,
        razorpay_payment_id: "pay_1".into(),
        razorpay_signature: "s".into(),
    };
    session.verify_recharge(&proof).await.unwrap();
    assert_eq!(shown(session.current()), (1, Some(320), Some(33), false));
    assert_eq!(server.seen(VERIFY)[0].body["razorpay_payment_id"], "pay_1");
}

#[tokio::test]
async fn a_recharge_whose_coins_cannot_be_read_is_still_a_recharge() {
    let (_server, shared, client, mut session, _peer) = in_call(20).await;
    // The purchase goes through, and then the server is away.
    client.recharges().buy(150, None).await.unwrap();
    let clock = Clock::stop();
    shared.world().is_down = true;
    let refreshed = driven(&clock, session.refresh()).await;
    assert_eq!(refreshed.unwrap_err().code(), ErrorCode::Unavailable);
    assert_eq!(shown(session.current()), (1, Some(20), Some(3), true));
    shared.world().is_down = false;
    driven(&clock, async { while shown(next(&mut session).await).1 != Some(320) {} }).await;
}

#[tokio::test]
async fn a_call_that_is_over_answers_a_refresh_with_its_end() {
    let (_server, shared, _client, mut session, _peer) = in_call(40).await;
    shared.end(2, "completed");
    assert!(session.refresh().await.unwrap().is_ended());
    while session.changed().await.is_some() {}
    assert!(session.refresh().await.unwrap().is_ended());
}

#[tokio::test]
async fn a_recharge_that_is_told_after_the_minute_it_paid_is_put_right() {
    let clock = Clock::stop();
    let (_server, shared, _client, mut session, mut peer) = driven(&clock, in_call(0)).await;
    shared.bill(2, 290);
    peer.say(minute(7, 2, 290)).await;
    minutes_become(&mut session, 2).await;
    peer.say(json!({
        "type": "wallet_updated", "balance_coins": 300, "withdrawable_money": 0, "pending_withdrawals": 0
    }))
    .await;
    assert_eq!(shown(next(&mut session).await).1, Some(300));
    let (state, waited) = clock.drive(STEP, session.changed()).await;
    assert_eq!(shown(state.unwrap()).1, Some(290));
    assert!(waited < 5 * SECOND, "{waited:?}");
}

#[tokio::test]
async fn what_happened_while_the_socket_was_lost_is_read_once_it_is_back() {
    let (server, shared, _client, mut session, peer) = in_call(40).await;
    drop(peer);
    shared.bill(3, 20);
    let mut peer = server.accept().await;
    peer.subscribe("e", 5, true).await;
    assert_eq!(shown(next(&mut session).await), (3, Some(20), Some(3), true), "although the stream was resumed");
    peer.say(minute(7, 4, 10)).await;
    assert_eq!(shown(next(&mut session).await).0, 4);
}

#[tokio::test]
async fn an_event_is_no_substitute_for_a_reading_that_is_due() {
    let clock = Clock::stop();
    let (server, shared, _client, mut session, peer) = driven(&clock, in_call(40)).await;
    drop(peer);
    shared.bill(3, 20);
    shared.world().is_down = true;
    let readings = server.seen(ONGOING).len();
    let warning = async {
        let mut peer = server.accept().await;
        peer.subscribe("e", 5, true).await;
        server.sees(ONGOING, readings + 4).await;
        peer.say(json!({"type": "call_low_balance", "call_id": 7, "minutes_left": 3, "remaining_coins": 20})).await;
        assert_eq!(shown(next(&mut session).await), (1, Some(20), Some(3), true), "of a minute that nobody told");
        peer
    };
    let _peer = driven(&clock, warning).await;
    shared.world().is_down = false;
    let ((), waited) = clock.drive(STEP, minutes_become(&mut session, 3)).await;
    assert!(waited < 5 * SECOND, "{waited:?}");
}

#[tokio::test]
async fn without_a_socket_the_call_is_read_until_its_end() {
    let clock = Clock::stop();
    let (server, shared, _client, mut session, peer) = driven(&clock, in_call(40)).await;
    drop(peer);
    shared.bill(2, 30);
    // Connections come, and none of them is subscribed.
    let ((), waited) = clock.drive(STEP, minutes_become(&mut session, 2)).await;
    assert!(waited < 15 * SECOND, "{waited:?}");
    let before = server.seen(ONGOING).len();
    clock.drive(STEP, sleep(60 * SECOND)).await;
    let readings = server.seen(ONGOING).len() - before;
    assert!((4..=13).contains(&readings), "{readings} in a minute");
    shared.end(2, "dropped");
    let (end, waited) = clock.drive(STEP, end_of(&mut session)).await;
    assert!(waited < 15 * SECOND, "{waited:?}");
    assert!(matches!(end, CallState::Ended { cause: EndCause::Unknown, minutes: 2, .. }), "{end:?}");
}

#[tokio::test]
async fn an_end_that_nobody_told_is_found_by_its_silence() {
    let clock = Clock::stop();
    let (server, shared, _client, mut session, mut peer) = driven(&clock, in_call(400)).await;
    let readings = server.seen(ONGOING).len();
    let talking = async {
        for passed in 2..=5 {
            stay(&mut peer, 60 * SECOND).await;
            peer.say(minute(7, passed, 400 - 10 * passed)).await;
            minutes_become(&mut session, passed).await;
        }
    };
    clock.drive(STEP, talking).await;
    assert_eq!(server.seen(ONGOING).len(), readings, "a call that is told is not read");
    shared.end(5, "completed");
    let ending = async {
        tokio::select! {
            end = end_of(&mut session) => end,
            () = stay(&mut peer, 600 * SECOND) => panic!("the call goes on"),
        }
    };
    let (end, waited) = clock.drive(STEP, ending).await;
    assert!((60 * SECOND..90 * SECOND).contains(&waited), "{waited:?}");
    assert!(matches!(end, CallState::Ended { cause: EndCause::Hangup, minutes: 5, .. }), "{end:?}");
}

#[tokio::test]
async fn a_call_outlives_a_restart_of_the_server() {
    let clock = Clock::stop();
    let (server, shared, _client, mut session, mut peer) = driven(&clock, in_call(40)).await;
    shared.world().is_down = true;
    peer.say(json!({"type": "reconnect", "after_ms": 20_000})).await;
    peer.close(1012).await;
    clock.drive(STEP, sleep(15 * SECOND)).await;
    assert_eq!(shown(session.current()), (1, Some(40), Some(5), false), "what is known stays");
    shared.world().is_down = false;
    shared.bill(2, 30);
    let coming_back = async {
        server.accept().await.subscribe("f", 1, false).await;
        minutes_become(&mut session, 2).await;
    };
    clock.drive(STEP, coming_back).await;
}

#[tokio::test]
async fn hanging_up_ends_the_session_even_where_its_answer_is_lost() {
    let shared = Shared::default();
    let answering = shared.clone();
    let server = Server::start(move |seen| match (seen.what.as_str(), seen.earlier) {
        (END, 0) => Answer::Lost,
        _ => answering.answer(seen),
    })
    .await;
    let client = server.signed_in("good");
    let mut session = client.calls().start(UserId(2), CallType::Audio).await.unwrap();
    let mut other_reader = session.watch();
    let answer = session.end().await.unwrap();
    assert_eq!(answer.coins_spent, Coins(20));
    let ends = server.seen(END);
    assert_eq!((ends.len(), &ends[0].key), (2, &ends[1].key));
    let end = session.current();
    assert!(matches!(end, CallState::Ended { cause: EndCause::Hangup, minutes: 2, .. }), "{end:?}");
    assert_eq!(soon(other_reader.changed()).await, Some(end));
    assert_eq!(soon(other_reader.changed()).await, None);
    assert_eq!(next(&mut session).await, end);
    assert_eq!(soon(session.changed()).await, None);
    session.end().await.unwrap();
}

#[tokio::test]
async fn hanging_up_that_fails_leaves_the_call() {
    let (_server, shared, _client, mut session, mut peer) = in_call(40).await;
    shared.world().is_down = true;
    assert!(session.end().await.unwrap_err().is_transient());
    peer.say(minute(7, 2, 30)).await;
    assert_eq!(shown(next(&mut session).await).0, 2);
}

#[tokio::test]
async fn a_call_keeps_the_heartbeat_going_with_the_screen_off() {
    let clock = Clock::stop();
    let (server, _, client, session, _peer) = driven(&clock, in_call(40)).await;
    let ((), _) = clock.drive(SECOND, server.sees(HEARTBEAT, 3)).await;
    client.set_foreground(true);
    client.set_foreground(false);
    clock.drive(SECOND, server.sees(HEARTBEAT, 5)).await;
    session.end().await.unwrap();
    let beats = server.seen(HEARTBEAT).len();
    clock.drive(SECOND, sleep(100 * SECOND)).await;
    assert_eq!(server.seen(HEARTBEAT).len(), beats, "the session lives on, the call does not");
}

#[tokio::test]
async fn all_calls_share_one_socket_which_closes_after_the_last() {
    let (server, _, client, session, mut peer) = in_call(40).await;
    let resumed = client.calls().resume().await.unwrap().unwrap();
    let incoming = client.calls().incoming();
    drop((session, incoming));
    peer.say(minute(7, 2, 30)).await;
    let mut resumed = resumed;
    assert_eq!(shown(next(&mut resumed).await).0, 2);
    drop(resumed);
    assert!(peer.is_left().await);
    let _session = client.calls().resume().await.unwrap().unwrap();
    let mut second = server.accept().await;
    assert_eq!(second.uri, "/ws/presence");
    let asked = second.subscribe("e", 5, true).await;
    assert_eq!(asked["user_ids"], json!([]), "nobody else's presence");
}

#[tokio::test]
async fn an_app_that_starts_again_finds_its_call() {
    let (server, shared) = serve(30).await;
    let client = server.signed_in("good");
    assert!(client.calls().resume().await.unwrap().is_none());
    shared.bill(2, 30);
    let session = client.calls().resume().await.unwrap().unwrap();
    assert_eq!((session.side(), session.other(), session.call_type()), (Side::Caller, UserId(2), CallType::Audio));
    assert_eq!(shown(session.current()), (2, Some(30), Some(4), false));
    shared.world().ongoing = Some(call_to_me(8));
    let session = client.calls().resume().await.unwrap().unwrap();
    assert_eq!((session.side(), session.other()), (Side::Listener, UserId(2)));
    assert_eq!(shown(session.current()), (1, None, None, false));
}

#[tokio::test]
async fn a_start_with_a_key_of_before_finds_the_call_ended() {
    let clock = Clock::stop();
    let (_server, shared, client, _session, _peer) = driven(&clock, in_call(40)).await;
    shared.end(3, "dropped");
    let kept = IdempotencyKey::new();
    // The same answer again, of a call that is over.
    let mut again = client.calls().with_key(&kept).start(UserId(2), CallType::Audio).await.unwrap();
    let (end, waited) = clock.drive(STEP, end_of(&mut again)).await;
    assert!(waited < 5 * SECOND, "{waited:?}");
    assert!(matches!(end, CallState::Ended { minutes: 3, .. }), "{end:?}");
}

#[tokio::test]
async fn a_call_rings_once_and_only_for_whom_it_is() {
    let (server, shared) = serve(0).await;
    let client = server.signed_in("good");
    let mut calls = client.calls().incoming();
    let mut peer = server.accept().await;
    peer.subscribe("e", 5, false).await;
    server.sees(ONGOING, 1).await;
    // One's own call from another device.
    peer.say(ringing(7, 1, 2)).await;
    shared.world().ongoing = Some(call_to_me(8));
    for _ in 0..2 {
        peer.say(ringing(8, 2, 1)).await;
    }
    let mut first = soon(calls.next()).await.unwrap();
    assert_eq!((first.session.id(), first.caller, first.session.side()), (CallId(8), UserId(2), Side::Listener));
    assert_eq!(first.caller_username, "john");
    soon(async {
        while !matches!(first.session.current(), CallState::Ongoing { earned: Some(Earnings(15)), .. }) {
            first.session.changed().await.unwrap();
        }
    })
    .await;
    peer.say(told_end(8)).await;
    assert!(soon(end_of(&mut first.session)).await.is_ended());
    peer.say(ringing(9, 2, 1)).await;
    assert_eq!(soon(calls.next()).await.unwrap().session.id(), CallId(9));
}

#[tokio::test]
async fn a_call_that_began_while_nobody_listened_rings_as_well() {
    let (server, shared) = serve(0).await;
    shared.world().ongoing = Some(call_to_me(8));
    let client = server.signed_in("good");
    let mut calls = client.calls().incoming();
    let mut peer = server.accept().await;
    peer.subscribe("e", 5, false).await;
    let first = soon(calls.next()).await.unwrap();
    assert_eq!((first.session.id(), first.caller_username.as_str()), (CallId(8), "john"));
    drop(peer);
    shared.world().ongoing = Some(call_to_me(9));
    server.accept().await.subscribe("e", 5, true).await;
    assert_eq!(soon(calls.next()).await.unwrap().session.id(), CallId(9));
}

#[tokio::test]
async fn the_end_of_the_login_ends_sessions_and_the_next_has_its_own() {
    let (server, _, client, mut session, peer) = in_call(40).await;
    let mut calls = client.calls().incoming();
    peer.close(4401).await;
    assert_eq!(soon(session.changed()).await, None);
    assert!(!session.current().is_ended(), "one does not know");
    assert!(soon(calls.next()).await.is_none());
    assert!(matches!(session.end().await, Err(Error::SignedOut)));
    let retry = RetryPolicy::never();
    let stranger = server.client().retry(retry).build().unwrap();
    assert!(soon(stranger.calls().incoming().next()).await.is_none(), "nobody is signed in");
}
