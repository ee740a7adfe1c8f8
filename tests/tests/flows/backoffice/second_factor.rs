//! The second factor: set up, asked for, raced, guessed, lost.

use chrono::TimeDelta;
use data_encoding::BASE32_NOPAD;
use futures_util::future::join_all;
use saathii_server::{audit::Actor, phone::Phone, second_factor};
use totp_rs::Builder;

use super::*;

const PAGE: &str = "/admin/account/second-factor";
const BEGIN: &str = "/admin/account/second-factor/begin";
const CONFIRM: &str = "/admin/account/second-factor/confirm";
const PROVE: &str = "/admin/sign-in/second-factor";

/// An authenticator app.
struct Authenticator(Vec<u8>);

impl Authenticator {
    /// What its owner sees now.
    fn code(&self, app: &TestApp) -> String {
        let now = u64::try_from(app.clock.now().timestamp()).unwrap();
        Builder::new().with_secret(self.0.clone()).build_noncompliant().generate(now).to_string()
    }
}

/// Sets a second factor up on an open page; the app, and the recovery codes.
async fn enrol(app: &TestApp, visitor: &mut Visitor) -> (Authenticator, Vec<String>) {
    visitor.get(PAGE).await.is_page(200, "Second factor");
    visitor.submit(BEGIN, &[]).await.leads_to(PAGE);
    let page = visitor.get(PAGE).await.text;
    let secret = between(&page, "class=\"secret\">", "<").unwrap().replace(' ', "");
    let authenticator = Authenticator(BASE32_NOPAD.decode(secret.as_bytes()).unwrap());
    let shown = visitor.submit(CONFIRM, &[("code", &authenticator.code(app))]).await;
    shown.is_page(200, "Recovery codes");
    let codes = between(&shown.text, "<ol id=\"recovery\"", "</ol>").unwrap();
    let codes = codes.split("<code>").skip(1).map(|code| code.split('<').next().unwrap().to_owned()).collect();
    // The code that set it up is spent.
    app.advance(TimeDelta::seconds(30));
    (authenticator, codes)
}

/// A browser whose phone is proven, and nothing else.
async fn half_signed_in(app: &TestApp, person: &Person) -> Visitor {
    let mut visitor = Visitor::at(app);
    // Codes are sent no faster.
    app.advance(TimeDelta::minutes(16));
    visitor.sign_in(app, &person.phone).await.leads_to(PROVE);
    visitor.get(PROVE).await.is_page(200, "Second factor");
    visitor
}

#[tokio::test]
async fn once_set_up_the_phone_alone_opens_nothing() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    let mut elsewhere = signed_in(&app, &boss).await;
    assert!(section(&admin.get("/admin/account").await.text, "account").contains(">Off<"));

    admin.get(PAGE).await;
    admin.submit(BEGIN, &[]).await.leads_to(PAGE);
    let wrong = admin.submit(CONFIRM, &[("code", "000000x")]).await;
    wrong.is_page(422, "Second factor");
    assert!(wrong.problem().contains("That is not it") && wrong.text.contains("000000x"), "{}", wrong.text);
    // Begun is not on.
    Visitor::at(&app).sign_in(&app, &boss.phone).await.leads_to("/admin");

    let (authenticator, codes) = enrol(&app, &mut admin).await;
    assert_eq!(codes.len(), 10);
    assert!(is_signed_in(&admin).await);
    // What was opened by the phone alone is closed.
    elsewhere.get("/admin").await.leads_to(SIGN_IN);
    assert!(section(&admin.get("/admin/account").await.text, "account").contains(">On<"));
    assert!(!admin.get(PAGE).await.text.contains("class=\"secret\""));
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT sealed FROM second_factors").fetch_one(&app.state.db).await.unwrap();
    assert!(!sealed.windows(4).any(|part| authenticator.0.windows(4).any(|secret| secret == part)));

    let mut visitor = half_signed_in(&app, &boss).await;
    for path in ["/admin", "/admin/people", "/admin/people.csv", "/admin/account", PAGE] {
        visitor.get(path).await.leads_to(SIGN_IN);
    }
    assert_eq!(visitor.get(EVENTS).await.status, 401);
    visitor.get(PROVE).await;
    visitor.submit("/admin/account/sign-out-everywhere", &[]).await.leads_to(SIGN_IN);
    visitor.get(PROVE).await;
    let wrong = visitor.submit(PROVE, &[("code", "000000")]).await;
    wrong.is_page(422, "Second factor");
    let code = authenticator.code(&app);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    visitor.submit(PROVE, &[("code", &spaced)]).await.leads_to("/admin");
    visitor.get("/admin").await.is_page(200, "Overview");
    // A visit is finished once.
    Visitor::at(&app).get(PROVE).await.leads_to(SIGN_IN);
}

