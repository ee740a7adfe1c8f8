//! The dashboard: who gets in, which forms work, how long a session lives, what a page gives away.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use reqwest::{Method, header::SET_COOKIE};
use saathii_server::{account, phone::Phone};
use serde_json::json;
use tests::{Answer, CuttableLink, TestApp, Visitor, app::Person, stores, visitor::between};

const SIGN_IN: &str = "/admin/sign-in";
const CODE: &str = "/admin/sign-in/code";
const RESEND: &str = "/admin/sign-in/resend";
const SIGN_OUT: &str = "/admin/sign-out";
const EVENTS: &str = "/admin/events";

const STALE: &str = "This form is out of date";

async fn new_admin(app: &TestApp) -> Person {
    let person = app.register("the.boss", "user").await;
    assert!(account::grant_admin(&app.state, &Phone::parse(&person.phone, "IN").unwrap()).await.unwrap());
    person
}

/// An admin on the overview, and their account.
async fn at_work(app: &TestApp) -> (Visitor, Person) {
    let admin = new_admin(app).await;
    (signed_in(app, &admin).await, admin)
}

async fn signed_in(app: &TestApp, admin: &Person) -> Visitor {
    let mut visitor = Visitor::at(app);
    visitor.sign_in(app, &admin.phone).await.leads_to("/admin");
    visitor.get("/admin").await.is_page(200, "Overview");
    visitor
}

async fn is_signed_in(visitor: &Visitor) -> bool {
    let answer = visitor.clone().get("/admin").await;
    if answer.status != 200 {
        answer.leads_to(SIGN_IN);
    }
    answer.status == 200
}

#[tokio::test]
async fn nobody_is_led_to_the_sign_in_and_sees_nothing() {
    let app = TestApp::start().await;
    app.register("a.secret_name", "listener").await;
    for cookie in [None, Some("saathii-admin="), Some("saathii-admin=nonsense"), Some("x=y")] {
        let mut nobody = Visitor { cookie: cookie.map(str::to_owned), ..Visitor::at(&app) };
        for path in ["/admin", "/admin?page=2", CODE] {
            let answer = nobody.get(path).await;
            answer.leads_to(SIGN_IN);
            assert_eq!(answer.text, "", "{path}");
        }
        let events = nobody.get(EVENTS).await;
        assert_eq!((events.status.as_u16(), events.text.as_str()), (401, ""));
        nobody.submit(SIGN_OUT, &[]).await.leads_to(SIGN_IN);
    }
    // The cookie of a visit opens nothing either.
    let mut visitor = Visitor::at(&app);
    visitor.get(SIGN_IN).await.is_page(200, "Sign in");
    assert!(visitor.cookie.is_some());
    for path in ["/admin", CODE] {
        visitor.get(path).await.leads_to(SIGN_IN);
    }
    assert_eq!(visitor.get(EVENTS).await.status, 401);
}

#[tokio::test]
async fn an_unknown_address_is_a_page_and_a_slash_too_many_leads_where_it_means() {
    let app = TestApp::start().await;
    let (admin, _) = at_work(&app).await;
    for mut visitor in [Visitor::at(&app), admin] {
        visitor.get("/admin/").await.leads_to("/admin");
        visitor.get("/admin/x//").await.leads_to("/admin/x");
        for path in ["/admin/x", "/admin/sign-in/x", "/admin/assets", "/admin//x", "/admin/%00"] {
            visitor.get(path).await.is_page(404, "Page not found");
        }
        visitor.submit("/admin/x/", &[]).await.is_page(404, "Page not found");
        for path in [SIGN_OUT, RESEND] {
            visitor.get(path).await.is_page(405, "Not like this");
        }
        for path in ["/admin", EVENTS] {
            visitor.submit(path, &[]).await.is_page(405, "Not like this");
        }
    }
}

