//! A phone network in this process: takes what the server sends by its HTTP sender.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use tokio::net::TcpListener;

#[derive(Clone, Default)]
pub struct Phones {
    received: Arc<Mutex<HashMap<String, Vec<String>>>>,
    broken: Arc<std::sync::atomic::AtomicBool>,
}

impl Phones {
    /// Serves until the test's runtime ends; returns the webhook's URL.
    pub async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("a port");
        let router = Router::new().route("/sms", post(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/sms")
    }

    /// Every code that arrived at `phone`, the latest last.
    pub fn codes(&self, phone: &str) -> Vec<String> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).get(phone).cloned().unwrap_or_default()
    }

    pub fn last_code(&self, phone: &str) -> String {
        self.codes(phone).pop().unwrap_or_else(|| panic!("nothing was sent to {phone}"))
    }

    /// From now on the network answers 500.
    pub fn break_down(&self) {
        self.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

async fn receive(State(phones): State<Phones>, body: String) -> StatusCode {
    if phones.broken.load(std::sync::atomic::Ordering::SeqCst) {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let sms: serde_json::Value = serde_json::from_str(&body).expect("the sender sends JSON");
    let field = |name: &str| sms[name].as_str().expect("the sender sends every field").to_owned();
    assert!(field("message").contains(&field("otp")), "the message says the code");
    phones
        .received
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(field("phone"))
        .or_default()
        .push(field("otp"));
    StatusCode::OK
}
