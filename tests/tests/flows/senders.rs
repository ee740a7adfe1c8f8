//! The SMS providers, each by a local fake that keeps what it was sent.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
};
use serde_json::{Value, json};
use tests::TestApp;
use tokio::net::TcpListener;

#[derive(Debug, Clone)]
struct Sent {
    path: String,
    headers: axum::http::HeaderMap,
    body: String,
}

/// A provider that takes everything; what it took, and its URL.
async fn provider() -> (Arc<Mutex<Vec<Sent>>>, String) {
    async fn take(State(taken): State<Arc<Mutex<Vec<Sent>>>>, request: Request) -> StatusCode {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 65_536).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        taken.lock().unwrap().push(Sent { path: parts.uri.path().to_owned(), headers: parts.headers, body });
        StatusCode::CREATED
    }
    let taken = Arc::<Mutex<Vec<Sent>>>::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(take).with_state(taken.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (taken, url)
}

#[tokio::test]
async fn twilio_gets_a_form_with_basic_auth() {
    let (taken, url) = provider().await;
    let vars = [
        ("OTP_SENDER", "twilio"),
        ("TWILIO_API_URL", url.as_str()),
        ("TWILIO_ACCOUNT_SID", "AC123"),
        ("TWILIO_AUTH_TOKEN", "token"),
        ("TWILIO_FROM", "+15005550006"),
    ];
    let app = TestApp::start_with(&vars).await;
    let phone = app.new_phone();
    let asked = app.request_otp(&phone).await.unwrap();
    let sent = taken.lock().unwrap().pop().unwrap();
    assert_eq!(sent.path, "/2010-04-01/Accounts/AC123/Messages.json");
    assert_eq!(sent.headers["authorization"], "Basic QUMxMjM6dG9rZW4=");
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(sent.body.as_bytes()).into_owned().collect();
    assert_eq!(fields[0], ("To".to_owned(), phone.clone()));
    assert_eq!(fields[1], ("From".to_owned(), "+15005550006".to_owned()));
    let code: String = fields[2].1.chars().take(6).collect();
    asked.verify(&code).await.unwrap();
}

#[tokio::test]
async fn msg91_gets_json_with_its_key() {
    let (taken, url) = provider().await;
    let vars = [
        ("OTP_SENDER", "msg91"),
        ("MSG91_API_URL", url.as_str()),
        ("MSG91_AUTH_KEY", "key"),
        ("MSG91_TEMPLATE_ID", "template"),
    ];
    let app = TestApp::start_with(&vars).await;
    let phone = app.new_phone();
    let asked = app.request_otp(&phone).await.unwrap();
    let sent = taken.lock().unwrap().pop().unwrap();
    assert_eq!((sent.path.as_str(), &sent.headers["authkey"]), ("/api/v5/otp", &"key".parse().unwrap()));
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    let code = body["otp"].as_str().unwrap();
    let expected =
        json!({"template_id": "template", "mobile": phone.trim_start_matches('+'), "otp": code, "otp_expiry": 5});
    assert_eq!(body, expected);
    asked.verify(code).await.unwrap();
}

#[tokio::test]
async fn a_webhook_gets_its_token_as_bearer() {
    let (taken, url) = provider().await;
    let url = format!("{url}/hook?secret=1");
    let app = TestApp::start_with(&[("SMS_WEBHOOK_URL", &url), ("SMS_WEBHOOK_TOKEN", "sesame")]).await;
    app.request_otp(&app.new_phone()).await.unwrap();
    let sent = taken.lock().unwrap().pop().unwrap();
    assert_eq!((sent.path.as_str(), &sent.headers["authorization"]), ("/hook", &"Bearer sesame".parse().unwrap()));
}
