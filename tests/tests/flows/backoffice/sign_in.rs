//! Signing in.

use chrono::TimeDelta;
use reqwest::header::SET_COOKIE;

use super::*;

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
    mine.client.users().me().await.unwrap();
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
