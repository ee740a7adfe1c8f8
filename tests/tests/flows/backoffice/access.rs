//! Every page and every form × who comes.

use super::*;

/// Something of each kind that pages are about.
struct Scene {
    admin: Visitor,
    person: Person,
    sample: SampleId,
    session: i64,
    /// One that goes on.
    call: CallId,
    withdrawal: WithdrawalId,
    report: ReportId,
    /// One that waits.
    adjustment: i64,
}

async fn scene(app: &TestApp) -> Scene {
    let (admin, _) = at_work(app).await;
    let person = app.register("a.listener", "listener").await;
    let sample = reviews::send_sample(&person).await;
    let session: i64 = sqlx::query_scalar("SELECT max(session_id) FROM auth_sessions WHERE user_id = $1")
        .bind(person.id)
        .fetch_one(&app.state.db)
        .await
        .unwrap();
    let (listener, caller) = (app.listener("a.voice").await, app.caller("a.caller", 100).await);
    let call = app.call(&caller, &listener).await;
    let withdrawal = money::request_withdrawal(app, "an.earner").await;
    let report = caller.client.reports().send(person.user_id(), None, "Rude").await.unwrap().report_id;
    let adjustment = adjustments::ask(app, &person).await;
    Scene { admin, person, sample, session, call, withdrawal, report, adjustment }
}

/// Every page, with its heading.
fn pages(scene: &Scene) -> Vec<(String, String)> {
    let id = scene.person.id;
    vec![
        ("/admin".to_owned(), "Overview".to_owned()),
        ("/admin?span=month".to_owned(), "Overview".to_owned()),
        ("/admin/verification".to_owned(), "Verification".to_owned()),
        (format!("/admin/verification/{}", scene.sample), "Sample of a.listener".to_owned()),
        ("/admin/people".to_owned(), "People".to_owned()),
        (format!("/admin/people/{id}"), "a.listener".to_owned()),
        (format!("/admin/people/{id}/grant/admin"), "Make a.listener admin?".to_owned()),
        (format!("/admin/people/{id}/grant/viewer"), "Make a.listener viewer?".to_owned()),
        (format!("/admin/people/{id}/revoke/admin"), "Revoke admin of a.listener?".to_owned()),
        (format!("/admin/people/{id}/revoke/viewer"), "Revoke viewer of a.listener?".to_owned()),
        (format!("/admin/people/{id}/sign-out"), "Sign a.listener out everywhere?".to_owned()),
        (format!("/admin/people/{id}/suspend"), "Suspend a.listener?".to_owned()),
        (format!("/admin/people/{id}/reinstate"), "Reinstate a.listener?".to_owned()),
        ("/admin/moderation".to_owned(), "Reports".to_owned()),
        (format!("/admin/moderation/{}", scene.report), format!("Report #{}", scene.report)),
        ("/admin/log".to_owned(), "Audit log".to_owned()),
        ("/admin/calls".to_owned(), "Calls".to_owned()),
        (format!("/admin/calls/{}/end", scene.call), format!("End call #{}?", scene.call)),
        (format!("/admin/calls/{}", scene.call), format!("Call #{}", scene.call)),
        ("/admin/money/withdrawals".to_owned(), "Withdrawals".to_owned()),
        (format!("/admin/money/withdrawals/{}", scene.withdrawal), format!("Withdrawal #{}", scene.withdrawal)),
        ("/admin/money/recharges".to_owned(), "Recharges".to_owned()),
        ("/admin/money/transactions".to_owned(), "Transactions".to_owned()),
        ("/admin/money/transactions/1".to_owned(), "Transfer #1".to_owned()),
        ("/admin/money/adjustments".to_owned(), "Adjustments".to_owned()),
        (format!("/admin/money/adjustments/{}", scene.adjustment), format!("Adjustment #{}", scene.adjustment)),
        (format!("/admin/people/{id}/adjust"), "Adjust the wallet of a.listener".to_owned()),
        ("/admin/money/books".to_owned(), "Books and rates".to_owned()),
        ("/admin/system".to_owned(), "System".to_owned()),
        ("/admin/account".to_owned(), "Your account".to_owned()),
        ("/admin/account/second-factor".to_owned(), "Second factor".to_owned()),
        (format!("/admin/people/{id}/reset-second-factor"), "Reset the second factor of a.listener?".to_owned()),
    ]
}

