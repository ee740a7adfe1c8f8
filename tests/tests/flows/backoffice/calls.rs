//! Calls that go on, calls that were, and the end of one.

use chrono::TimeDelta;
use futures_util::future::join_all;

use super::*;

#[tokio::test]
async fn a_call_is_seen_minute_by_minute_with_both_sides_of_each_posting() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let empty = admin.get("/admin/calls").await.text;
    assert!(section(&empty, "live").contains("Nobody is in a call."), "{empty}");

    let (listener, caller) = (app.listener("voice").await, app.caller("caller", 100).await);
    let call = app.call(&caller, &listener).await;
    app.talk(&[&caller, &listener], TimeDelta::seconds(125)).await;
    app.minutes_become(&caller, 10, 3).await;
    let page = admin.get("/admin/calls").await.text;
    assert_eq!((rows(&page, "live"), rows(&page, "calls")), (1, 1), "{page}");
    let live = section(&page, "live");
    assert!(live.contains(">2:05</span>") && live.contains("data-rate=\"10\" data-every=\"60\">30<"), "{live}");

    let one = admin.get(&format!("/admin/calls/{call}")).await.text;
    assert_eq!(rows(&one, "minutes"), 6, "{one}");
    for side in ["Coins", "Call revenue", "Call costs", "Withdrawable", "minute 3"] {
        assert!(section(&one, "minutes").contains(side), "{side} in {one}");
    }
    app.end_call(&caller, call).await.unwrap();
    let one = admin.get(&format!("/admin/calls/{call}")).await.text;
    assert!(section(&one, "call").contains("Completed") && !one.contains("End this call"), "{one}");
    assert!(section(&one, "call").contains("Ended by") && !one.contains("of 5"), "{one}");
    caller.client.calls().rate(call, 4).await.unwrap();
    let one = admin.get(&format!("/admin/calls/{call}")).await.text;
    assert!(section(&one, "call").contains("4 of 5"), "{one}");
}

#[tokio::test]
async fn the_past_is_narrowed_and_read_page_by_page() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let (listener, caller) = (app.listener("voice").await, app.caller("caller", 1000).await);
    for _ in 0..52 {
        let call = app.call(&caller, &listener).await;
        app.end_call(&caller, call).await.unwrap();
    }
    let (other, poor) = (app.listener("other").await, app.caller("poor", 10).await);
    let cut = app.call(&poor, &other).await;
    app.talk(&[&poor, &other], TimeDelta::seconds(90)).await;
    app.call_ends(&poor, cut).await;
    for (query, count) in [
        (String::new(), 50),
        ("?status=dropped".into(), 1),
        ("?cause=no_coins".into(), 1),
        ("?cause=hangup".into(), 50),
        ("?type=video".into(), 0),
        (format!("?person=%23{}", poor.id), 1),
        (format!("?person={}&status=completed", other.id), 0),
        ("?person=nobody".into(), 50),
        ("?from=2026-01-15&to=2026-01-15&status=dropped".into(), 1),
        ("?from=2026-01-16".into(), 0),
        ("?to=2026-01-14".into(), 0),
        ("?to=yesterday&status=dropped".into(), 1),
    ] {
        let page = admin.get(&format!("/admin/calls{query}")).await.text;
        assert_eq!(rows(&page, "calls"), count, "{query}: {page}");
    }
    let first = admin.get("/admin/calls?status=completed").await.text;
    let older = between(&first, "<a href=\"/admin/calls?status=completed&amp;before=", "\" rel=\"next\"").unwrap();
    let older = older.trim_end_matches("#calls");
    let second = admin.get(&format!("/admin/calls?status=completed&before={older}")).await.text;
    assert_eq!(rows(&second, "calls"), 2, "{second}");
    assert!(second.contains("rel=\"first\"") && !second.contains("rel=\"next\""), "{second}");
}

#[tokio::test]
async fn a_call_is_ended_once_with_a_reason_and_both_are_told() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    let (listener, caller) = (app.listener("voice").await, app.caller("caller", 100).await);
    let call = app.call(&caller, &listener).await;
    let path = format!("/admin/calls/{call}/end");
    admin.get(&path).await.is_page(200, &format!("End call #{call}?"));

    let long = "x".repeat(501);
    for reason in ["", "  ", &long] {
        let refused = admin.submit(&path, &[("reason", reason)]).await;
        refused.is_page(422, &format!("End call #{call}?"));
        assert!(refused.problem().contains("Say why"), "{}", refused.text);
        assert!(refused.text.contains(reason.trim()), "{}", refused.text);
    }

    let mut ears = [app.socket("/ws/presence", &caller).await, app.socket("/ws/presence", &listener).await];
    let fields = [("reason", "Shouting <b>")];
    let answers = join_all((0..10).map(|_| {
        let mut visitor = admin.clone();
        let path = path.clone();
        async move { visitor.submit(&path, &fields).await }
    }))
    .await;
    let told = |answer: &&Answer| answer.header("location").contains("done=call-ended");
    assert_eq!(answers.iter().filter(told).count(), 1);
    for answer in &answers {
        assert_eq!(answer.status, 303);
    }
    for socket in &mut ears {
        let ended = socket.next_named("call_ended").await;
        assert_eq!((&ended["cause"], &ended["status"]), (&"admin".into(), &"dropped".into()));
    }
    assert_eq!(app.coins(&caller).await, Coins(90));
    app.assert_books_close().await;
    let page = admin.get(&format!("/admin/calls/{call}")).await.text;
    for part in ["Ended by an admin", "the.boss", "Shouting &lt;b&gt;"] {
        assert!(section(&page, "call").contains(part), "{part} in {page}");
    }
    let entries: Vec<(i64, String)> =
        sqlx::query_as("SELECT actor_id, after ->> 'reason' FROM audit_log WHERE action = 'call.end'")
            .fetch_all(&app.state.db)
            .await
            .unwrap();
    assert_eq!(entries, [(boss.id, "Shouting <b>".to_owned())]);
}
