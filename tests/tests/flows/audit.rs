//! The record of what was done by the power of a role.

use reqwest::Method;
use saathii_sdk::{NewUser, types::users::Sex};
use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test]
async fn every_deed_is_written_down_with_who_what_and_from_where() {
    let app = TestApp::start().await;
    let (admin, person) = (app.register_admin("the.boss").await, app.register("person", "user").await);
    let path = format!("/admin/users/{}/suspend", person.id);
    let body = json!({"reason": "Insulted callers", "until": "2026-02-01T00:00:00Z"});
    let request = app.request(Method::POST, &path).bearer(&admin.access).json(&body);
    request.header("user-agent", "a browser").send().await.ok();
    app.reinstate(&admin, &person).await.ok();
    app.reinstate(&admin, &person).await.ok();

    let all = app.get("/admin/audit", &admin.access).await.ok();
    let actions: Vec<&str> =
        all["entries"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["user.reinstate", "user.suspend", "user.grant_role"], "the newest first, and nothing twice");
    let suspended = &all["entries"][1];
    assert_eq!(
        json!({
            "entry_id": suspended["entry_id"], "actor": "admin", "actor_id": admin.id, "actor_username": "the.boss",
            "action": "user.suspend", "subject_kind": "user", "subject_id": person.id,
            "before": {"is_suspended": false},
            "after": {
                "is_suspended": true, "suspended_at": "2026-01-15T10:30:00Z", "suspended_until": "2026-02-01T00:00:00Z",
                "reason": "Insulted callers"
            },
            "address": "127.0.0.1", "user_agent": "a browser", "created_at": "2026-01-15T10:30:00Z"
        }),
        *suspended
    );
    let granted = &all["entries"][2];
    assert_eq!((&granted["actor"], &granted["actor_id"]), (&json!("command_line"), &Value::Null));
    assert_eq!((&granted["subject_id"], &granted["after"]), (&json!(admin.id), &json!({"role": "admin"})));

    for (query, count) in [
        (format!("actor_id={}", admin.id), 2),
        ("actor=command_line".to_owned(), 1),
        (format!("subject_kind=user&subject_id={}", person.id), 2),
        ("action=user.suspend".to_owned(), 1),
        ("action=user.suspend&actor=command_line".to_owned(), 0),
        ("subject_kind=report".to_owned(), 0),
    ] {
        let found = app.get(&format!("/admin/audit?{query}"), &admin.access).await.ok();
        assert_eq!(found["entries"].as_array().unwrap().len(), count, "{query}");
    }
    let page = app.get("/admin/audit?per_page=2", &admin.access).await.ok();
    assert_eq!((&page["has_next"], &page["has_previous"]), (&json!(true), &json!(false)));
    let page = app.get("/admin/audit?per_page=2&page=2", &admin.access).await.ok();
    assert_eq!((&page["has_next"], &page["has_previous"]), (&json!(false), &json!(true)));
    app.get("/admin/audit?actor_id=x", &admin.access).await.refused(422, "validation_error");
}

#[tokio::test]
async fn the_record_only_grows() {
    let app = TestApp::start().await;
    let admin = app.register_admin("the.boss").await;
    for sql in [
        "UPDATE audit_log SET action = 'nothing'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "TRUNCATE audit_log CASCADE",
    ] {
        let refused = sqlx::query(sql).execute(&app.state.db).await.unwrap_err();
        assert!(refused.to_string().contains("is not allowed"), "{sql}: {refused}");
    }
    let entries = app.get("/admin/audit", &admin.access).await.ok()["entries"].as_array().unwrap().len();
    assert_eq!(entries, 1);
}

#[tokio::test]
async fn a_role_from_the_configuration_is_written_down_once() {
    let app = TestApp::start().await;
    let phone = app.new_phone();
    let node = app.another_node_with(&[("ADMIN_PHONES", &phone)]).await;
    let named = node.register_phone(&phone, NewUser::new("named", Sex::Female)).await;
    let again = app.another_node_with(&[("ADMIN_PHONES", &phone)]).await;
    assert!(!again.set_admin(&phone, true).await);
    let record = again.get("/admin/audit", &named.access).await.ok();
    assert_eq!(record["entries"].as_array().unwrap().len(), 1);
    assert_eq!(record["entries"][0]["actor"], "configuration");
}