/// Every form that changes something of others.
fn forms(scene: &Scene) -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let Scene { person, sample, session, call, withdrawal, report, adjustment, .. } = scene;
    let id = person.id;
    vec![
        (format!("/admin/people/{id}/grant/admin"), vec![]),
        (format!("/admin/people/{id}/grant/viewer"), vec![]),
        (format!("/admin/people/{id}/revoke/admin"), vec![]),
        (format!("/admin/people/{id}/revoke/viewer"), vec![]),
        (format!("/admin/people/{id}/sign-out/{session}"), vec![]),
        (format!("/admin/people/{id}/sign-out"), vec![]),
        (format!("/admin/people/{id}/reset-second-factor"), vec![]),
        (format!("/admin/money/withdrawals/{withdrawal}"), vec![("step", "approve")]),
        (format!("/admin/moderation/{report}"), vec![("outcome", "resolved"), ("remarks", "Talked")]),
        (format!("/admin/money/adjustments/{adjustment}"), vec![("step", "apply")]),
        (
            format!("/admin/people/{id}/adjust"),
            vec![("direction", "give"), ("currency", "coins"), ("amount", "5"), ("reason", "Luck"), ("form_key", "k")],
        ),
        (format!("/admin/calls/{call}/end"), vec![("reason", "Noise")]),
        (format!("/admin/verification/{sample}"), vec![("verdict", "approved"), ("remarks", "")]),
        (format!("/admin/people/{id}/suspend"), vec![("reason", "Rude")]),
        (format!("/admin/people/{id}/reinstate"), vec![]),
    ]
}

#[tokio::test]
async fn every_page_is_an_admins_and_a_viewers_and_nobody_elses() {
    let app = TestApp::start_with(&[("LISTENER_AUDIO_EARNINGS", "1000")]).await;
    let scene = scene(&app).await;
    let mut viewer = looking(&app).await;
    let mut user = Visitor::at(&app);
    user.sign_in(&app, &scene.person.phone).await.is_page(422, "Enter the code");
    for (path, heading) in pages(&scene) {
        for mut stranger in [Visitor::at(&app), user.clone()] {
            let answer = stranger.get(&path).await;
            answer.leads_to(SIGN_IN);
            assert_eq!(answer.text, "", "{path}");
        }
        let mine = scene.admin.clone().get(&path).await;
        mine.is_page(200, &heading);
        let theirs = viewer.get(&path).await;
        theirs.is_page(200, &heading);
        for answer in [&mine, &theirs] {
            is_protected(&path, answer);
            assert!(!answer.text.contains("style=") && !answer.text.contains("<script>"), "{path}");
        }
        // Their own account is all that a viewer's pages let them change.
        let offered = theirs.text.matches("method=\"post\"").count();
        assert_eq!(offered, if path.starts_with("/admin/account") { 2 } else { 1 }, "{path}: {}", theirs.text);
    }
    for path in [
        format!("/admin/verification/{}/audio", scene.sample),
        "/admin/people.csv".to_owned(),
        "/admin/money/recharges.csv".to_owned(),
        "/admin/money/transactions.csv".to_owned(),
    ] {
        for mut stranger in [Visitor::at(&app), user.clone()] {
            stranger.get(&path).await.leads_to(SIGN_IN);
        }
        for mut worker in [scene.admin.clone(), viewer.clone()] {
            assert!(matches!(worker.get(&path).await.status.as_u16(), 200 | 303), "{path}");
        }
    }
}

#[tokio::test]
async fn no_form_works_for_a_viewer_or_without_its_own_proof() {
    let app = TestApp::start_with(&[("LISTENER_AUDIO_EARNINGS", "1000")]).await;
    let scene = scene(&app).await;
    let mut viewer = looking(&app).await;
    let before = state(&app).await;
    for (path, fields) in forms(&scene) {
        viewer.submit(&path, &fields).await.is_page(403, "Your role may only look");
        Visitor::at(&app).submit(&path, &fields).await.leads_to(SIGN_IN);
        for proof in [None, Some(String::new()), viewer.proof.clone()] {
            let mut forged = Visitor { proof, ..scene.admin.clone() };
            forged.submit(&path, &fields).await.is_page(403, STALE);
        }
        scene.admin.clone().submit_with(&path, &fields, &[("sec-fetch-site", "cross-site")]).await.is_page(403, STALE);
        assert_eq!(state(&app).await, before, "{path}");
    }
    // The same forms work where they belong.
    for (path, fields) in forms(&scene) {
        assert_eq!(scene.admin.clone().submit(&path, &fields).await.status, 303, "{path}");
    }
    assert_ne!(state(&app).await, before);
}

/// What the forms change.
async fn state(app: &TestApp) -> String {
    sqlx::query_scalar(
        "SELECT concat(
             (SELECT string_agg(concat(user_id, roles, is_viewer, verified_at, suspended_at), ' ' ORDER BY user_id) FROM users),
             (SELECT string_agg(concat(withdrawal_id, status), ' ' ORDER BY withdrawal_id) FROM withdrawals),
             (SELECT string_agg(concat(adjustment_id, status), ' ' ORDER BY adjustment_id) FROM adjustments),
             (SELECT string_agg(concat(report_id, status), ' ' ORDER BY report_id) FROM reports),
             (SELECT string_agg(concat(call_id, status), ' ' ORDER BY call_id) FROM calls),
             (SELECT string_agg(concat(session_id, ended_at), ' ' ORDER BY session_id) FROM auth_sessions),
             (SELECT string_agg(concat(sample_id, status), ' ' ORDER BY sample_id) FROM verification_samples))",
    )
    .fetch_one(&app.state.db)
    .await
    .unwrap()
}

