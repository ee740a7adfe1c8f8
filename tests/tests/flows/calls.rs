//! Paid calls: the contract's endpoints, their lifecycle and their edges.

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use saathii_sdk::{
    CallFilter, Error, Page,
    types::{
        CallId, Coins, Earnings, UserId,
        calls::{CallEnded, CallStatus, CallType, StartCall},
        presence::StatusPatch,
        wallet::TransactionType,
    },
};
use serde_json::{Value, json};
use tests::{
    Person, Refused, TestApp,
    device::one_wins,
    people::{BUSY, FREE},
};

const MINUTE: TimeDelta = TimeDelta::seconds(60);

/// Long tokens: calls outlast the usual ones.
async fn start() -> TestApp {
    TestApp::start_with(&[("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "600")]).await
}

#[tokio::test]
async fn a_call_of_thirty_minutes_costs_300_and_earns_450() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 710).await, app.listener("jane").await);
    let started = app
        .post_as(
            &caller,
            "/calls/start",
            &json!({"listener_id": listener.id, "call_type": "audio", "estimated_duration_minutes": 30}),
        )
        .await
        .ok();
    let call = started["call_id"].as_i64().unwrap();
    assert_eq!(
        started,
        json!({
            "call_id": call, "message": "Call started successfully", "estimated_cost": 300, "remaining_coins": 700,
            "call_type": "audio", "listener_id": listener.id, "status": "ongoing"
        })
    );
    for (person, other) in [(&caller, &listener), (&listener, &caller)] {
        let presence = other.client.presence().of(person.user_id()).await.unwrap();
        assert!(presence.is_busy && !presence.is_available);
        let ongoing = app.get("/calls/ongoing", &person.access).await.ok();
        let expected = json!({
            "call_id": call, "user_id": caller.id, "listener_id": listener.id, "call_type": "audio",
            "start_time": "2026-01-15T10:30:00Z", "end_time": null, "duration_seconds": 0, "duration_minutes": 1,
            "coins_spent": 10, "user_money_spend": 10, "listener_money_earned": 15, "status": "ongoing",
            "caller_username": "john", "listener_username": "jane"
        });
        assert_eq!(ongoing, expected);
    }
    app.talk(&[&caller, &listener], TimeDelta::seconds(1800)).await;
    let ended = app.post_as(&caller, "/calls/end", &json!({"call_id": call, "reason": "completed"})).await.ok();
    assert_eq!(
        ended,
        json!({
            "call_id": call, "message": "Call ended successfully", "duration_seconds": 1800, "duration_minutes": 30,
            "coins_spent": 300, "user_money_spend": 300, "listener_money_earned": 450, "status": "completed"
        })
    );
    let balance = app.get("/calls/balance", &caller.access).await.ok();
    assert_eq!(balance, json!({"user_id": caller.id, "current_balance": 410, "total_earned": 710, "total_spent": 300}));
    let wallet = app.get("/wallet/balance", &listener.access).await.ok();
    assert_eq!(
        wallet,
        json!({
            "user_id": listener.id, "balance_coins": 0, "withdrawable_money": 450, "total_earned": 450,
            "total_withdrawn": 0, "pending_withdrawals": 0
        })
    );
    for person in [&caller, &listener] {
        let status = person.client.presence().my_status().await.unwrap();
        assert!(status.is_online && !status.is_busy);
        app.get("/calls/ongoing", &person.access).await.refused(404, "not_found");
    }
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_call_to_the_last_coin_is_cut_and_warned_of() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 25).await, app.listener("jane").await);
    let mut phone = app.socket("/ws/presence", &caller).await;
    let mut bell = app.socket("/ws/presence", &listener).await;
    let call = app.call(&caller, &listener).await;
    let ring = bell.next_named("call_started").await;
    assert_eq!(
        (&ring["call_id"], &ring["user_id"], &ring["caller_username"]),
        (&json!(call), &json!(caller.id), &json!("john"))
    );
    assert_eq!(phone.next_named("call_low_balance").await["minutes_left"], 2);
    app.talk(&[&caller, &listener], MINUTE + TimeDelta::seconds(1)).await;
    let minute = phone.next_named("call_minute").await;
    assert_eq!((&minute["minute"], &minute["remaining_coins"]), (&json!(2), &json!(5)));
    assert_eq!(phone.next_named("call_low_balance").await["minutes_left"], 1);
    let told = bell.next_named("call_minute").await;
    assert_eq!((&told["listener_money_earned"], &told["remaining_coins"]), (&json!(30), &Value::Null));
    app.talk(&[&caller, &listener], MINUTE).await;
    let ended = app.call_ends(&caller, call).await;
    assert_eq!((ended.status, ended.coins_spent, ended.duration_seconds), (CallStatus::Dropped, Coins(20), 120));
    for socket in [&mut phone, &mut bell] {
        let event = socket.next_named("call_ended").await;
        assert_eq!((&event["cause"], &event["status"]), (&json!("no_coins"), &json!("dropped")));
    }
    assert_eq!(app.coins(&caller).await, Coins(5));
    let refused = app.bill_minute(&caller, call).await.refused(400, "insufficient_coins");
    assert_eq!((refused.required, refused.available), (Some(10), Some(5)));
    app.assert_books_close().await;
}

