//! OTP and registration (contract §Authentication, DESIGN §3).

use std::collections::HashSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use saathii_sdk::{
    Failed, NewUser, Registration, Resent, Verified,
    types::users::{Role, Sex},
};
use serde_json::json;
use tests::{Answer, Refused, TestApp};

/// A proven phone that nobody had.
async fn registration(app: &TestApp) -> Registration {
    match app.prove(&app.new_phone()).await {
        Ok(Verified::NeedsRegistration(registration)) => registration,
        other => panic!("{other:?}"),
    }
}

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn a_phone_becomes_a_person() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    assert_eq!(app.post("/auth/request_otp", &json!({"phone": phone})).await.ok(), json!({"message": "OTP sent"}));
    let proven = app.verify(&phone, &app.phones.last_code(&phone)).await;
    assert_eq!(proven.ok()["status"], "needs_registration");
    let registered = app
        .post(
            "/auth/register",
            &json!({
                "registration_token": proven.token("registration_token"), "username": "alice", "sex": "female",
                "dob": "2000-01-01", "bio": "Professional listener...", "interests": ["music", "tech"],
                "profile_image_url": "https://example.com/a.jpg", "preferred_language": "en", "role": "listener"
            }),
        )
        .await;
    let me = app.get("/users/me", &registered.token("access_token")).await.ok();
    assert_eq!(
        me,
        json!({
            "user_id": me["user_id"], "phone": phone, "username": "alice", "sex": "female", "dob": "2000-01-01",
            "bio": "Professional listener...", "interests": ["music", "tech"],
            "profile_image_url": "https://example.com/a.jpg", "preferred_language": "en", "rating": 0.0,
            "country": "IN", "roles": ["listener"]
        })
    );

    app.post("/auth/request_otp", &json!({"phone": phone})).await.ok();
    let again = app.verify(&phone, &app.phones.last_code(&phone)).await;
    assert_eq!(again.ok()["status"], "registered");
    let same = app.get("/users/me", &again.token("access_token")).await.ok();
    assert_eq!(same["user_id"], me["user_id"]);
}

#[tokio::test]
async fn username_and_sex_alone_are_enough() {
    let app = TestApp::start().await;
    let person = app.register_with(NewUser::new("plain", Sex::Other)).await;
    assert_eq!(person.client.users().me().await.unwrap().roles, [Role::User]);
}

#[tokio::test]
async fn one_person_however_the_number_is_written() {
    let app = TestApp::start().await;
    let person = app.register("written", "user").await;
    let national = person.phone.trim_start_matches("+91").to_owned();
    let spaced = format!("+91 {} {}", &national[..5], &national[5..]);
    app.request_otp(&spaced).await.unwrap();
    let proven = app.verify(&national, &app.phones.last_code(&person.phone)).await;
    assert_eq!(proven.ok()["status"], "registered");
    let sent = app.request_otp(&national).await.unwrap();
    assert!(matches!(sent.verify(&app.phones.last_code(&person.phone)).await, Ok(Verified::SignedIn)));
}

#[tokio::test]
async fn of_twenty_right_guesses_at_once_one_wins() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let sent = app.request_otp(&phone).await.unwrap();
    let code = app.phones.last_code(&phone);
    let answers = join_all((0..20).map(|_| sent.clone().verify(&code))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for answer in lost {
        assert_eq!(answer.refused(400, "invalid_otp").detail.to_string(), "Invalid or expired OTP");
    }
}

#[tokio::test]
async fn a_code_is_dead_after_five_wrong_guesses() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let sent = app.request_otp(&phone).await.unwrap();
    let code = app.phones.last_code(&phone);
    join_all((0..5).map(|_| sent.clone().verify(wrong(&code)))).await;
    sent.verify(&code).await.refused(400, "invalid_otp");
    app.prove(&phone).await.unwrap();
}

#[tokio::test]
async fn whoever_goes_on_guessing_waits_longer_and_longer() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let mut waits = Vec::new();
    for round in 1..=6 {
        app.advance(TimeDelta::hours(1));
        let mut sent = app.request_otp(&phone).await.unwrap();
        let code = app.phones.last_code(&phone);
        for _ in 0..5 {
            let Failed { error, again } = sent.verify(wrong(&code)).await.unwrap_err();
            error.refused(400, "invalid_otp");
            sent = again.expect("another guess");
        }
        if round >= 4 {
            let sent = app.request_otp(&phone).await.unwrap();
            let closed = sent.verify(&app.phones.last_code(&phone)).await.refused(429, "rate_limited");
            waits.push(closed.retry_after.unwrap());
        }
    }
    assert_eq!(waits, [60, 120, 240]);
    app.advance(TimeDelta::seconds(240));
    app.prove(&phone).await.unwrap();
}

