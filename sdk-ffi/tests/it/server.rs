//! A server of a few lines, on a thread and a runtime of its own.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    thread,
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::{broadcast, watch},
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

const SOON: Duration = Duration::from_mins(1);

#[derive(Default)]
struct State {
    seen: Vec<(String, Value)>,
    is_hung_up: bool,
    is_burst_read: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait(&self, condition: impl Fn(&State) -> bool) {
        let state = self.state.lock().unwrap();
        let (_state, waited) = self.changed.wait_timeout_while(state, SOON, |state| !condition(state)).unwrap();
        assert!(!waited.timed_out(), "it did not happen");
    }
}

/// Some of what a host does concerns the whole process, and so all other tests.
static PROCESS: RwLock<()> = RwLock::new(());

enum Turn {
    #[expect(dead_code, reason = "held, not read")]
    Shared(RwLockReadGuard<'static, ()>),
    #[expect(dead_code, reason = "held, not read")]
    Alone(RwLockWriteGuard<'static, ()>),
}

pub(crate) struct Server {
    _turn: Turn,
    pub(crate) url: String,
    shared: Arc<Shared>,
    burst: watch::Sender<i64>,
    frames: broadcast::Sender<String>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_in(Turn::Shared(PROCESS.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// While it lives, no other test has one.
    pub(crate) fn start_alone() -> Self {
        Self::start_in(Turn::Alone(PROCESS.write().unwrap_or_else(PoisonError::into_inner)))
    }

    fn start_in(turn: Turn) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::<Shared>::default();
        let (burst, frames) = (watch::Sender::new(0), broadcast::Sender::new(16));
        let (served, bursts, said) = (shared.clone(), burst.subscribe(), frames.clone());
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, served.clone(), bursts.clone(), said.subscribe()));
                }
            });
        });
        Self { _turn: turn, url, shared, burst, frames }
    }

    pub(crate) fn body(&self, what: &str) -> Value {
        let state = self.shared.state.lock().unwrap();
        state.seen.iter().find(|(seen, _)| seen == what).expect("never asked").1.clone()
    }

    /// What was asked for, in order.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().seen.iter().map(|(seen, _)| seen.clone()).collect()
    }

    pub(crate) fn wait_for(&self, what: &str) {
        self.shared.wait(|state| state.seen.iter().any(|(seen, _)| seen == what));
    }

    pub(crate) fn wait_until_hung_up(&self) {
        self.shared.wait(|state| state.is_hung_up);
    }

    /// Says it on every socket that is there.
    pub(crate) fn say(&self, frame: &Value) {
        self.frames.send(frame.to_string()).unwrap();
    }

    /// Sends so many changes of presence once a socket is there.
    pub(crate) fn send_burst(&self, count: i64) {
        self.burst.send_replace(count);
    }

    pub(crate) fn wait_until_burst_is_read(&self) {
        self.shared.wait(|state| state.is_burst_read);
    }
}

async fn serve(
    mut stream: TcpStream,
    shared: Arc<Shared>,
    bursts: watch::Receiver<i64>,
    frames: broadcast::Receiver<String>,
) {
    let mut begin = [0; 8];
    while stream.peek(&mut begin).await.unwrap_or(0) < begin.len() {
        tokio::task::yield_now().await;
    }
    if begin.starts_with(b"GET /ws/") {
        serve_socket(stream, shared, bursts, frames).await;
        return;
    }
    let (what, body) = read_request(&mut stream).await;
    shared.change(|state| state.seen.push((what.clone(), body.clone())));
    if what == "GET /users/me" {
        // Never answered.
        while stream.read(&mut begin).await.is_ok_and(|read| read > 0) {}
        shared.change(|state| state.is_hung_up = true);
        return;
    }
    let (status, answer) = answer(&what, &body);
    let answer = answer.to_string();
    let length = answer.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all((head + &answer).as_bytes()).await.unwrap();
}

async fn read_request(stream: &mut TcpStream) -> (String, Value) {
    let mut bytes = Vec::new();
    loop {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "half a request");
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            let text = String::from_utf8_lossy(&bytes);
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let mut words = head.split([' ', '?']);
            let what = format!("{} {}", words.next().unwrap(), words.next().unwrap());
            return (what, serde_json::from_str(body).unwrap_or_default());
        }
    }
}