#[tokio::test]
async fn coins_in_the_last_paid_second_keep_the_call() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 10).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    app.talk(&[&caller, &listener], TimeDelta::seconds(59)).await;
    app.give_coins(&caller, 10).await;
    app.talk(&[&caller, &listener], TimeDelta::seconds(2)).await;
    app.minutes_become(&caller, 10, 2).await;
    assert_eq!(app.coins(&caller).await, Coins(0));
    assert_eq!(app.end_call(&listener, call).await.unwrap().status, CallStatus::Completed);
    app.assert_books_close().await;
}

#[tokio::test]
async fn fifty_ends_of_one_call_are_one_settlement() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 100).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    app.talk(&[&caller, &listener], TimeDelta::seconds(61)).await;
    let body = json!({"call_id": call});
    // An old app sends no key.
    let end = async |i: i32| -> CallEnded {
        let person = if i % 2 == 0 { &caller } else { &listener };
        match i % 4 {
            0 | 1 => app.end_call(person, call).await.unwrap(),
            _ => serde_json::from_value(app.post_as(person, "/calls/end", &body).await.ok()).unwrap(),
        }
    };
    let ends = join_all((0..50).map(end)).await;
    assert_eq!(ends[0].coins_spent, Coins(20));
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    assert_eq!((app.coins(&caller).await, app.earned(&listener).await), (Coins(80), Earnings(30)));
    app.assert_books_close().await;
}

#[tokio::test]
async fn twenty_callers_of_one_listener_and_twenty_calls_of_one_caller_are_one_call_each() {
    let app = start().await;
    let listener = app.listener("jane").await;
    let mut callers = Vec::new();
    for i in 0..20 {
        callers.push(app.caller(&format!("caller{i}"), 100).await);
    }
    let starts = join_all(callers.iter().map(|caller| app.start_call(caller, &listener, CallType::Audio))).await;
    one_wins(starts, 409, "listener_busy");
    let mut left = Coins(0);
    for caller in &callers {
        left = left + app.coins(caller).await;
    }
    assert_eq!(left, Coins(1990));

    let caller = app.caller("alone", 100).await;
    let mut listeners = Vec::new();
    for i in 0..20 {
        listeners.push(app.listener(&format!("listener{i}")).await);
    }
    let starts = join_all(listeners.iter().map(|listener| app.start_call(&caller, listener, CallType::Video))).await;
    one_wins(starts, 409, "already_in_call");
    assert_eq!(app.coins(&caller).await, Coins(50));
    app.assert_books_close().await;
}

#[tokio::test]
async fn nobody_is_in_two_calls_on_two_sides() {
    let app = start().await;
    let (caller, both, other) =
        (app.caller("john", 100).await, app.listener("both").await, app.listener("other").await);
    app.give_coins(&both, 100).await;
    for _ in 0..10 {
        let (in_call, out_call) = tokio::join!(
            app.start_call(&caller, &both, CallType::Audio),
            app.start_call(&both, &other, CallType::Audio)
        );
        let (mut started, refused): (Vec<_>, Vec<_>) = [in_call, out_call].into_iter().partition(Result::is_ok);
        assert_eq!(started.len(), 1, "{started:?} {refused:?}");
        app.end_call(&both, started.remove(0).unwrap().call_id).await.unwrap();
    }
    app.assert_books_close().await;
}

