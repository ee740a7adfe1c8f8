//! How long a session lives, and what ends it.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::*;

#[tokio::test]
async fn a_role_taken_away_closes_the_dashboard_at_once() {
    let app = TestApp::start().await;
    let (visitor, admin) = at_work(&app).await;
    set_roles(&app, &admin, &["user"]).await;
    assert!(!is_signed_in(&visitor).await);
    assert_eq!(visitor.open(EVENTS).await.status(), 401);
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
    device.client.auth().logout().await.unwrap();
    assert!(!is_signed_in(&visitor).await);
    assert_eq!(visitor.open(EVENTS).await.status(), 401);
}

#[tokio::test]
async fn a_deleted_account_has_no_dashboard() {
    let app = TestApp::start().await;
    let (visitor, admin) = at_work(&app).await;
    let device = app.sign_in(&admin.phone).await;
    device.client.users().delete().await.unwrap();
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
async fn in_production_the_cookie_travels_over_tls_alone_and_no_script_reads_it() {
    let vars = [
        ("APP_ENV", "production"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("SHUTDOWN_DELAY_SECONDS", "0"),
        ("PAYMENT_PROVIDER", "sandbox"),
        ("PAYOUT_ENCRYPTION_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
    ];
    let app = TestApp::start_with(&vars).await;
    let admin = new_admin(&app).await;
    let mut visitor = Visitor::at(&app);
    let visit = visitor.get(SIGN_IN).await;
    let opened = visitor.sign_in(&app, &admin.phone).await;
    opened.leads_to("/admin");
    // Production lets nobody work without a second factor, unless it is told to.
    visitor.get("/admin").await.leads_to("/admin/account/second-factor");
    visitor.get("/admin/account/second-factor").await.is_page(200, "Second factor");
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
async fn an_open_page_hears_of_a_change_and_its_stream_ends_with_the_session() {
    let app = TestApp::start().await;
    let (mut visitor, _) = at_work(&app).await;
    let listener = app.register("a.mover", "listener").await;
    let mut stream = visitor.open(EVENTS).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["cache-control"], "no-cache");
    assert!(stream.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));

    app.set_status(&listener, &ONLINE).await;
    let patience = Duration::from_secs(20);
    let heard = tokio::time::timeout(patience, stream.chunk()).await.unwrap().unwrap().unwrap();
    assert_eq!(heard, "data: changed\n\n");
    visitor.submit(SIGN_OUT, &[]).await.leads_to(SIGN_IN);
    app.set_status(&listener, &BUSY).await;
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