#[tokio::test]
async fn a_code_belongs_to_its_phone_and_to_the_latest_request() {
    let app = TestApp::start().await;
    let (a, b) = (app.new_phone(), app.new_phone());
    let sent = app.request_otp(&a).await.unwrap();
    app.request_otp(&b).await.unwrap();
    let (old, of_b) = (app.phones.last_code(&a), app.phones.last_code(&b));
    if old != of_b {
        sent.clone().verify(&of_b).await.refused(400, "invalid_otp");
    }
    app.request_otp(&a).await.unwrap();
    let new = app.phones.last_code(&a);
    if new != old {
        sent.clone().verify(&old).await.refused(400, "invalid_otp");
    }
    sent.verify(&new).await.unwrap();
}

#[tokio::test]
async fn a_code_lives_for_five_minutes() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let sent = app.request_otp(&phone).await.unwrap();
    app.advance(TimeDelta::seconds(300));
    sent.verify(&app.phones.last_code(&phone)).await.refused(400, "invalid_otp");
}

#[tokio::test]
async fn a_resend_says_the_same_code_and_gives_it_no_longer_life() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let sent = app.request_otp(&phone).await.unwrap();
    app.advance(TimeDelta::seconds(200));
    let resend = async || app.post("/auth/resend_otp", &json!({"phone": phone})).await;
    assert_eq!(resend().await.ok(), json!({"message": "OTP re-sent"}));
    let codes = app.phones.codes(&phone);
    assert_eq!(codes[0], codes[1]);

    let throttled = sent.resend().await.refused(429, "rate_limited");
    assert!((1..=60).contains(&throttled.retry_after.unwrap()), "{throttled:?}");

    app.advance(TimeDelta::seconds(101));
    sent.clone().verify(&codes[0]).await.refused(400, "invalid_otp");
    assert_eq!(resend().await.ok(), json!({"message": "OTP sent"}));
    app.advance(TimeDelta::seconds(60));
    assert_eq!(sent.resend().await.unwrap(), Resent::Again);
    sent.verify(&app.phones.last_code(&phone)).await.unwrap();
}

#[tokio::test]
async fn five_codes_in_fifteen_minutes() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let answers = join_all((0..20).map(|_| app.request_otp(&phone))).await;
    let (sent, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(sent.len(), 5);
    for answer in refused {
        assert_eq!(answer.refused(429, "rate_limited").retry_after, Some(900));
    }
    let refused = app.post("/auth/request_otp", &json!({"phone": phone})).await;
    assert_eq!(refused.refused(429, "rate_limited")["retry_after"], 900);
    assert_eq!(refused.headers["retry-after"], "900");

    app.request_otp(&app.new_phone()).await.unwrap();
    app.advance(TimeDelta::seconds(900));
    app.request_otp(&phone).await.unwrap();
}

#[tokio::test]
async fn known_and_unknown_phones_answer_alike() {
    let app = TestApp::start().await;
    let person = app.register("known", "user").await;
    let request = async |phone: &str| app.post("/auth/request_otp", &json!({"phone": phone})).await;
    let (known, unknown) = (request(&person.phone).await, request(&app.new_phone()).await);
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    let (known, unknown) = (app.verify(&person.phone, "abc").await, app.verify(&app.new_phone(), "abc").await);
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
}