#[tokio::test]
async fn the_last_coin_is_spent_once() {
    let app = start().await;
    let caller = app.caller("john", 10).await;
    let mut listeners = Vec::new();
    for i in 0..8 {
        listeners.push(app.listener(&format!("listener{i}")).await);
    }
    let starts = join_all(listeners.iter().map(|listener| app.start_call(&caller, listener, CallType::Audio))).await;
    let mut started: Vec<_> = starts.into_iter().flatten().collect();
    assert_eq!(started.len(), 1, "{started:?}");
    assert_eq!(app.coins(&caller).await, Coins(0));
    app.end_call(&caller, started.remove(0).call_id).await.unwrap();
    let refused = app.start_call(&caller, &listeners[0], CallType::Audio).await.refused(400, "insufficient_coins");
    assert_eq!((refused.required, refused.available), (Some(10), Some(0)));
    app.assert_books_close().await;
}

#[tokio::test]
async fn thirty_bills_in_a_minute_are_one() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 310).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    let bill = app.request(Method::POST, &format!("/calls/bill-minute/{call}")).bearer(&caller.access).send().await;
    assert_eq!(
        bill.ok(),
        json!({
            "call_id": call, "coins_deducted": 10, "remaining_coins": 300, "total_coins_spent": 10,
            "message": "Successfully billed for 1 minute"
        })
    );
    app.talk(&[&caller, &listener], TimeDelta::seconds(61)).await;
    let bills = join_all((0..30).map(|i| app.bill_minute(if i % 3 == 0 { &listener } else { &caller }, call))).await;
    for bill in bills {
        let bill = bill.unwrap();
        assert_eq!((bill.remaining_coins, bill.total_coins_spent), (Coins(290), Coins(20)));
    }
    assert_eq!(app.end_call(&caller, call).await.unwrap().coins_spent, Coins(20));
    app.bill_minute(&caller, call).await.refused(409, "call_ended");
    app.assert_books_close().await;
}

#[tokio::test]
async fn two_nodes_meter_the_same_calls_once() {
    let app = start().await;
    let other = app.another_node().await;
    let mut pairs = Vec::new();
    for i in 0..12 {
        let (caller, listener) =
            (app.caller(&format!("caller{i}"), 60).await, app.listener(&format!("listener{i}")).await);
        let call = app.call(&caller, &listener).await;
        pairs.push((caller, listener, call));
    }
    let people: Vec<_> = pairs.iter().flat_map(|(caller, listener, _)| [caller, listener]).collect();
    app.talk(&people, TimeDelta::seconds(241)).await;
    for (caller, _, _) in &pairs {
        other.minutes_become(caller, 10, 5).await;
    }
    app.talk(&people, TimeDelta::seconds(120)).await;
    for (caller, listener, call) in &pairs {
        let ended = other.call_ends(caller, *call).await;
        assert_eq!((ended.status, ended.coins_spent), (CallStatus::Dropped, Coins(60)));
        assert_eq!(app.earned(listener).await, Earnings(90));
    }
    app.assert_books_close().await;
}

#[tokio::test]
async fn a_call_whose_both_phones_are_silent_is_lost_and_one_is_enough_to_keep_it() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 1000).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    // A phone that drops for a while costs nothing but its minutes.
    app.advance(TimeDelta::seconds(50));
    app.talk(&[&caller], TimeDelta::seconds(150)).await;
    app.minutes_become(&caller, 10, 4).await;
    app.advance(TimeDelta::seconds(200));
    let ended = app.call_ends(&caller, call).await;
    assert_eq!((ended.status, ended.duration_seconds), (CallStatus::Dropped, 290));
    assert_eq!(ended.coins_spent, Coins(50), "to the end of the grace and no further");
    for person in [&caller, &listener] {
        assert!(!person.client.presence().my_status().await.unwrap().is_busy);
    }
    app.assert_books_close().await;
}