fn answer(what: &str, body: &Value) -> (u16, Value) {
    let refused = |status, code: &str| (status, json!({"detail": code, "code": code}));
    match what {
        "POST /auth/verify" if body["otp"] == "000000" => refused(400, "invalid_otp"),
        "POST /auth/verify" => (200, json!({"status": "needs_registration", "registration_token": "reg"})),
        "POST /auth/register" if body["username"] == "taken" => refused(409, "username_taken"),
        "POST /auth/register" => (200, json!({"access_token": "access-1", "refresh_token": "refresh-1"})),
        "PUT /users/me" => (200, profile()),
        "GET /feed/listeners" => (200, page()),
        "POST /calls/start" if body["listener_id"] == 404 => {
            (400, json!({"detail": "Insufficient coins", "code": "insufficient_coins", "required": 10, "available": 4}))
        }
        "POST /calls/start" => (
            200,
            json!({
                "call_id": 3, "message": "Call started successfully", "estimated_cost": 10, "remaining_coins": 40,
                "call_type": "audio", "listener_id": 8, "status": "ongoing"
            }),
        ),
        "POST /calls/end" => (
            200,
            json!({
                "call_id": 3, "message": "Call ended successfully", "duration_seconds": 61, "duration_minutes": 2,
                "coins_spent": 20, "user_money_spend": 20, "listener_money_earned": 30, "status": "completed"
            }),
        ),
        "POST /calls/recharge" if body["payment_method"] == "card" => (202, recharge(Some("order_1"))),
        "POST /calls/recharge" | "POST /calls/recharge/verify" => (200, recharge(None)),
        "POST /auth/refresh" => refused(401, "session_ended"),
        "GET /calls/status" => refused(401, "token_expired"),
        "GET /calls/ongoing" => (200, call()),
        "GET /calls/balance" => {
            (200, json!({"user_id": 7, "current_balance": 40, "total_earned": 50, "total_spent": 10}))
        }
        "GET /calls/rates" => (
            200,
            json!({
                "call_rates": {"audio": {"rate_per_minute": 10, "minimum_charge": 10}},
                "recharge_options": {"150": 300}, "listener_earnings": {"audio": 15}
            }),
        ),
        _ => (200, json!({"message": "Done"})),
    }
}

async fn serve_socket(
    stream: TcpStream,
    shared: Arc<Shared>,
    mut bursts: watch::Receiver<i64>,
    mut frames: broadcast::Receiver<String>,
) {
    let mut socket = accept_async(stream).await.unwrap();
    socket.next().await.unwrap().unwrap();
    let subscribed =
        json!({"type": "subscribed", "subscription": "feed", "epoch": "e", "offset": 5, "recovered": false});
    socket.send(Message::text(subscribed.to_string())).await.unwrap();
    socket.send(Message::text(change(1, 6))).await.unwrap();
    loop {
        tokio::select! {
            heard = socket.next() => match heard {
                Some(Ok(Message::Pong(_))) => shared.change(|state| state.is_burst_read = true),
                Some(Ok(_)) => {}
                _ => {
                    shared.change(|state| state.is_hung_up = true);
                    return;
                }
            },
            Ok(frame) = frames.recv() => socket.send(Message::text(frame)).await.unwrap(),
            Ok(()) = bursts.changed() => {
                let count = *bursts.borrow_and_update();
                for id in 0..count {
                    socket.feed(Message::text(change(id, 7 + id))).await.unwrap();
                }
                // Its pong says that everything before it was read.
                socket.send(Message::Ping("read?".into())).await.unwrap();
            }
        }
    }
}

fn change(id: i64, offset: i64) -> String {
    json!({"type": "user_status_update", "user_id": id, "offset": offset, "status": presence(id)}).to_string()
}

fn presence(id: i64) -> Value {
    json!({
        "user_id": id, "username": format!("u{id}"), "profile_image_url": null, "is_online": true,
        "last_seen": "2024-01-15T10:30:00Z", "is_busy": false, "busy_until": null, "is_available": true
    })
}

/// User 7 calls user 8.
fn call() -> Value {
    json!({
        "call_id": 3, "user_id": 7, "listener_id": 8, "call_type": "audio", "start_time": "2024-01-15T10:30:00Z",
        "end_time": null, "duration_seconds": 1, "duration_minutes": 1, "coins_spent": 10, "user_money_spend": 10,
        "listener_money_earned": 15, "status": "ongoing", "caller_username": "asha", "listener_username": "jane"
    })
}

fn recharge(order: Option<&str>) -> Value {
    let order = order.map(|order_id| {
        json!({
            "provider": "razorpay", "order_id": order_id, "key_id": "k", "amount_paise": 15000, "currency": "INR"
        })
    });
    json!({
        "transaction_id": "RCH_1", "amount_rupees": 150, "coins_added": 300, "new_balance": 340,
        "message": "Successfully recharged 300 coins for ₹150", "order": order
    })
}

fn profile() -> Value {
    json!({
        "user_id": 7, "phone": "+919876543210", "username": "asha", "sex": "female", "dob": "2000-01-31", "bio": null,
        "interests": [], "profile_image_url": null, "preferred_language": null, "rating": 0.0, "country": "IN",
        "roles": ["user"]
    })
}

fn page() -> Value {
    let mut card = presence(1);
    for (name, value) in [
        ("sex", json!("female")),
        ("bio", json!(null)),
        ("interests", json!([])),
        ("preferred_language", json!("en")),
        ("rating", json!(4.5)),
        ("country", json!("IN")),
        ("roles", json!(["listener"])),
    ] {
        card[name] = value;
    }
    json!({
        "listeners": [card], "total_count": 1, "online_count": 1, "available_count": 1, "page": 1, "per_page": 20,
        "has_next": false, "has_previous": false
    })
}