#[tokio::test]
async fn a_registration_token_works_once_however_many_use_it() {
    let app = TestApp::start().await;
    let token = app.registration_token().await;
    let bodies: Vec<_> = (0..10)
        .map(|i| json!({"registration_token": token, "username": format!("racer{i}"), "sex": "other"}))
        .collect();
    let answers = join_all(bodies.iter().map(|body| app.post("/auth/register", body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused(401, "registration_spent");
    }
    app.post("/auth/register", &bodies[0]).await.refused(401, "registration_spent");
}

#[tokio::test]
async fn a_taken_name_leaves_the_registration_alive() {
    let app = TestApp::start().await;
    app.register("Taken", "user").await;
    let taken = registration(&app).await.register(&NewUser::new("tAKEN", Sex::Male)).await;
    let Failed { error, again } = taken.unwrap_err();
    error.refused(409, "username_taken");
    again.expect("it is given back").register(&NewUser::new("free.name", Sex::Male)).await.unwrap();
}

#[tokio::test]
async fn a_registration_token_lives_for_ten_minutes() {
    let app = TestApp::start().await;
    let registration = registration(&app).await;
    app.advance(TimeDelta::minutes(10));
    registration.register(&NewUser::new("late", Sex::Male)).await.refused(401, "token_expired");
}

#[tokio::test]
async fn nobody_registers_as_admin() {
    let app = TestApp::start().await;
    let boss = NewUser { role: Some(Role::Admin), ..NewUser::new("boss", Sex::Male) };
    registration(&app).await.register(&boss).await.refused(422, "validation_error");
}

#[tokio::test]
async fn admin_phones_hold_the_role_admin() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let later = app.register("later", "user").await;
    let list = format!("{phone},{}", later.phone);
    let node = app.another_node_with(&[("ADMIN_PHONES", &list)]).await;
    let boss = node.register_phone(&phone, NewUser::new("boss", Sex::Male)).await;
    assert_eq!(boss.client.users().me().await.unwrap().roles, [Role::User, Role::Admin]);

    // A token from before the grant is dead; the login lives.
    node.get("/users/me", &later.access).await.refused(401, "session_ended");
    assert_eq!(later.at(&node).users().me().await.unwrap().roles, [Role::User, Role::Admin]);
}

#[tokio::test]
async fn test_numbers_have_a_fixed_code_until_their_day_is_over() {
    let vars = [("OTP_TEST_NUMBERS", "+919876543210:246810:2026-01-15")];
    let app = TestApp::start_with(&vars).await;
    let sent = app.request_otp("+919876543210").await.unwrap();
    assert!(app.phones.codes("+919876543210").is_empty());
    sent.verify("246810").await.unwrap();
    app.advance(TimeDelta::days(1));
    let sent = app.request_otp("+919876543210").await.unwrap();
    assert_eq!(app.phones.codes("+919876543210").len(), 1);
    if app.phones.last_code("+919876543210") != "246810" {
        sent.verify("246810").await.refused(400, "invalid_otp");
    }
}

#[tokio::test]
async fn a_broken_sms_provider_is_told_and_does_not_burn_the_code() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    app.phones.break_down();
    app.request_otp(&phone).await.refused(503, "sms_unavailable");
}

#[tokio::test]
async fn redis_holds_no_code_in_clear() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    app.request_otp(&phone).await.unwrap();
    let code = app.phones.last_code(&phone);
    let keys: Vec<String> =
        app.state.redis.query(redis::cmd("KEYS").arg(format!("{}*", app.state.redis.key("otp", "")))).await.unwrap();
    let mut values = HashSet::new();
    for key in &keys {
        let fields: Vec<String> = app.state.redis.query(redis::cmd("HGETALL").arg(key)).await.unwrap();
        values.extend(fields);
    }
    assert!(!values.is_empty());
    assert!(values.iter().all(|value| *value != code), "{values:?}");
}

/// A production node behind a proxy on this machine, which says who the client is.
async fn behind_a_proxy(more: &[(&str, &str)]) -> TestApp {
    let mut vars = vec![("APP_ENV", "production"), ("TRUSTED_PROXIES", "127.0.0.1")];
    vars.extend(more);
    TestApp::start_with(&vars).await
}

async fn request_from(app: &TestApp, address: &str, phone: &str) -> Answer {
    let request = app.request(Method::POST, "/auth/request_otp").header("x-forwarded-for", address);
    request.json(&json!({"phone": phone})).send().await
}

#[tokio::test]
async fn an_address_has_its_own_budget_whatever_it_claims_to_be() {
    let app = behind_a_proxy(&[("OTP_ADDRESS_LIMIT", "3")]).await;
    for i in 0..3 {
        // What the client itself wrote stands left of what the proxy saw.
        request_from(&app, &format!("10.9.8.{i}, 203.0.113.7"), &app.new_phone()).await.ok();
    }
    request_from(&app, "10.9.8.77, 203.0.113.7", &app.new_phone()).await.refused(429, "rate_limited");
    request_from(&app, "203.0.113.8", &app.new_phone()).await.ok();
    app.advance(TimeDelta::hours(1));
    request_from(&app, "203.0.113.7", &app.new_phone()).await.ok();

    let unproxied = app.another_node_with(&[("TRUSTED_PROXIES", ""), ("OTP_ADDRESS_LIMIT", "1")]).await;
    for i in 0..5 {
        // The peer is loopback, which has no budget; the header moves nothing.
        request_from(&unproxied, &format!("203.0.113.{i}"), &app.new_phone()).await.ok();
    }
}

#[tokio::test]
async fn a_block_of_numbers_has_a_budget_and_others_go_on() {
    let app = behind_a_proxy(&[("OTP_PREFIX_LIMIT", "20")]).await;
    let pump = async |i: usize| request_from(&app, &format!("203.0.113.{}", i % 250), &format!("+9198765{i:05}")).await;
    let answers = join_all((0..60).map(pump)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 20);
    request_from(&app, "203.0.113.1", "+919811112222").await.ok();
    let metrics = app.state.metrics.render();
    assert!(metrics.contains("saathii_otp_prefix_breaker_total"), "{metrics}");
}