#[tokio::test]
async fn an_account_without_the_role_gets_the_answer_of_a_wrong_code() {
    let app = TestApp::start().await;
    let admin = new_admin(&app).await;
    let mut visitor = Visitor::at(&app);
    visitor.ask_for_code(&admin.phone).await;
    let right = app.phones.last_code(&admin.phone);
    let guess = if right == "000000" { "000001" } else { "000000" };
    let wrong = visitor.submit(CODE, &[("code", guess)]).await;
    wrong.is_page(422, "Enter the code");
    assert!(wrong.problem().contains("The code may be wrong or expired"), "{}", wrong.text);
    let wrong = blank(&wrong, &visitor, &admin.phone, guess);

    let (user, listener) = (app.register("a.user", "user").await, app.register("a.listener", "listener").await);
    for phone in [user.phone, listener.phone, app.new_phone()] {
        let mut visitor = Visitor::at(&app);
        let refused = visitor.sign_in(&app, &phone).await;
        refused.is_page(422, "Enter the code");
        assert!(refused.headers.get(SET_COOKIE).is_none(), "{:?}", refused.headers);
        assert_eq!(blank(&refused, &visitor, &phone, &app.phones.last_code(&phone)), wrong);
        visitor.get("/admin").await.leads_to(SIGN_IN);
        assert_eq!(visitor.get(EVENTS).await.status, 401);
    }
}

/// The page without what differs from visit to visit.
fn blank(answer: &Answer, visitor: &Visitor, phone: &str, code: &str) -> String {
    let proof = visitor.proof.as_deref().unwrap();
    assert!([proof, phone, code].iter().all(|part| answer.text.contains(part)), "{}", answer.text);
    answer.text.replace(proof, "PROOF").replace(phone, "PHONE").replace(code, "CODE")
}

#[tokio::test]
async fn an_admin_signs_in_with_a_cookie_that_nobody_knew_before_and_signs_out() {
    let app = TestApp::start().await;
    let admin = new_admin(&app).await;
    let mut visitor = Visitor::at(&app);
    visitor.ask_for_code(&admin.phone).await;
    let before = visitor.clone();
    let code = app.phones.last_code(&admin.phone);
    // As people read it out.
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    visitor.submit(CODE, &[("code", &spaced)]).await.leads_to("/admin");
    assert_ne!(visitor.cookie, before.cookie);
    assert!(!is_signed_in(&before).await, "the visit's cookie has become the session's");

    let overview = visitor.get("/admin").await;
    overview.is_page(200, "Overview");
    let account = between(&overview.text, "class=\"signed-in\"", "</form>").unwrap();
    assert!(account.contains(">the.boss<"), "{account}");
    visitor.get(SIGN_IN).await.leads_to("/admin");
    visitor.get("/admin").await.is_page(200, "Overview");

    let mine = app.sign_in(&admin.phone).await;
    let kept = visitor.clone();
    visitor.submit(SIGN_OUT, &[]).await.leads_to(SIGN_IN);
    assert_eq!(visitor.cookie, None);
    assert!(!is_signed_in(&kept).await, "the old cookie still works");
    assert_eq!(kept.open(EVENTS).await.status(), 401);
    // The dashboard's session was one device of theirs.
    app.get("/users/me", &mine.access).await.ok();
}

#[tokio::test]
async fn a_role_taken_away_closes_the_dashboard_at_once() {
    let app = TestApp::start().await;
    let (visitor, admin) = at_work(&app).await;
    set_roles(&app, &admin, &["user"]).await;
    assert!(!is_signed_in(&visitor).await);
    assert_eq!(visitor.open(EVENTS).await.status(), 401);
}

async fn set_roles(app: &TestApp, person: &Person, roles: &[&str]) {
    let update = sqlx::query("UPDATE users SET roles = $2 WHERE user_id = $1").bind(person.id).bind(roles);
    assert_eq!(update.execute(&app.state.db).await.unwrap().rows_affected(), 1);
}

