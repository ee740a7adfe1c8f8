//! Probes, metrics, request ids, CORS.

use std::time::Duration;

use reqwest::Method;
use saathii_server::app::App;
use serde_json::json;
use tests::TestApp;
use tokio::task::JoinSet;

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

#[tokio::test]
async fn requests_in_hand_finish_while_the_server_goes_down() {
    let app = TestApp::start_with(&[("SHUTDOWN_DELAY_SECONDS", "1")]).await;
    let person = app.register("busy", "user").await;
    let mut senders = JoinSet::new();
    for _ in 0..8 {
        let (base, access) = (app.base.clone(), person.access.clone());
        senders.spawn(async move {
            let mut answers = Vec::new();
            loop {
                let beat =
                    tests::client::Request::new(Method::POST, format!("{base}/users/me/heartbeat")).bearer(&access);
                // Nobody listens any more: the end.
                let Some(answer) = beat.try_send().await else { return answers };
                answers.push(answer.status.as_u16());
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let state = app.state.clone();
    let down = tokio::spawn(async move { App::go_down(&state).await });
    while app.request(Method::GET, "/readyz").send().await.json()["draining"] != json!(true) {}
    person.client.users().me().await.unwrap();
    down.await.unwrap();
    app.stop().await;
    let answers: Vec<u16> = senders.join_all().await.into_iter().flatten().collect();
    assert!(answers.len() > 8 && answers.iter().all(|status| *status == 200), "{answers:?}");
}
