//! The dashboard: who gets in, which forms work, how long a session lives, what a page gives away.

mod access;
mod adjustments;
mod calls;
mod forms;
mod moderation;
mod money;
mod pages;
mod people;
mod reviews;
mod second_factor;
mod sessions;
mod sign_in;

use saathii_sdk::types::{CallId, Coins, ReportId, SampleId, WithdrawalId, presence::StatusPatch};
use tests::{
    Answer, Person, TestApp, Visitor,
    people::{BUSY, ONLINE},
    visitor::between,
};

const SIGN_IN: &str = "/admin/sign-in";
const CODE: &str = "/admin/sign-in/code";
const RESEND: &str = "/admin/sign-in/resend";
const SIGN_OUT: &str = "/admin/sign-out";
const EVENTS: &str = "/admin/events";

const STALE: &str = "This form is out of date";

async fn new_admin(app: &TestApp) -> Person {
    let person = app.register("the.boss", "user").await;
    assert!(app.set_admin(&person.phone, true).await);
    person
}

/// An admin on the overview, and their account.
async fn at_work(app: &TestApp) -> (Visitor, Person) {
    let admin = new_admin(app).await;
    (signed_in(app, &admin).await, admin)
}

/// Another admin on the overview.
async fn second_admin(app: &TestApp) -> Visitor {
    let person = app.register("second.boss", "user").await;
    assert!(app.set_admin(&person.phone, true).await);
    signed_in(app, &person).await
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

async fn set_roles(app: &TestApp, person: &Person, roles: &[&str]) {
    let update = sqlx::query("UPDATE users SET roles = $2 WHERE user_id = $1").bind(person.id).bind(roles);
    assert_eq!(update.execute(&app.state.db).await.unwrap().rows_affected(), 1);
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

fn stat<'a>(page: &'a str, section: &str, label: &str) -> &'a str {
    let section = between(page, &format!("<dl id=\"{section}\""), "</dl>").unwrap();
    let stat = between(section, &format!("<dt>{label}</dt>"), "</div>").unwrap();
    between(stat, "class=\"value\">", "<").unwrap()
}

/// Somebody who may look, on the overview.
async fn looking(app: &TestApp) -> Visitor {
    let person = app.register("the.auditor", "user").await;
    assert!(app.grant_viewer(&person.phone).await);
    signed_in(app, &person).await
}

/// A part of a page.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    between(page, &format!("<section id=\"{id}\""), "</section>").unwrap_or_else(|| panic!("no {id} in {page}"))
}

/// How many rows a table has.
fn rows(page: &str, id: &str) -> usize {
    section(page, id).matches("<tr>").count().saturating_sub(1)
}