/// A form as it could be sent now.
struct ReadyForm {
    visitor: Visitor,
    path: &'static str,
    fields: Vec<(&'static str, String)>,
    /// Where it leads when it works.
    then: &'static str,
}

impl ReadyForm {
    fn fields(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Sends it from a browser with this cookie and this proof.
    async fn send_as(&self, cookie: Option<&str>, proof: Option<&str>) -> Answer {
        let base = self.visitor.base.clone();
        let mut other = Visitor { base, cookie: cookie.map(str::to_owned), proof: proof.map(str::to_owned) };
        other.submit(self.path, &self.fields()).await
    }

    async fn send_with(&self, headers: &[(&str, &str)]) -> Answer {
        self.visitor.clone().submit_with(self.path, &self.fields(), headers).await
    }
}

/// All four.
async fn every_form(app: &TestApp) -> [ReadyForm; 4] {
    let (session, admin) = at_work(app).await;
    let mut visit = Visitor::at(app);
    visit.get(SIGN_IN).await.is_page(200, "Sign in");
    let mut waiting = Visitor::at(app);
    waiting.ask_for_code(&admin.phone).await;
    let code = app.phones.last_code(&admin.phone);
    let mut unsent = Visitor::at(app);
    unsent.ask_for_code(&app.new_phone()).await;
    [
        ReadyForm { visitor: visit, path: SIGN_IN, fields: vec![("phone", app.new_phone())], then: CODE },
        ReadyForm { visitor: waiting, path: CODE, fields: vec![("code", code)], then: "/admin" },
        ReadyForm { visitor: unsent, path: RESEND, fields: vec![], then: "/admin/sign-in/code?sent-again" },
        ReadyForm { visitor: session, path: SIGN_OUT, fields: vec![], then: SIGN_IN },
    ]
}

#[tokio::test]
async fn a_form_without_the_proof_of_its_own_session_changes_nothing() {
    let app = TestApp::start().await;
    let forms = every_form(&app).await;
    let mut stranger = Visitor::at(&app);
    stranger.get(SIGN_IN).await.is_page(200, "Sign in");
    for form in forms {
        let (cookie, proof) = (form.visitor.cookie.as_deref(), form.visitor.proof.as_deref().unwrap());
        let cut = &proof[..proof.len() - 2];
        for foreign in [None, Some(""), Some("00"), Some(cut), stranger.proof.as_deref()] {
            form.send_as(cookie, foreign).await.is_page(403, STALE);
        }
        if form.path == SIGN_OUT {
            // Without a cookie there is nobody to sign out.
            for cookie in [None, stranger.cookie.as_deref()] {
                form.send_as(cookie, Some(proof)).await.leads_to(SIGN_IN);
            }
            assert!(is_signed_in(&form.visitor).await);
        } else {
            for cookie in [None, stranger.cookie.as_deref()] {
                form.send_as(cookie, Some(proof)).await.is_page(403, STALE);
            }
        }
        if let [("phone", phone)] = form.fields()[..] {
            assert!(app.phones.codes(phone).is_empty());
        }
        // No code was spent and no session ended: the form works still.
        form.send_as(cookie, Some(proof)).await.leads_to(form.then);
    }
}

#[tokio::test]
async fn a_form_from_another_site_changes_nothing() {
    let app = TestApp::start().await;
    let own = app.base.clone();
    for form in every_form(&app).await {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-site"), ("origin", &own)],
            &[("origin", "https://evil.example")],
            &[("origin", "http://127.0.0.1:1")],
            &[("origin", "null")],
        ] {
            let answer = form.send_with(headers).await;
            assert_eq!(answer.status, 403, "{} {headers:?}", form.path);
            answer.is_page(403, STALE);
        }
        // Browsers send no Sec-Fetch-Site over plain http to another machine.
        form.send_with(&[("origin", &own)]).await.leads_to(form.then);
    }
}

#[tokio::test]
async fn a_form_too_large_is_a_page_and_changes_nothing() {
    let app = TestApp::start().await;
    let filler = "x".repeat(64 * 1024);
    for form in every_form(&app).await {
        let mut fields = form.fields();
        fields.push(("more", &filler));
        let answer = form.visitor.clone().submit(form.path, &fields).await;
        answer.is_page(413, "Too much at once");
        form.send_as(form.visitor.cookie.as_deref(), form.visitor.proof.as_deref()).await.leads_to(form.then);
    }
}

#[tokio::test]
async fn a_bad_phone_comes_back_escaped_with_what_is_wrong() {
    let app = TestApp::start().await;
    let mut visitor = Visitor::at(&app);
    visitor.get(SIGN_IN).await.is_page(200, "Sign in");
    for (typed, escaped) in [
        ("", ""),
        ("12345", "12345"),
        ("+91 98 and so on", "+91 98 and so on"),
        ("\"><script>alert(1)</script>", "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"),
    ] {
        let answer = visitor.submit(SIGN_IN, &[("phone", typed)]).await;
        answer.is_page(422, "Sign in");
        assert_eq!(answer.problem(), "This is no phone number. Write it with its country code, like +91 98765 43210.");
        let field = between(&answer.text, "<input id=\"phone\"", ">").unwrap();
        assert!(field.contains(&format!(" value=\"{escaped}\"")), "{typed}: {field}");
        assert!(field.contains(r#"aria-invalid="true""#), "{field}");
        assert!(!answer.text.contains("<script"), "{}", answer.text);
    }
    // A form without the field is one with an empty field.
    visitor.submit(SIGN_IN, &[]).await.is_page(422, "Sign in");
}

#[tokio::test]
async fn a_bad_code_comes_back_escaped() {
    let app = TestApp::start().await;
    let mut visitor = Visitor::at(&app);
    visitor.ask_for_code(&app.new_phone()).await;
    let answer = visitor.submit(CODE, &[("code", "\"><script>alert(1)</script>")]).await;
    answer.is_page(422, "Enter the code");
    assert!(answer.text.contains("value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""), "{}", answer.text);
    assert!(!answer.text.contains("<script"), "{}", answer.text);
}

#[tokio::test]
async fn the_sixth_code_of_a_quarter_of_an_hour_is_refused_beside_its_field() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let mut visitor = Visitor::at(&app);
    visitor.get(SIGN_IN).await.is_page(200, "Sign in");
    for _ in 0..5 {
        visitor.submit(SIGN_IN, &[("phone", &phone)]).await.leads_to(CODE);
    }
    let sixth = visitor.submit(SIGN_IN, &[("phone", &phone)]).await;
    sixth.is_page(429, "Sign in");
    assert_eq!(sixth.problem(), "Too many tries. Try again in 15 minutes.");
    assert!(sixth.text.contains(&format!(" value=\"{phone}\"")), "{}", sixth.text);
    assert_eq!(app.phones.codes(&phone).len(), 5);
    app.advance(TimeDelta::minutes(15));
    visitor.submit(SIGN_IN, &[("phone", &phone)]).await.leads_to(CODE);
}

#[tokio::test]
async fn a_code_is_sent_again_at_most_once_a_minute() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let mut visitor = Visitor::at(&app);
    visitor.ask_for_code(&phone).await;
    let notice = "The code was sent again.";
    visitor.submit(RESEND, &[]).await.leads_to("/admin/sign-in/code?sent-again");
    assert!(visitor.get("/admin/sign-in/code?sent-again").await.text.contains(notice));
    assert!(!visitor.get(CODE).await.text.contains(notice));

    app.advance(TimeDelta::seconds(59));
    let early = visitor.submit(RESEND, &[]).await;
    early.is_page(429, "Enter the code");
    assert_eq!(early.problem(), "Too many tries. Try again in 1 second.");
    app.advance(TimeDelta::seconds(1));
    visitor.submit(RESEND, &[]).await.leads_to("/admin/sign-in/code?sent-again");
    let codes = app.phones.codes(&phone);
    assert_eq!(codes.len(), 3);
    assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
}

#[tokio::test]
async fn a_provider_that_fails_is_told_beside_the_field() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    app.phones.break_down();
    let mut visitor = Visitor::at(&app);
    visitor.get(SIGN_IN).await.is_page(200, "Sign in");
    let answer = visitor.submit(SIGN_IN, &[("phone", &phone)]).await;
    answer.is_page(503, "Sign in");
    assert_eq!(answer.problem(), "The code could not be sent. Try again in a moment.");
    assert!(answer.text.contains(&format!(" value=\"{phone}\"")), "{}", answer.text);
}

#[tokio::test]
async fn half_an_hour_without_a_person_ends_the_session_however_live_its_page_is() {
    let app = TestApp::start().await;
    let (mut visitor, _) = at_work(&app).await;
    app.advance(TimeDelta::minutes(29));
    visitor.get_with("/admin", &[("x-live", "1")]).await.is_page(200, "Overview");
    app.advance(TimeDelta::seconds(59));
    visitor.get_with("/admin", &[("x-live", "1")]).await.is_page(200, "Overview");
    app.advance(TimeDelta::seconds(1));
    visitor.get_with("/admin", &[("x-live", "1")]).await.leads_to(SIGN_IN);
    assert_eq!(visitor.get(EVENTS).await.status, 401);
    visitor.get("/admin").await.leads_to(SIGN_IN);
}

#[tokio::test]
async fn a_person_at_work_stays_signed_in_for_twelve_hours_and_no_longer() {
    let app = TestApp::start().await;
    let (mut visitor, _) = at_work(&app).await;
    for _ in 0..24 {
        app.advance(TimeDelta::minutes(29));
        visitor.get("/admin").await.is_page(200, "Overview");
    }
    // 11 h 36 min have gone.
    app.advance(TimeDelta::minutes(24) - TimeDelta::seconds(1));
    visitor.get("/admin").await.is_page(200, "Overview");
    app.advance(TimeDelta::seconds(1));
    visitor.get("/admin").await.leads_to(SIGN_IN);
}

#[tokio::test]
async fn a_logout_of_the_app_ends_the_dashboard_at_once() {
    let app = TestApp::start().await;
    let (visitor, admin) = at_work(&app).await;
    let device = app.sign_in(&admin.phone).await;
    assert!(is_signed_in(&visitor).await);
    app.request(Method::POST, "/auth/logout").bearer(&device.access).send().await.ok();
    assert!(!is_signed_in(&visitor).await);
    assert_eq!(visitor.open(EVENTS).await.status(), 401);
}

#[tokio::test]
async fn a_deleted_account_has_no_dashboard() {
    let app = TestApp::start().await;
    let (visitor, admin) = at_work(&app).await;
    let device = app.sign_in(&admin.phone).await;
    app.request(Method::DELETE, "/users/me").bearer(&device.access).send().await.ok();
    assert!(!is_signed_in(&visitor).await);
    assert_eq!(Visitor::at(&app).sign_in(&app, &admin.phone).await.status, 422);
}

#[tokio::test]
async fn a_session_outlives_whatever_redis_forgets_and_holds_on_every_node() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let (visitor, _) = at_work(&one).await;
    let keys = redis::cmd("KEYS").arg(one.state.redis.key("*", "*")).to_owned();
    let found: Vec<String> = one.state.redis.query(&keys).await.unwrap();
    let wiped: usize = one.state.redis.query(redis::cmd("DEL").arg(&found)).await.unwrap();
    assert!(wiped > 0 && wiped == found.len(), "{found:?}");
    assert!(is_signed_in(&visitor).await);

    // A form of one node's page is good for the other.
    let mut there = visitor.moved_to(&two);
    assert!(is_signed_in(&there).await);
    there.submit(SIGN_OUT, &[]).await.leads_to(SIGN_IN);
    assert!(!is_signed_in(&visitor).await);
}

#[tokio::test]
async fn a_visit_may_move_to_another_node_between_phone_and_code() {
    let one = TestApp::start().await;
    let two = one.another_node().await;
    let admin = new_admin(&one).await;
    let mut visitor = Visitor::at(&one);
    visitor.ask_for_code(&admin.phone).await;
    let mut there = visitor.moved_to(&two);
    there.submit(CODE, &[("code", &one.phones.last_code(&admin.phone))]).await.leads_to("/admin");
    assert!(is_signed_in(&there).await);
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_keep_nothing_and_run_nothing_foreign() {
    let app = TestApp::start().await;
    let (mut admin, person) = at_work(&app).await;
    let mut visitor = Visitor::at(&app);
    let mut answers = vec![
        ("the phone form", visitor.get(SIGN_IN).await),
        ("nobody", visitor.get("/admin").await),
        ("no events", visitor.get(EVENTS).await),
        ("404", visitor.get("/admin/x").await),
        ("a slash", visitor.get("/admin/").await),
        ("405", visitor.get(SIGN_OUT).await),
        ("422", visitor.submit(SIGN_IN, &[]).await),
        ("403", visitor.submit_with(SIGN_IN, &[], &[]).await),
        ("413", visitor.submit(SIGN_IN, &[("phone", &"9".repeat(70_000))]).await),
        ("a code sent", visitor.submit(SIGN_IN, &[("phone", &person.phone)]).await),
        ("the code form", visitor.get(CODE).await),
        ("the overview", admin.get("/admin").await),
        ("signed in already", admin.get(SIGN_IN).await),
    ];
    answers.push(("signed out", admin.submit(SIGN_OUT, &[]).await));
    let statuses: Vec<_> = answers.iter().map(|(_, answer)| answer.status.as_u16()).collect();
    assert_eq!(statuses, [200, 303, 401, 404, 303, 405, 422, 403, 413, 303, 200, 200, 303, 303]);
    for (what, answer) in answers {
        is_protected(what, &answer);
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
        for inline in ["style=", "<style", " onclick", " onload", "javascript:", "<script>"] {
            assert!(!answer.text.contains(inline), "{what} has {inline}: {}", answer.text);
        }
    }
}

fn is_protected(what: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    let parts: Vec<_> = policy.split("; ").collect();
    for part in ["default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(parts.contains(&part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe-") && !policy.contains('*'), "{what}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{what}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
}

#[tokio::test]
async fn assets_may_be_kept_for_ever_and_an_old_name_is_gone() {
    let app = TestApp::start().await;
    let (mut admin, _) = at_work(&app).await;
    let page = admin.get("/admin").await.text;
    let urls: Vec<_> = page.split('"').filter(|part| part.starts_with("/admin/assets/")).collect();
    let kinds: Vec<_> = urls.iter().map(|url| url.rsplit_once('.').unwrap().1).collect();
    assert_eq!(kinds, ["svg", "css", "js"], "{urls:?}");
    for url in urls {
        // The sign-in page needs them too.
        let asset = Visitor::at(&app).get(url).await;
        assert_eq!((asset.status.as_u16(), asset.text.is_empty()), (200, false), "{url}");
        is_protected(url, &asset);
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable", "{url}");
        let kind = url.rsplit_once('.').unwrap().1;
        let expected = match kind {
            "svg" => "image/svg+xml",
            "css" => "text/css; charset=utf-8",
            _ => "text/javascript; charset=utf-8",
        };
        assert_eq!(asset.header("content-type"), expected);

        let (name, _) = url.rsplit_once('-').unwrap();
        let old = Visitor::at(&app).get(&format!("{name}-0123456789abcdef.{kind}")).await;
        old.is_page(404, "Page not found");
        assert_eq!(old.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn in_production_the_cookie_travels_over_tls_alone_and_no_script_reads_it() {
    let vars = [("APP_ENV", "production"), ("TRUSTED_PROXIES", "127.0.0.1"), ("SHUTDOWN_DELAY_SECONDS", "0")];
    let app = TestApp::start_with(&vars).await;
    let admin = new_admin(&app).await;
    let mut visitor = Visitor::at(&app);
    let visit = visitor.get(SIGN_IN).await;
    let opened = visitor.sign_in(&app, &admin.phone).await;
    opened.leads_to("/admin");
    visitor.get("/admin").await.is_page(200, "Overview");
    let secret = visitor.cookie.clone().unwrap();
    let (_, value) = secret.split_once('=').unwrap();
    let weak = Visitor { cookie: Some(format!("saathii-admin={value}")), ..visitor.clone() };
    assert!(!is_signed_in(&weak).await, "a cookie that any host of the site can set is taken");
    let closed = visitor.submit(SIGN_OUT, &[]).await;
    closed.leads_to(SIGN_IN);
    for (answer, age) in [(visit, ""), (opened, ""), (closed, "; Max-Age=0")] {
        let cookie = answer.header("set-cookie").to_owned();
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert!(pair.starts_with("__Host-saathii-admin="), "{cookie}");
        assert_eq!(attributes, format!("Path=/; HttpOnly; SameSite=Lax; Secure{age}"));
    }
}

#[tokio::test]
async fn the_overview_counts_who_is_there_and_names_them() {
    let app = TestApp::start().await;
    let (mut visitor, admin) = at_work(&app).await;
    let (free, busy) = (app.register_listener("free.one").await, app.register_listener("busy_one").await);
    app.register_listener("away.one").await;
    let caller = app.register("a.caller", "user").await;
    app.set_status(&free, &json!({"is_online": true})).await;
    app.set_status(&caller, &json!({"is_online": true})).await;
    let until = app.clock.now() + TimeDelta::minutes(7);
    app.set_status(&busy, &json!({"is_online": true, "is_busy": true, "busy_until": until})).await;

    let page = visitor.get("/admin").await.text;
    let counts = |section: &str, labels: &[&str]| {
        labels.iter().map(|label| stat(&page, section, label)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(counts("listeners", &["Available", "Busy", "Online", "All listeners"]), "1 1 2 3");
    assert_eq!(counts("people", &["Online", "New today", "New in 7 days", "Registered"]), "3 5 5 5");
    let online = between(&page, "<section id=\"online\"", "</section>").unwrap();
    for name in ["free.one", "busy_one", "a.caller"] {
        assert!(online.contains(&format!(">{name}<")), "{online}");
    }
    assert!(!online.contains("away.one"), "{online}");
    assert!(online.contains("7 min left"), "{online}");
    let newest = between(&page, "<section id=\"newest\"", "</section>").unwrap();
    assert!(newest.contains("away.one") && newest.contains("the.boss"), "{newest}");
    for (_, rest) in ["Postgres", "Redis", "Storage"].map(|name| page.split_once(&format!("</span>{name}<")).unwrap()) {
        assert!(between(rest, "number good\">", "<").unwrap().ends_with(" ms"), "{rest}");
    }
    // Phones are nobody's to see at a glance.
    assert!(!page.contains(&free.phone), "{page}");

    app.advance(TimeDelta::days(1));
    let page = signed_in(&app, &admin).await.get("/admin").await.text;
    assert_eq!(["New today", "New in 7 days"].map(|label| stat(&page, "people", label)), ["0", "5"]);
}

fn stat<'a>(page: &'a str, section: &str, label: &str) -> &'a str {
    let section = between(page, &format!("<dl id=\"{section}\""), "</dl>").unwrap();
    let stat = between(section, &format!("<dt>{label}</dt>"), "</div>").unwrap();
    between(stat, "class=\"value\">", "<").unwrap()
}

#[tokio::test]
async fn text_of_users_is_text_on_every_page() {
    let app = TestApp::start().await;
    let (visitor, admin) = at_work(&app).await;
    let listener = app.register("dotted.under_score", "listener").await;
    app.set_status(&listener, &json!({"is_online": true})).await;
    assert_eq!(visitor.clone().get("/admin").await.text.matches(">dotted.under_score<").count(), 2);

    // No name may hold this; should one ever, it is still only text.
    let evil = "<!><script>alert('x')</script>\"'&";
    for person in [&listener, &admin] {
        let update = sqlx::query("UPDATE users SET username = $2, country = $3 WHERE user_id = $1").bind(person.id);
        let update = update.bind(format!("{evil}{}", person.id)).bind("<b>");
        assert_eq!(update.execute(&app.state.db).await.unwrap().rows_affected(), 1);
    }
    let page = visitor.clone().get("/admin").await.text;
    let scripts: Vec<_> = page.match_indices("<script").map(|(at, _)| &page[at..at + 40]).collect();
    assert_eq!(scripts.len(), 1, "{scripts:?}");
    assert!(!page.contains("<b>"), "{page}");
    // The viewer, the one online, and both among the latest.
    assert_eq!(page.matches("&lt;!&gt;&lt;script&gt;alert(").count(), 4, "{page}");
}

#[tokio::test]
async fn an_open_page_hears_of_a_change_and_its_stream_ends_with_the_session() {
    let app = TestApp::start().await;
    let (mut visitor, _) = at_work(&app).await;
    let listener = app.register("a.mover", "listener").await;
    let mut stream = visitor.open(EVENTS).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["cache-control"], "no-cache");
    assert!(stream.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));

    app.set_status(&listener, &json!({"is_online": true})).await;
    let patience = Duration::from_secs(20);
    let heard = tokio::time::timeout(patience, stream.chunk()).await.unwrap().unwrap().unwrap();
    assert_eq!(heard, "data: changed\n\n");
    visitor.submit(SIGN_OUT, &[]).await.leads_to(SIGN_IN);
    app.set_status(&listener, &json!({"is_busy": true})).await;
    let ended = tokio::time::timeout(patience, stream.chunk()).await.unwrap().unwrap();
    assert_eq!(ended, None);
}

#[tokio::test]
async fn streams_of_open_pages_do_not_hold_up_a_server_that_goes_down() {
    let app = TestApp::start().await;
    let (visitor, _) = at_work(&app).await;
    let mut stream = visitor.open(EVENTS).await;
    assert_eq!(stream.status(), 200);
    let begun = Instant::now();
    app.stop().await;
    assert_eq!(stream.chunk().await.unwrap(), None);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn without_redis_the_overview_names_it_and_nobody_new_gets_in() {
    let mut link = CuttableLink::to(stores::own().await.redis_url).await;
    let app = TestApp::start_with(&[("REDIS_URL", link.url())]).await;
    let (mut admin, person) = at_work(&app).await;
    let mut visitor = Visitor::at(&app);
    visitor.ask_for_code(&person.phone).await;
    let code = app.phones.last_code(&person.phone);

    link.cut().await;
    let begun = Instant::now();
    let overview = admin.get("/admin").await;
    overview.is_page(200, "Overview");
    let (_, redis) = overview.text.split_once("</span>Redis<").unwrap();
    assert_eq!(between(redis, "<span class=\"number bad\">", "<"), Some("No answer"));
    assert_eq!(overview.text.matches("No answer").count(), 1);
    for answer in [
        visitor.submit(SIGN_IN, &[("phone", &person.phone)]).await,
        visitor.get(CODE).await,
        visitor.submit(CODE, &[("code", &code)]).await,
        visitor.submit(RESEND, &[]).await,
    ] {
        answer.is_page(503, "Away for a moment");
        assert_eq!(answer.header("retry-after"), "1");
        is_protected("503", &answer);
    }
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    visitor.clone().get(SIGN_IN).await.is_page(200, "Sign in");

    link.mend().await;
    // Nothing was lost: the code is good still.
    let begun = Instant::now();
    while visitor.get(CODE).await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the server does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    visitor.submit(CODE, &[("code", &code)]).await.leads_to("/admin");
}