#[tokio::test]
async fn a_code_is_good_once_whoever_races_with_it() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    let (authenticator, _) = enrol(&app, &mut admin).await;
    let two = app.another_node().await;
    let visitor = half_signed_in(&app, &boss).await;
    let code = authenticator.code(&app);
    let answers = join_all([&app, &two, &app, &two].map(|node| {
        let (mut visitor, code) = (visitor.moved_to(node), code.clone());
        async move { visitor.submit(PROVE, &[("code", &code)]).await }
    }))
    .await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    let opened = answers.iter().filter(|answer| answer.status == 303 && answer.header("location") == "/admin").count();
    assert_eq!(opened, 1, "{statuses:?}");
    // Nor is it good for somebody who saw it over a shoulder.
    let refused = half_signed_in_now(&app, &boss).await.submit(PROVE, &[("code", &code)]).await;
    assert!(refused.problem().contains("used already"), "{}", refused.text);
}

/// As [`half_signed_in`], within the life of a code.
async fn half_signed_in_now(app: &TestApp, person: &Person) -> Visitor {
    let mut visitor = Visitor::at(app);
    visitor.sign_in(app, &person.phone).await.leads_to(PROVE);
    visitor.get(PROVE).await;
    visitor
}

#[tokio::test]
async fn guessing_shuts_the_door_on_every_node_and_after_a_restart() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    let (authenticator, codes) = enrol(&app, &mut admin).await;
    let two = app.another_node().await;
    let visitor = half_signed_in(&app, &boss).await;
    // All at once: none is missed.
    let answers = join_all([&app, &two, &app, &two, &app].map(|node| {
        let mut visitor = visitor.moved_to(node);
        async move { visitor.submit(PROVE, &[("code", "not-a-code")]).await.status.as_u16() }
    }))
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 422).count(), 4, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 1, "{answers:?}");
    let app = app.restart().await;
    let mut visitor = visitor.moved_to(&app);
    for code in [authenticator.code(&app), codes[0].clone()] {
        let shut = visitor.submit(PROVE, &[("code", &code)]).await;
        shut.is_page(429, "Second factor");
        assert!(shut.problem().contains("60 seconds"), "{}", shut.text);
    }
    app.advance(TimeDelta::minutes(1));
    let wrong = visitor.submit(PROVE, &[("code", "000000")]).await;
    wrong.is_page(429, "Second factor");
    assert!(wrong.problem().contains("2 minutes"), "{}", wrong.text);
    app.advance(TimeDelta::minutes(2));
    visitor.submit(PROVE, &[("code", &authenticator.code(&app))]).await.leads_to("/admin");
    // From the beginning.
    let mut visitor = half_signed_in(&app, &boss).await;
    assert_eq!(visitor.submit(PROVE, &[("code", "000000")]).await.status, 422);
}

#[tokio::test]
async fn a_recovery_code_opens_once_and_new_ones_void_the_old() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    let (authenticator, codes) = enrol(&app, &mut admin).await;
    let mut visitor = half_signed_in(&app, &boss).await;
    visitor.submit(PROVE, &[("code", &codes[3].to_uppercase().replace('-', " "))]).await.leads_to("/admin");
    let mut again = half_signed_in(&app, &boss).await;
    assert_eq!(again.submit(PROVE, &[("code", &codes[3])]).await.status, 422);
    let page = visitor.get(PAGE).await.text;
    assert!(section(&page, "factor").contains(">9<"), "{page}");

    let refused = visitor.submit(PAGE, &[("step", "renew"), ("code", "1")]).await;
    refused.is_page(422, "Second factor");
    let shown = visitor.submit(PAGE, &[("step", "renew"), ("code", &authenticator.code(&app))]).await;
    shown.is_page(200, "Recovery codes");
    assert_eq!(again.submit(PROVE, &[("code", &codes[4])]).await.status, 422);
    let new = between(&shown.text, "<code>", "<").unwrap();
    again.submit(PROVE, &[("code", new)]).await.leads_to("/admin");

    app.advance(TimeDelta::seconds(30));
    visitor.submit(PAGE, &[("step", "turn-off"), ("code", &authenticator.code(&app))]).await.leads_to(PAGE);
    app.advance(TimeDelta::minutes(16));
    Visitor::at(&app).sign_in(&app, &boss.phone).await.leads_to("/admin");
    let log = visitor.get("/admin/log").await.text;
    for action in ["user.add_second_factor", "user.renew_recovery_codes", "user.remove_second_factor"] {
        assert!(log.contains(&format!("<code>{action}</code>")), "{action} in {log}");
    }
}

