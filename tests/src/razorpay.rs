//! A Razorpay on this machine: makes orders, and signs what it says, as documented.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use saathii_sdk::types::payments::VerifyRecharge;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::{app::TestApp, client::Answer};

const KEY_ID: &str = "rzp_test_1234";
const KEY_SECRET: &str = "key-secret-of-the-tests";
const WEBHOOK_SECRET: &str = "webhook-secret-of-the-tests";

#[derive(Default)]
struct Made {
    /// As they were asked for.
    orders: Mutex<Vec<Value>>,
    is_down: AtomicBool,
}

pub struct Razorpay {
    url: String,
    made: Arc<Made>,
}

impl Razorpay {
    pub async fn start() -> Self {
        let made = Arc::<Made>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("a port"));
        let router = Router::new().route("/v1/orders", post(make_order)).with_state(made.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, made }
    }

    /// A node that sells through it.
    pub async fn sell(&self) -> TestApp {
        TestApp::start_with(&[
            ("PAYMENT_PROVIDER", "razorpay"),
            ("RAZORPAY_API_URL", &self.url),
            ("RAZORPAY_KEY_ID", KEY_ID),
            ("RAZORPAY_KEY_SECRET", KEY_SECRET),
            ("RAZORPAY_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ])
        .await
    }

    pub fn orders(&self) -> Vec<Value> {
        self.made.orders.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on every order is 502.
    pub fn set_down(&self, is_down: bool) {
        self.made.is_down.store(is_down, Ordering::SeqCst);
    }
}

async fn make_order(State(made): State<Arc<Made>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let expected = format!("Basic {}", BASE64.encode(format!("{KEY_ID}:{KEY_SECRET}").as_bytes()));
    if headers.get("authorization").is_none_or(|given| given.as_bytes() != expected.as_bytes()) {
        let error = json!({"error": {"code": "BAD_REQUEST_ERROR", "description": "Authentication failed"}});
        return (StatusCode::UNAUTHORIZED, error.to_string());
    }
    if made.is_down.load(Ordering::SeqCst) {
        return (StatusCode::BAD_GATEWAY, json!({"error": {"code": "GATEWAY_ERROR"}}).to_string());
    }
    let asked: Value = serde_json::from_slice(&body).expect("JSON");
    let mut orders = made.orders.lock().unwrap_or_else(PoisonError::into_inner);
    orders.push(asked.clone());
    let order = json!({
        "id": format!("order_{:014}", orders.len()), "entity": "order", "amount": asked["amount"], "amount_paid": 0,
        "amount_due": asked["amount"], "currency": asked["currency"], "receipt": asked["receipt"],
        "status": "created", "attempts": 0, "notes": [], "created_at": 1_768_473_000
    });
    (StatusCode::OK, order.to_string())
}

fn sign(secret: &str, message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(message);
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// What the checkout hands to the app.
pub fn checkout(order: &str, payment: &str) -> VerifyRecharge {
    VerifyRecharge {
        razorpay_order_id: order.to_owned(),
        razorpay_payment_id: payment.to_owned(),
        razorpay_signature: sign(KEY_SECRET, format!("{order}|{payment}").as_bytes()),
    }
}

/// The signature of a webhook's body.
pub fn signature(body: &str) -> String {
    sign(WEBHOOK_SECRET, body.as_bytes())
}

fn payment_entity(order: &str, payment: &str, paise: i64, status: &str) -> Value {
    json!({"entity": {
        "id": payment, "entity": "payment", "amount": paise, "currency": "INR", "status": status, "order_id": order,
        "invoice_id": null, "international": false, "method": "upi", "amount_refunded": 0, "refund_status": null,
        "captured": status == "captured", "vpa": "payer@okbank", "notes": [], "created_at": 1_768_473_010
    }})
}

fn event(name: &str, payload: &Value) -> String {
    json!({
        "entity": "event", "account_id": "acc_1234", "event": name,
        "contains": payload.as_object().map(|parts| parts.keys().cloned().collect::<Vec<_>>()),
        "payload": payload, "created_at": 1_768_473_020
    })
    .to_string()
}

pub fn captured(order: &str, payment: &str, paise: i64) -> String {
    event("payment.captured", &json!({"payment": payment_entity(order, payment, paise, "captured")}))
}

pub fn order_paid(order: &str, payment: &str, paise: i64) -> String {
    let entity = json!({"entity": {"id": order, "entity": "order", "amount": paise, "amount_paid": paise,
        "amount_due": 0, "currency": "INR", "status": "paid", "attempts": 1, "notes": []}});
    event("order.paid", &json!({"payment": payment_entity(order, payment, paise, "captured"), "order": entity}))
}

pub fn failed(order: &str, payment: &str, paise: i64) -> String {
    event("payment.failed", &json!({"payment": payment_entity(order, payment, paise, "failed")}))
}

pub fn refunded(order: &str, payment: &str, refund: &str, paise: i64) -> String {
    let entity = json!({"entity": {"id": refund, "entity": "refund", "amount": paise, "currency": "INR",
        "payment_id": payment, "notes": [], "receipt": null, "status": "processed", "created_at": 1_768_473_030}});
    event("refund.processed", &json!({"refund": entity, "payment": payment_entity(order, payment, 15_000, "refunded")}))
}

impl TestApp {
    /// A webhook as Razorpay sends it.
    pub async fn deliver(&self, body: &str) -> Answer {
        self.deliver_signed(body, &signature(body)).await
    }

    pub async fn deliver_signed(&self, body: &str, signature: &str) -> Answer {
        let request = self.request(Method::POST, "/payments/razorpay/webhook");
        let request = request.body("application/json", body.to_owned());
        request.header("x-razorpay-signature", signature).header("x-razorpay-event-id", "evt_1").send().await
    }
}
