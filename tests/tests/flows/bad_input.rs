//! Bad input is a 4xx in the one shape, and changes nothing (DESIGN §7).

use reqwest::Method;
use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test]
async fn malformed_bodies_say_where() {
    let app = TestApp::start().await;
    let send = async |content_type: &str, body: &str| {
        app.request(Method::POST, "/auth/request_otp").body(content_type, body.to_owned()).send().await
    };
    for (body, loc, kind) in [
        ("{", json!(["body"]), "json_invalid"),
        ("", json!(["body"]), "json_invalid"),
        ("{\"phone\": \"+919876543210\"} x", json!(["body"]), "json_invalid"),
        ("{}", json!(["body", "phone"]), "missing"),
        ("{\"phone\": 7}", json!(["body", "phone"]), "value_error"),
        ("{\"phone\": null}", json!(["body", "phone"]), "value_error"),
        ("[1]", json!(["body"]), "value_error"),
        ("{\"phone\": \"abc\"}", json!(["body", "phone"]), "value_error"),
        ("{\"phone\": \"+91987654321\\u0000\"}", json!(["body", "phone"]), "value_error"),
    ] {
        let refused = send("application/json", body).await.refused(422, "validation_error");
        assert_eq!(
            (&refused["detail"][0]["loc"], &refused["detail"][0]["type"]),
            (&loc, &json!(kind)),
            "{body}: {refused}"
        );
        assert!(refused["detail"][0]["msg"].is_string());
    }
    send("text/plain", "{\"phone\": \"+919876543210\"}").await.refused(415, "unsupported_media_type");
    let padded = format!("{{\"phone\": \"{}\"}}", "9".repeat(1_000_000));
    send("application/json", &padded).await.refused(413, "payload_too_large");
    let deep = format!("{{\"phone\": {}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    send("application/json", &deep).await.refused(422, "validation_error");
    send("application/json; charset=utf-8", &json!({"phone": app.new_phone(), "unknown": 1}).to_string()).await.ok();
}

#[tokio::test]
async fn every_bad_field_of_a_registration_is_named_and_nothing_is_made() {
    let app = TestApp::start().await;
    let token = app.registration_token().await;
    let body = json!({
        "registration_token": token, "username": "x", "sex": "female", "dob": "3000-01-01", "bio": "x".repeat(1001),
        "interests": [""], "profile_image_url": "javascript:alert(1)", "preferred_language": "??"
    });
    let refused = app.post("/auth/register", &body).await.refused(422, "validation_error");
    let fields: Vec<_> =
        refused["detail"].as_array().unwrap().iter().map(|fault| fault["loc"][1].as_str().unwrap()).collect();
    assert_eq!(fields, ["username", "dob", "bio", "interests", "profile_image_url", "preferred_language"]);
    let wrong: [(&str, Value); 5] = [
        ("sex", json!("robot")),
        ("dob", json!("01/02/2000")),
        ("role", json!("king")),
        ("interests", json!("music")),
        ("username", json!(5)),
    ];
    for (field, value) in wrong {
        let mut body = json!({"registration_token": token, "username": "good", "sex": "female"});
        body[field] = value;
        let refused = app.post("/auth/register", &body).await.refused(422, "validation_error");
        assert_eq!(refused["detail"][0]["loc"][1], field, "{refused}");
    }
    app.post("/auth/register", &json!({"registration_token": token, "username": "good", "sex": "female"})).await.ok();
}

#[tokio::test]
async fn ids_and_queries_out_of_range_are_refused() {
    let app = TestApp::start().await;
    let person = app.register("ranger", "user").await;
    for path in [
        "/users/99999999999999999999/presence",
        "/users/abc/presence",
        "/users/1.5/presence",
        "/users/presence?user_ids=1,abc",
        "/users/presence?user_ids=99999999999999999999",
        "/feed/listeners?page=two",
        "/feed/listeners?online_only=perhaps",
        "/feed/listeners?min_rating=high",
        "/feed/listeners?min_rating=NaN",
        "/feed/listeners?language=%00",
    ] {
        app.get(path, &person.access).await.refused(422, "validation_error");
    }
    let many: Vec<String> = (0..501).map(|id| id.to_string()).collect();
    app.get(&format!("/users/presence?user_ids={}", many.join(",")), &person.access)
        .await
        .refused(422, "validation_error");
    app.get("/users/-5/presence", &person.access).await.refused(404, "not_found");
    for body in [json!({"is_online": "yes"}), json!({"busy_until": "tomorrow"}), json!([])] {
        app.put("/users/me/status", &person.access, &body).await.refused(422, "validation_error");
    }
    let far = json!({"is_busy": true, "busy_until": "+262000-01-01T00:00:00Z"});
    let answer = app.put("/users/me/status", &person.access, &far).await;
    assert!(answer.status == 422, "{} {}", answer.status, answer.text);
}

#[tokio::test]
async fn unknown_paths_and_methods_have_the_same_shape() {
    let app = TestApp::start().await;
    app.request(Method::GET, "/nowhere").send().await.refused(404, "not_found");
    app.request(Method::PATCH, "/users/me").send().await.refused(405, "method_not_allowed");
    app.request(Method::GET, "/auth/verify").send().await.refused(405, "method_not_allowed");
}
