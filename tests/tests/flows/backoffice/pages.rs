//! What pages show and give away.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tests::{CuttableLink, stores};

use super::*;

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
async fn the_overview_counts_who_is_there_and_names_them() {
    let app = TestApp::start().await;
    let (mut visitor, admin) = at_work(&app).await;
    let (free, busy) = (app.register_listener("free.one").await, app.register_listener("busy_one").await);
    app.register_listener("away.one").await;
    let caller = app.register("a.caller", "user").await;
    app.set_status(&free, &ONLINE).await;
    app.set_status(&caller, &ONLINE).await;
    let until = app.clock.now() + TimeDelta::minutes(7);
    app.set_status(&busy, &StatusPatch { is_busy: Some(true), busy_until: Some(Some(until)), ..ONLINE }).await;

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

#[tokio::test]
async fn text_of_users_is_text_on_every_page() {
    let app = TestApp::start().await;
    let (visitor, admin) = at_work(&app).await;
    let listener = app.register("dotted.under_score", "listener").await;
    app.set_status(&listener, &ONLINE).await;
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