#[tokio::test]
async fn who_has_lost_it_is_helped_by_another_admin_or_on_the_command_line() {
    let app = TestApp::start().await;
    let (mut admin, boss) = at_work(&app).await;
    enrol(&app, &mut admin).await;
    let mut second = second_admin(&app).await;
    let path = format!("/admin/people/{}/reset-second-factor", boss.id);
    let own = admin.submit(&path, &[]).await;
    own.is_page(422, "Reset the second factor of the.boss?");
    assert!(second.get(&format!("/admin/people/{}", boss.id)).await.text.contains(&path));
    second.submit(&path, &[]).await.leads_to(&format!("/admin/people/{}?done=second-factor-reset", boss.id));
    app.advance(TimeDelta::minutes(16));
    let mut visitor = Visitor::at(&app);
    visitor.sign_in(&app, &boss.phone).await.leads_to("/admin");

    enrol(&app, &mut visitor).await;
    // Nobody is idle for so long.
    second.get("/admin").await.is_page(200, "Overview");
    let mut half = half_signed_in(&app, &boss).await;
    let phone = Phone::parse(&boss.phone, "IN").unwrap();
    assert!(second_factor::reset_by_phone(&app.state, Actor::CommandLine, &phone).await.unwrap());
    assert!(!second_factor::reset_by_phone(&app.state, Actor::CommandLine, &phone).await.unwrap());
    // Whoever stood in the door begins again.
    half.submit(PROVE, &[("code", "000000")]).await.leads_to(SIGN_IN);
    let log = second.get("/admin/log?action=user.reset_second_factor").await.text;
    assert_eq!(rows(&log, "log"), 2, "{log}");
}

#[tokio::test]
async fn where_it_is_required_nobody_works_without() {
    let app = TestApp::start_with(&[("ADMIN_SECOND_FACTOR", "required")]).await;
    let admin = new_admin(&app).await;
    let mut visitor = Visitor::at(&app);
    visitor.sign_in(&app, &admin.phone).await.leads_to("/admin");
    for path in ["/admin", "/admin/people", "/admin/people.csv", "/admin/account"] {
        visitor.get(path).await.leads_to(PAGE);
    }
    assert_eq!(visitor.get(EVENTS).await.status, 401);
    visitor.get(PAGE).await;
    visitor.submit(&format!("/admin/people/{}/suspend", admin.id), &[("reason", "x")]).await.leads_to(PAGE);
    enrol(&app, &mut visitor).await;
    visitor.get("/admin").await.is_page(200, "Overview");
    assert!(!visitor.get(PAGE).await.text.contains("turn-off"));
    // Also a viewer has phones to read.
    let person = app.register("the.auditor", "user").await;
    assert!(app.grant_viewer(&person.phone).await);
    let mut viewer = Visitor::at(&app);
    viewer.sign_in(&app, &person.phone).await.leads_to("/admin");
    viewer.get("/admin").await.leads_to(PAGE);
    enrol(&app, &mut viewer).await;
    viewer.get("/admin").await.is_page(200, "Overview");
}

#[tokio::test]
async fn its_forms_work_with_their_own_proof_alone() {
    let app = TestApp::start().await;
    let (admin, _) = at_work(&app).await;
    for path in [PAGE, BEGIN, CONFIRM] {
        Visitor::at(&app).submit(path, &[]).await.leads_to(SIGN_IN);
        let mut forged = Visitor { proof: None, ..admin.clone() };
        forged.submit(path, &[("step", "turn-off"), ("code", "1")]).await.is_page(403, STALE);
        admin.clone().submit_with(path, &[], &[("sec-fetch-site", "cross-site")]).await.is_page(403, STALE);
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM second_factors").fetch_one(&app.state.db).await.unwrap();
    assert_eq!(count, 0);
    // Nothing was begun that could be confirmed or turned off.
    let mut admin = admin;
    admin.get(PAGE).await;
    admin.submit(CONFIRM, &[("code", "000000")]).await.leads_to(PAGE);
    admin.submit(PAGE, &[("step", "turn-off"), ("code", "000000")]).await.leads_to(PAGE);
}
