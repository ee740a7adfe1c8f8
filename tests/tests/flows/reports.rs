//! Reports and the moderators' queue.

use chrono::TimeDelta;
use futures_util::future::join_all;
use saathii_sdk::types::{CallId, UserId, reports::ReportStatus};
use serde_json::json;
use tests::{Person, Refused, TestApp};

#[tokio::test]
async fn a_report_said_by_twenty_taps_is_one_until_it_is_decided() {
    let app = TestApp::start().await;
    let (caller, listener) = (app.caller("caller", 100).await, app.listener("listener").await);
    let admin = app.register_admin("moderator").await;
    let call = app.call(&caller, &listener).await;
    app.end_call(&caller, call).await.unwrap();
    let complain = async |person: &Person| {
        let (about, reason) = (listener.user_id(), " Asked for my address ");
        person.client.reports().send(about, Some(call), reason).await
    };
    let answers = join_all((0..20).map(|_| complain(&caller))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let first = &answers[0];
    assert!(answers.iter().all(|answer| answer == first), "{answers:?}");
    assert_eq!((first.user_id, first.status), (listener.user_id(), ReportStatus::Open));
    complain(&caller).await.refused(429, "rate_limited");
    app.advance(TimeDelta::hours(1));
    // The admin's token is older than that.
    let admin = app.sign_in(&admin.phone).await;
    let second = caller.client.reports().send(listener.user_id(), None, "In general").await.unwrap();
    assert_ne!(second.report_id, first.report_id, "without the call it is another");

    let queue = app.get("/admin/reports", &admin.access).await.ok();
    assert_eq!(queue["total_count"], 2);
    let report = &queue["reports"][0];
    assert_eq!(
        [
            &report["report_id"],
            &report["reporter_username"],
            &report["username"],
            &report["reason"],
            &report["call_id"]
        ],
        [&json!(first.report_id), &json!("caller"), &json!("listener"), &json!("Asked for my address"), &json!(call)]
    );
    let path = format!("/admin/reports/{}/resolve", first.report_id);
    let decision = json!({"outcome": "resolved", "remarks": "Warned"});
    let decisions = join_all((0..10).map(|_| app.post_as(&admin, &path, &decision))).await;
    assert_eq!(decisions.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in decisions.iter().filter(|answer| answer.status != 200) {
        answer.refused(409, "report_decided");
    }
    let resolved = app.get("/admin/reports?status=resolved", &admin.access).await.ok();
    let report = &resolved["reports"][0];
    assert_eq!((&report["decided_by"], &report["remarks"]), (&json!(admin.id), &json!("Warned")));
    let audit = app.get("/admin/audit?action=report.resolve", &admin.access).await.ok();
    assert_eq!(audit["entries"].as_array().unwrap().len(), 1);
    assert_eq!(audit["entries"][0]["after"], json!({"status": "resolved", "remarks": "Warned"}));

    let again = complain(&caller).await.unwrap();
    assert_ne!(again.report_id, first.report_id, "decided, it may be said anew");
    let queue = app.get("/admin/reports?per_page=1", &admin.access).await.ok();
    assert_eq!((&queue["reports"][0]["report_id"], &queue["has_next"]), (&json!(second.report_id), &json!(true)));
}

#[tokio::test]
async fn evidence_is_a_call_between_the_two_and_a_reason_is_a_text() {
    let app = TestApp::start().await;
    let (caller, listener) = (app.caller("caller", 100).await, app.listener("listener").await);
    let (other, admin) = (app.register("other", "user").await, app.register_admin("moderator").await);
    let call = app.call(&caller, &listener).await;
    let report = async |person: &Person, about, call| person.client.reports().send(about, call, "x").await;
    for (person, about) in [(&caller, &other), (&other, &listener), (&other, &caller)] {
        report(person, about.user_id(), Some(call)).await.refused(404, "not_found");
    }
    report(&caller, listener.user_id(), Some(CallId(i64::MAX))).await.refused(404, "not_found");
    report(&caller, UserId(i64::MAX), None).await.refused(404, "not_found");
    report(&caller, caller.user_id(), None).await.refused(400, "own_account");
    for reason in [json!(""), json!("  "), json!("x".repeat(1001)), json!("a\u{0}b"), json!(null), json!(7)] {
        let body = json!({"user_id": listener.id, "reason": reason});
        app.post_as(&caller, "/reports", &body).await.refused(422, "validation_error");
    }
    let body = json!({"user_id": listener.id, "reason": "ä".repeat(1000)});
    let received = app.post_as(&caller, "/reports", &body).await.ok();
    let expected = json!({
        "report_id": received["report_id"], "user_id": listener.id, "call_id": null, "status": "open",
        "message": "Thank you, we will look into it"
    });
    assert_eq!(received, expected);
    report(&listener, caller.user_id(), Some(call)).await.unwrap();

    app.get("/admin/reports?status=nonsense", &admin.access).await.refused(422, "validation_error");
    let decision = json!({"outcome": "dismissed"});
    app.post_as(&admin, "/admin/reports/999999/resolve", &decision).await.refused(404, "not_found");
    let own = report(&caller, admin.user_id(), None).await.unwrap();
    let path = format!("/admin/reports/{}/resolve", own.report_id);
    app.post_as(&admin, &path, &decision).await.refused(403, "forbidden");
    for body in [json!({}), json!({"outcome": "open"}), json!({"outcome": "resolved", "remarks": "x".repeat(1001)})] {
        app.post_as(&admin, &path, &body).await.refused(422, "validation_error");
    }
    let second = app.register_admin("second").await;
    assert_eq!(app.post_as(&second, &path, &decision).await.ok()["status"], "dismissed");
}