#[tokio::test]
async fn cleanup_reaps_lost_calls_and_leaves_the_others() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 1000).await, app.listener("jane").await);
    let (caller2, listener2) = (app.caller("joan", 1000).await, app.listener("june").await);
    let lost = app.call(&caller, &listener).await;
    let living = app.call(&caller2, &listener2).await;
    app.talk(&[&caller2], TimeDelta::seconds(95)).await;
    let answer = app.request(Method::POST, "/calls/cleanup").bearer(&caller2.access).send().await.ok();
    assert_eq!(answer, json!({"message": "Call cleanup completed successfully"}));
    assert_eq!(app.call_ends(&caller, lost).await.duration_seconds, 90);
    assert_eq!(listener2.client.calls().ongoing().await.unwrap().unwrap().call_id, living);
    app.assert_books_close().await;
}

#[tokio::test]
async fn no_call_is_longer_than_two_hours() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 5000).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    app.talk(&[&caller, &listener], TimeDelta::seconds(7205)).await;
    let ended = app.call_ends(&caller, call).await;
    assert_eq!((ended.status, ended.duration_minutes), (CallStatus::Dropped, 120));
    assert_eq!((ended.duration_seconds, ended.coins_spent), (7200, Coins(1200)));
    app.assert_books_close().await;
}

#[tokio::test]
async fn an_emergency_end_drops_the_call() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 100).await, app.listener("jane").await);
    let call = app.start_call(&caller, &listener, CallType::Video).await.unwrap().call_id;
    let stranger = app.register("mallory", "user").await;
    stranger.client.calls().emergency_end(call).await.refused(404, "not_found");
    let ended = listener.client.calls().emergency_end(call).await.unwrap();
    assert_eq!(
        (ended.status, ended.coins_spent, ended.listener_money_earned),
        (CallStatus::Dropped, Coins(50), Earnings(75))
    );
    // An old app sends no key.
    let again = app.request(Method::POST, &format!("/calls/emergency-end/{call}")).bearer(&caller.access).send().await;
    assert_eq!(again.ok(), serde_json::to_value(ended).unwrap());
    app.assert_books_close().await;
}

#[tokio::test]
async fn calls_that_may_not_be_are_refused_and_cost_nothing() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 100).await, app.listener("jane").await);
    let unverified = app.register("fresh", "listener").await;
    app.heartbeat(&unverified).await;
    let offline = app.register_listener("away").await;
    let busy = app.listener("busy").await;
    app.set_status(&busy, &BUSY).await;
    let plain = app.register("plain", "user").await;
    for (listener, status, code) in [
        (caller.id, 400, "self_call"),
        (plain.id, 404, "listener_not_found"),
        (999_999, 404, "listener_not_found"),
        (-1, 404, "listener_not_found"),
        (unverified.id, 403, "listener_not_verified"),
        (offline.id, 409, "listener_offline"),
        (busy.id, 409, "listener_busy"),
    ] {
        let call =
            StartCall { listener_id: UserId(listener), call_type: CallType::Audio, estimated_duration_minutes: None };
        caller.client.calls().start_unfollowed(&call).await.refused(status, code);
    }
    for body in [
        json!({}),
        json!({"listener_id": listener.id}),
        json!({"listener_id": listener.id, "call_type": "telepathy"}),
        json!({"listener_id": "1; drop table calls", "call_type": "audio"}),
        json!({"listener_id": 1.5, "call_type": "audio"}),
        json!({"listener_id": listener.id, "call_type": "audio", "estimated_duration_minutes": 0}),
        json!({"listener_id": listener.id, "call_type": "audio", "estimated_duration_minutes": -5}),
        json!({"listener_id": listener.id, "call_type": "audio", "estimated_duration_minutes": 9_223_372_036_854_775_807_i64}),
        json!({"listener_id": listener.id, "call_type": "audio", "estimated_duration_minutes": 1e300}),
    ] {
        app.post_as(&caller, "/calls/start", &body).await.refused(422, "validation_error");
    }
    assert_eq!(app.coins(&caller).await, Coins(100));
    assert_eq!(caller.client.calls().summary().await.unwrap().summary.total_calls, 0);

    let call = app.call(&caller, &listener).await;
    let stranger = app.caller("mallory", 100).await;
    app.end_call(&stranger, call).await.refused(404, "not_found");
    app.bill_minute(&stranger, call).await.refused(404, "not_found");
    app.end_call(&caller, CallId(123_456)).await.refused(404, "not_found");
    app.end_call(&caller, CallId(i64::MIN)).await.refused(404, "not_found");
    app.start_call(&stranger, &listener, CallType::Audio).await.refused(409, "listener_busy");
    assert_eq!(listener.client.calls().ongoing().await.unwrap().unwrap().call_id, call);
    app.assert_books_close().await;
}

