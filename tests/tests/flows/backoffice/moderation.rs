//! Reports decided, people suspended, and the record of it.

use futures_util::future::join_all;

use super::*;

async fn report(by: &Person, about: &Person, call: Option<CallId>, reason: &str) -> ReportId {
    by.client.reports().send(about.user_id(), call, reason).await.unwrap().report_id
}

#[tokio::test]
async fn a_report_is_read_with_its_call_and_decided_once() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let (listener, caller) = (app.listener("voice").await, app.caller("caller", 100).await);
    let call = app.call(&caller, &listener).await;
    app.end_call(&caller, call).await.unwrap();
    let id = report(&caller, &listener, Some(call), "Asked <b>for my address").await;
    let other = report(&caller, &listener, None, "Shouted").await;
    let queue = admin.get("/admin/moderation").await.text;
    assert_eq!(rows(&queue, "reports"), 2, "{queue}");
    assert_eq!(between(&queue, "class=\"badge\">", "<"), Some("2"));
    assert_eq!(stat(&admin.get("/admin").await.text, "work", "Open reports"), "2");
    let path = format!("/admin/moderation/{id}");
    let page = admin.get(&path).await.text;
    assert!(section(&page, "report").contains("Asked &lt;b&gt;for my address"), "{page}");
    assert!(section(&page, "evidence").contains(&format!("/admin/calls/{call}")), "{page}");
    assert_eq!(rows(&page, "others"), 1, "{page}");

    let long = "x".repeat(1001);
    let refused = admin.submit(&path, &[("outcome", "resolved"), ("remarks", &long)]).await;
    refused.is_page(422, &format!("Report #{id}"));
    assert!(refused.problem().contains("1000") && refused.text.contains(&long), "{}", refused.text);
    let answers = join_all((0..4).map(|_| {
        let (mut visitor, path) = (admin.clone(), path.clone());
        async move { visitor.submit(&path, &[("outcome", "dismissed"), ("remarks", "No <i>proof")]).await }
    }))
    .await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409, 409]);
    let told = answers.iter().find(|answer| answer.status == 409).unwrap();
    assert!(told.problem().contains("faster") && told.text.contains("No &lt;i&gt;proof"), "{}", told.text);
    assert_eq!(rows(&admin.get("/admin/moderation?status=dismissed").await.text, "reports"), 1);
    let person = admin.get(&format!("/admin/people/{}", listener.id)).await.text;
    assert_eq!(rows(&person, "reports"), 2, "{person}");
    assert!(person.contains(&format!("/admin/moderation/{other}")), "{person}");
}

#[tokio::test]
async fn a_persons_page_shows_blocks_from_either_side_and_the_list_who_is_suspended() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let (listener, caller) = (app.listener("voice").await, app.register("caller", "user").await);
    app.block(&caller, &listener).await.unwrap();
    let theirs = admin.get(&format!("/admin/people/{}", caller.id)).await.text;
    assert!(section(&theirs, "blocks").contains("blocks ") && rows(&theirs, "blocks") == 1, "{theirs}");
    let others = admin.get(&format!("/admin/people/{}", listener.id)).await.text;
    assert!(section(&others, "blocks").contains("is blocked by "), "{others}");

    admin.get(&format!("/admin/people/{}/suspend", caller.id)).await;
    admin
        .submit(&format!("/admin/people/{}/suspend", caller.id), &[("reason", "Rude")])
        .await
        .leads_to(&format!("/admin/people/{}?done=suspended", caller.id));
    let list = admin.get("/admin/people?online=suspended").await.text;
    assert!(rows(&list, "people") == 1 && section(&list, "people").contains("Suspended"), "{list}");
    for (query, count) in [("?action=user.suspend&from=2026-01-15", 1), ("?action=user.suspend&to=2026-01-14", 0)] {
        let log = admin.get(&format!("/admin/log{query}")).await.text;
        assert_eq!(rows(&log, "log"), count, "{query}: {log}");
    }
}

#[tokio::test]
async fn nobody_decides_a_report_about_themselves() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    let caller = app.register("caller", "user").await;
    let id = report(&caller, &boss, None, "Rude").await;
    let refused = admin.submit(&format!("/admin/moderation/{id}"), &[("outcome", "dismissed")]).await;
    refused.is_page(422, &format!("Report #{id}"));
    assert!(refused.problem().contains("somebody else"), "{}", refused.text);
}

#[tokio::test]
async fn somebody_is_suspended_out_of_everything_and_let_back() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    let (listener, caller) = (app.listener("voice").await, app.caller("caller", 100).await);
    let call = app.call(&caller, &listener).await;
    let mut socket = app.socket("/ws/presence", &listener).await;
    let path = format!("/admin/people/{}/suspend", listener.id);
    for (reason, until, part) in
        [("", "", "Say why"), ("Rude", "2020-01-01", "day to come"), ("Rude", "tomorrow", "day to come")]
    {
        let refused = admin.submit(&path, &[("reason", reason), ("until", until)]).await;
        refused.is_page(422, "Suspend voice?");
        assert!(refused.problem().contains(part), "{}", refused.text);
        assert!(refused.text.contains(&format!("value=\"{until}\"")), "{}", refused.text);
    }
    let own = admin.submit(&format!("/admin/people/{}/suspend", boss.id), &[("reason", "Tired")]).await;
    assert!(own.problem().contains("Nobody suspends themselves"), "{}", own.text);

    let page = format!("/admin/people/{}", listener.id);
    admin.submit(&path, &[("reason", "Rude <b>"), ("until", "")]).await.leads_to(&format!("{page}?done=suspended"));
    while socket.end().await.is_none() {}
    assert_eq!(app.get("/users/me", &listener.access).await.status, 401);
    let seen = admin.get(&page).await.text;
    assert!(
        seen.contains("Suspended since") && seen.contains("Rude &lt;b&gt;") && seen.contains("Reinstate"),
        "{seen}"
    );
    let ended = admin.get(&format!("/admin/calls/{call}")).await.text;
    assert!(section(&ended, "call").contains("Suspended"), "{ended}");
    app.assert_books_close().await;
    admin
        .submit(&format!("/admin/people/{}/reinstate", listener.id), &[])
        .await
        .leads_to(&format!("{page}?done=reinstated"));
    assert!(!admin.get(&page).await.text.contains("Suspended since"));

    let log = admin.get("/admin/log").await.text;
    assert!(section(&log, "log").contains("user.suspend") && log.contains("Rude &lt;b&gt;"), "{log}");
    assert_eq!(rows(&admin.get("/admin/log?action=user.reinstate").await.text, "log"), 1);
    assert_eq!(rows(&admin.get(&format!("/admin/log?kind=user&subject={}", listener.id)).await.text, "log"), 2);
    assert_eq!(rows(&admin.get(&format!("/admin/log?actor=%23{}", listener.id)).await.text, "log"), 0);
    let option = "<option value=\"user.suspend\">";
    assert!(log.contains(option), "{log}");
}