#[tokio::test]
async fn addresses_that_make_no_sense_show_a_page_and_never_an_error() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    for query in [
        "?page=0",
        "?page=-1",
        "?page=two",
        "?page=99999999999999999999",
        "?q=%00",
        "?q=%FF",
        "?q=%27%22%3B--",
        "?q=%25",
        "?role=nonsense&online=nonsense&verified=&sort=nonsense&country=%00",
        "?&&&===",
        "?done=%3Cscript%3E",
        &format!("?q={}", "x".repeat(5000)),
    ] {
        for path in [
            "/admin",
            "/admin/people",
            "/admin/verification",
            "/admin/calls",
            "/admin/moderation",
            "/admin/log",
            "/admin/money/withdrawals",
            "/admin/money/recharges",
            "/admin/money/adjustments",
            "/admin/money/transactions",
        ] {
            let answer = admin.get(&format!("{path}{query}")).await;
            assert_eq!(answer.status, 200, "{path}{query}");
            assert!(!answer.text.contains("class=\"flash\""), "{path}{query}");
        }
        assert_eq!(admin.get(&format!("/admin/people.csv{query}")).await.status, 200, "{query}");
    }
    for path in [
        "/admin/people/0",
        "/admin/people/-1",
        "/admin/people/x",
        "/admin/people/99999999999999999999",
        "/admin/people/1/grant/nothing",
        "/admin/verification/0",
        "/admin/verification/x",
        "/admin/verification/x/audio",
        "/admin/people/0/sign-out",
        "/admin/calls/0",
        "/admin/moderation/0",
        "/admin/people/0/suspend",
        "/admin/people/0/reinstate",
        "/admin/money",
        "/admin/money/withdrawals/0",
        "/admin/money/transactions/0",
        "/admin/money/adjustments/0",
        "/admin/people/0/adjust",
        "/admin/money/transactions/x",
        "/admin/calls/x",
        "/admin/calls/99999999999999999999",
        "/admin/calls/0/end",
    ] {
        admin.get(path).await.is_page(404, "Page not found");
    }
    for path in [
        "/admin/people/x/grant/admin",
        "/admin/people/1/grant/nothing",
        "/admin/people/1/sign-out/x",
        "/admin/calls/x/end",
    ] {
        admin.submit(path, &[]).await.is_page(404, "Page not found");
    }
}

#[tokio::test]
async fn what_forms_did_is_told_by_words_of_ours_alone() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let told = admin.get("/admin/people?done=signed-out").await;
    assert_eq!(between(&told.text, "class=\"flash\" role=\"status\">", "<"), None);
    assert!(told.text.contains("Every device was signed out."), "{}", told.text);
    assert!(!admin.get("/admin/people?done=You+won").await.text.contains("You won"));
}

#[tokio::test]
async fn the_system_page_shows_no_secret() {
    let app = TestApp::start_with(&[("METRICS_TOKEN", "a-metrics-secret")]).await;
    let (mut admin, _) = at_work(&app).await;
    let page = admin.get("/admin/system").await.text;
    for secret in [tests::app::SECRET, "a-metrics-secret", "postgres://"] {
        assert!(!page.contains(secret), "{page}");
    }
    assert!(page.contains("20261123000004") && page.contains("METRICS_TOKEN"), "{page}");
}

#[tokio::test]
async fn every_node_is_on_the_system_page_until_it_goes_down() {
    let one = TestApp::start().await;
    let (mut admin, _) = at_work(&one).await;
    assert_eq!(rows(&admin.get("/admin/system").await.text, "nodes"), 1);
    let two = one.another_node().await;
    let nodes_become = async |admin: &mut Visitor, count: usize| {
        for _ in 0..400 {
            if rows(&admin.get("/admin/system").await.text, "nodes") == count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("never {count} nodes");
    };
    nodes_become(&mut admin, 2).await;
    two.stop().await;
    nodes_become(&mut admin, 1).await;
}

#[tokio::test]
async fn charts_and_proof_follow_the_calls() {
    let app = TestApp::start().await;
    let (listener, caller) = (app.listener("voice").await, app.caller("caller", 100).await);
    let call = app.call(&caller, &listener).await;
    let (mut admin, _) = at_work(&app).await;
    let page = admin.get("/admin?span=day").await.text;
    assert_eq!(["Live calls", "Discrepancies in the books"].map(|label| stat(&page, "work", label)), ["1", "0"]);
    assert!(page.contains("<title>10:00\nCalls: 1</title>"), "{page}");
    assert!(page.contains("<title>10:00\nCoins sold: 100\nCoins spent: 10\nEarnings owed: 15</title>"), "{page}");
    assert!(page.contains("On time"), "{page}");
    app.end_call(&caller, call).await.unwrap();
    assert_eq!(stat(&admin.get("/admin").await.text, "work", "Live calls"), "0");
    assert_eq!(app.coins(&caller).await, Coins(90));
}