#[tokio::test]
async fn nobody_talks_themselves_free_during_a_call() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 100).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    let past = "2026-01-15T10:30:01Z".parse().unwrap();
    let status = app.set_status(&listener, &StatusPatch { busy_until: Some(Some(past)), ..FREE }).await;
    assert_eq!((status.is_busy, status.busy_until), (true, None));
    let second = app.caller("joan", 100).await;
    app.start_call(&second, &listener, CallType::Audio).await.refused(409, "listener_busy");
    app.end_call(&caller, call).await.unwrap();
    app.start_call(&second, &listener, CallType::Audio).await.unwrap();
}

#[tokio::test]
async fn a_start_that_is_sent_twice_with_its_key_is_one_call() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 100).await, app.listener("jane").await);
    let send = |key: &str, call_type: &str| {
        let body = json!({"listener_id": listener.id, "call_type": call_type});
        app.request(Method::POST, "/calls/start")
            .bearer(&caller.access)
            .header("Idempotency-Key", key)
            .json(&body)
            .send()
    };
    let first = send("start-1", "audio").await;
    let again = send("start-1", "audio").await;
    assert_eq!((again.status.as_u16(), &again.text), (200, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    send("start-1", "video").await.refused(422, "idempotency_key_reused");
    send("", "audio").await.refused(422, "validation_error");
    send(&"k".repeat(256), "audio").await.refused(422, "validation_error");
    assert_eq!(app.coins(&caller).await, Coins(90));

    let call = first.ok()["call_id"].as_i64().unwrap();
    let ends = join_all((0..20).map(|_| {
        let body = json!({"call_id": call, "reason": "bye"});
        app.request(Method::POST, "/calls/end")
            .bearer(&caller.access)
            .header("Idempotency-Key", "end-1")
            .json(&body)
            .send()
    }))
    .await;
    for end in &ends {
        assert!(end.status == 200 || end.refused(409, "idempotency_in_progress")["retry_after"] == 1, "{}", end.text);
    }
    // A refusal keeps nothing: the same key works once its reason is gone.
    let busy = send("start-2", "video").await;
    assert_eq!(busy.status, 200, "{}", busy.text);
    app.assert_books_close().await;
}

#[tokio::test]
async fn history_and_summary_tell_both_sides() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 1000).await, app.listener("jane").await);
    for (call_type, seconds) in [(CallType::Audio, 30), (CallType::Video, 90), (CallType::Audio, 150)] {
        let call = app.start_call(&caller, &listener, call_type).await.unwrap().call_id;
        app.talk(&[&caller, &listener], TimeDelta::seconds(seconds)).await;
        app.end_call(&caller, call).await.unwrap();
    }
    let history = caller.client.calls().history(CallFilter::default(), Page { number: 1, size: 2 }).await.unwrap();
    assert_eq!(history.calls.len(), 2);
    assert_eq!((history.calls[0].duration_minutes, history.calls[1].call_type), (3, CallType::Video));
    assert_eq!((history.total_calls, history.total_coins_spent, history.total_earnings), (3, Coins(140), Earnings(0)));
    assert!(history.has_next && !history.has_previous);
    let filter = CallFilter { call_type: Some(CallType::Audio), status: Some(CallStatus::Completed) };
    let heard = listener.client.calls().history(filter, Page::default()).await.unwrap();
    assert_eq!((heard.total_calls, heard.total_earnings, heard.total_coins_spent), (2, Earnings(60), Coins(0)));
    let page = app.get("/calls/history?call_type=audio&per_page=1&page=2", &caller.access).await.ok();
    assert_eq!(
        page,
        json!({
            "calls": [{
                "call_id": heard.calls[1].call_id, "user_id": caller.id, "listener_id": listener.id,
                "call_type": "audio", "start_time": "2026-01-15T10:30:00Z", "end_time": "2026-01-15T10:30:30Z",
                "duration_seconds": 30, "duration_minutes": 1, "coins_spent": 10, "user_money_spend": 10,
                "listener_money_earned": 15, "status": "completed", "caller_username": "john",
                "listener_username": "jane"
            }],
            "total_calls": 2, "total_coins_spent": 40, "total_money_spent": 40, "total_earnings": 0,
            "page": 2, "per_page": 1, "has_next": false, "has_previous": true
        })
    );
    app.get("/calls/history?status=lost", &caller.access).await.refused(422, "validation_error");
    assert_eq!(app.get("/calls/history?page=99999999999999999999", &caller.access).await.ok()["calls"], json!([]));

    let summary = app.get("/calls/history/summary", &listener.access).await.ok();
    assert_eq!(
        summary["summary"],
        json!({
            "total_calls": 3, "calls_made": 0, "calls_received": 3, "completed_calls": 3, "dropped_calls": 0,
            "ongoing_calls": 0, "audio_calls": 2, "video_calls": 1, "total_coins_spent": 0, "total_money_spent": 0,
            "total_earnings": 210, "total_duration_seconds": 270, "avg_duration_seconds": 90
        })
    );
    assert_eq!(summary["recent_calls"].as_array().unwrap().len(), 3);
    assert_eq!(
        summary["monthly_stats"],
        json!([{"month": "2026-01-01T00:00:00Z", "calls_count": 3, "coins_spent": 0, "earnings": 210}])
    );

    let newest = Page { number: 1, size: 1 };
    let earnings = listener.client.wallet().earnings(newest).await.unwrap();
    assert_eq!((earnings.total_calls, earnings.total_minutes, earnings.total_earned), (3, 6, Earnings(210)));
    assert_eq!((earnings.earnings[0].earned, earnings.earnings[0].caller_username.as_str()), (Earnings(45), "john"));
    let wire = app.get("/wallet/earnings?per_page=1", &listener.access).await.ok();
    assert_eq!(
        wire,
        json!({
            "earnings": [{
                "call_id": earnings.earnings[0].call_id, "caller_username": "john", "call_type": "audio",
                "start_time": "2026-01-15T10:32:00Z", "duration_minutes": 3, "earned": 45
            }],
            "total_calls": 3, "total_minutes": 6, "total_earned": 210, "page": 1, "per_page": 1, "has_next": true,
            "has_previous": false
        })
    );

    let charges = caller.client.wallet().transactions(Some(TransactionType::CallCharge), newest).await.unwrap();
    let last = &charges.transactions[0];
    assert_eq!((charges.total_transactions, last.minute, last.amount), (6, Some(3), -10));
    let wire = app.get("/transactions?tx_type=call_charge&per_page=1", &caller.access).await.ok();
    assert_eq!(
        wire,
        json!({
            "transactions": [{
                "transaction_id": last.transaction_id, "tx_type": "call_charge", "currency": "coins", "amount": -10,
                "call_id": last.call_id, "minute": 3, "created_at": last.created_at
            }],
            "total_transactions": 6, "page": 1, "per_page": 1, "has_next": true, "has_previous": false
        })
    );
    app.get("/transactions?tx_type=unknown", &caller.access).await.refused(422, "validation_error");
    app.get("/transactions?tx_type=bribe", &caller.access).await.refused(422, "validation_error");
}

