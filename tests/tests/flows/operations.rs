//! Probes, metrics, request ids, CORS.

use reqwest::Method;
use tests::TestApp;

#[tokio::test]
async fn probes_answer_and_name_what_is_down() {
    let app = TestApp::start_with(&[("S3_ENDPOINT_URL", "http://127.0.0.1:9")]).await;
    let live = app.request(Method::GET, "/livez").send().await;
    assert_eq!((live.status.as_u16(), live.text.as_str()), (200, "ok"));
    let ready = app.request(Method::GET, "/readyz").send().await.ok();
    assert_eq!(ready, serde_json::json!({"ready": true, "down": ["storage"], "draining": false}));
}

#[tokio::test]
async fn metrics_are_prometheus_text_and_may_ask_for_a_token() {
    let app = TestApp::start().await;
    app.register("counted", "user").await;
    let open = app.request(Method::GET, "/metrics").send().await;
    assert!(
        open.text.contains("http_request_duration_seconds_bucket{method=\"POST\",path=\"/auth/verify\""),
        "{}",
        open.text
    );
    let closed = app.another_node_with(&[("METRICS_TOKEN", "sesame")]).await;
    closed.request(Method::GET, "/metrics").send().await.refused(404, "not_found");
    closed.get("/metrics", "wrong").await.refused(404, "not_found");
    assert_eq!(closed.get("/metrics", "sesame").await.status, 200);
}

#[tokio::test]
async fn every_answer_bears_its_request_id() {
    let app = TestApp::start().await;
    let made = app.request(Method::GET, "/nowhere").send().await;
    assert_eq!(made.headers["x-request-id"].len(), 36);
    let given = app.request(Method::GET, "/livez").header("x-request-id", "from-the-proxy-1").send().await;
    assert_eq!(given.headers["x-request-id"], "from-the-proxy-1");
    let strange = app.request(Method::GET, "/livez").header("x-request-id", "a b\"c").send().await;
    assert_eq!(strange.headers["x-request-id"].len(), 36);
}

#[tokio::test]
async fn browsers_of_this_machine_may_call_and_others_not() {
    let app = TestApp::start().await;
    let preflight = async |app: &TestApp, origin: &str| {
        let request = app.request(Method::OPTIONS, "/users/me").header("origin", origin);
        let request = request
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "authorization");
        let answer = request.send().await;
        answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(preflight(&app, "http://localhost:19006").await.as_deref(), Some("http://localhost:19006"));
    assert_eq!(preflight(&app, "https://evil.example").await, None);
    let listed = app.another_node_with(&[("CORS_ORIGINS", "https://app.example")]).await;
    assert_eq!(preflight(&listed, "https://app.example").await.as_deref(), Some("https://app.example"));
    assert_eq!(preflight(&listed, "http://localhost:3000").await, None);
}