#[tokio::test]
async fn rates_and_system_status_answer_as_written() {
    let app = start().await;
    let rates = app.request(Method::GET, "/calls/rates").send().await.ok();
    assert_eq!(
        rates,
        json!({
            "call_rates": {
                "audio": {"rate_per_minute": 10, "minimum_charge": 10},
                "video": {"rate_per_minute": 50, "minimum_charge": 50}
            },
            "recharge_options": {"150": 300, "300": 600, "500": 1000, "1000": 2000},
            "listener_earnings": {"audio": 15, "video": 75}
        })
    );
    let (caller, listener) = (app.caller("john", 100).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    let becomes = async |expected: Value| {
        let begun = std::time::Instant::now();
        loop {
            let status = app.get("/calls/status", &caller.access).await.ok();
            if status == expected {
                return;
            }
            assert!(begun.elapsed().as_secs() < 10, "{status}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    becomes(json!({"ongoing_calls": 1, "busy_users": 2, "redis_call_keys": 1, "system_status": "healthy"})).await;
    app.end_call(&caller, call).await.unwrap();
    becomes(json!({"ongoing_calls": 0, "busy_users": 0, "redis_call_keys": 0, "system_status": "healthy"})).await;
}

#[tokio::test]
async fn a_rating_comes_from_the_caller_once_after_the_call() {
    let app = start().await;
    let listener = app.listener("jane").await;
    let (first, second) = (app.caller("john", 100).await, app.caller("joan", 100).await);
    let rate = async |person: &Person, call, rating| person.client.calls().rate(call, rating).await;
    let call = app.call(&first, &listener).await;
    rate(&first, call, 5).await.refused(409, "call_ongoing");
    app.end_call(&first, call).await.unwrap();
    let path = format!("/calls/{call}/rating");
    for bad in [json!(0), json!(6), json!(-1), json!(i64::MAX), json!(4.5), json!("5"), json!(null)] {
        app.post_as(&first, &path, &json!({"rating": bad})).await.refused(422, "validation_error");
    }
    rate(&listener, call, 5).await.refused(404, "not_found");
    rate(&second, call, 1).await.refused(404, "not_found");
    let rated = join_all((0..10).map(|_| rate(&first, call, 5))).await;
    one_wins(rated, 409, "already_rated");
    rate(&first, call, 4).await.refused(409, "already_rated");
    let call = app.call(&second, &listener).await;
    app.end_call(&second, call).await.unwrap();
    let answer = app.post_as(&second, &format!("/calls/{call}/rating"), &json!({"rating": 4})).await.ok();
    let expected = json!({
        "call_id": call, "listener_id": listener.id, "rating": 4, "listener_rating": 4.5,
        "message": "Thank you for rating"
    });
    assert_eq!(answer, expected);
    assert!((listener.client.users().me().await.unwrap().rating - 4.5).abs() < f64::EPSILON);
}

#[tokio::test]
async fn deleting_an_account_settles_its_call_and_keeps_the_ledger() {
    let app = start().await;
    let (caller, listener) = (app.caller("john", 100).await, app.listener("jane").await);
    let call = app.call(&caller, &listener).await;
    app.talk(&[&caller, &listener], TimeDelta::seconds(70)).await;
    caller.client.users().delete().await.unwrap();
    let ended = app.call_ends(&listener, call).await;
    assert_eq!((ended.status, ended.coins_spent), (CallStatus::Dropped, Coins(20)));
    assert_eq!(ended.caller_username, format!("deleted:{}", caller.id));
    assert!(!listener.client.presence().my_status().await.unwrap().is_busy);
    assert_eq!(app.earned(&listener).await, Earnings(30));
    app.assert_books_close().await;
}

#[tokio::test]
async fn deletions_and_starts_that_race_leave_no_call_behind() {
    let app = start().await;
    for i in 0..10 {
        let (caller, listener) =
            (app.caller(&format!("caller{i}"), 100).await, app.listener(&format!("listener{i}")).await);
        let gone = if i % 2 == 0 { &caller } else { &listener };
        let account = gone.client.users();
        let (started, deleted) = tokio::join!(app.start_call(&caller, &listener, CallType::Audio), account.delete());
        deleted.unwrap();
        match started {
            Ok(_) | Err(Error::Refused { status: ..500, .. } | Error::SignedOut) => {}
            Err(error) => panic!("{error:?}"),
        }
        let left = if i % 2 == 0 { &listener } else { &caller };
        assert_eq!(left.client.calls().ongoing().await.unwrap(), None);
        assert!(!left.client.presence().my_status().await.unwrap().is_busy);
    }
    app.assert_books_close().await;
}
