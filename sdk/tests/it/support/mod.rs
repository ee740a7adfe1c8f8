//! A server whose every answer the test decides.

mod clock;
mod peer;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, WebSocketUpgrade},
    http::{HeaderMap, Response, header::CONTENT_TYPE},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use saathii_sdk::{Client, ClientBuilder, RetryPolicy, TokenStore, Tokens};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc, watch},
};

pub(crate) use self::{
    clock::{Clock, soon},
    peer::Peer,
};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// `POST /auth/refresh`.
    pub(crate) what: String,
    pub(crate) query: String,
    pub(crate) token: Option<String>,
    /// The `Idempotency-Key`.
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) raw: Bytes,
    /// The server's own address.
    pub(crate) host: String,
    /// How many of the same kind came before.
    pub(crate) earlier: usize,
}

pub(crate) enum Answer {
    Json(u16, Value),
    /// Not of this API.
    Page(u16),
    /// Not of this API either.
    Text(u16, &'static str),
    /// The server did it, and the connection breaks before its answer is through.
    Lost,
    /// No answer, ever.
    Silence,
    /// As the other, once the gate is open.
    Behind(Arc<Semaphore>, Box<Answer>),
}

pub(crate) fn ok(value: Value) -> Answer {
    Answer::Json(200, value)
}

pub(crate) fn done() -> Answer {
    ok(json!({"message": "Done"}))
}

pub(crate) fn refused(status: u16, code: &str) -> Answer {
    Answer::Json(status, json!({"detail": code, "code": code}))
}

pub(crate) fn gate() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    arrivals: watch::Sender<()>,
    sockets: tokio::sync::Mutex<mpsc::UnboundedReceiver<Peer>>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), answer)
    }

    pub(crate) fn on(listener: TcpListener, answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (peers, sockets) = mpsc::unbounded_channel();
        let arrivals = watch::Sender::new(());
        let (log, arrived, answer) = (seen.clone(), arrivals.clone(), Arc::new(answer));
        let requests = move |request: Request| {
            let (log, arrived, answer) = (log.clone(), arrived.clone(), answer.clone());
            async move {
                let seen = record(&log, request).await;
                arrived.send_replace(());
                respond(answer(&seen)).await
            }
        };
        let open = move |upgrade: WebSocketUpgrade, headers: HeaderMap, request: Request| async move {
            let (uri, token) = (request.uri().to_string(), bearer(&headers));
            upgrade.on_upgrade(move |socket| async move {
                let (peer, closed) = Peer::new(socket, uri, token);
                let _ = peers.send(peer);
                closed.await;
            })
        };
        let router = Router::new().route("/ws/{topic}", axum::routing::get(open)).fallback(requests);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen, arrivals, sockets: tokio::sync::Mutex::new(sockets) }
    }

    pub(crate) fn seen(&self, what: &str) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.what == what).cloned().collect()
    }

    /// Waits for so many requests of that kind.
    pub(crate) async fn sees(&self, what: &str, count: usize) {
        soon(async {
            let mut arrivals = self.arrivals.subscribe();
            while self.seen(what).len() < count {
                arrivals.changed().await.unwrap();
            }
        })
        .await;
    }

    /// The next socket that the client opens.
    pub(crate) async fn accept(&self) -> Peer {
        soon(async { self.sockets.lock().await.recv().await.unwrap() }).await
    }

    /// With short waits.
    pub(crate) fn client(&self) -> ClientBuilder {
        let retry = RetryPolicy { first_delay: Duration::from_millis(1), ..RetryPolicy::default() };
        Client::builder().base_url(&self.url).retry(retry)
    }

    /// Signed in with these tokens.
    pub(crate) fn signed_in(&self, access_token: &str) -> Client {
        self.client().token_store(stored(access_token)).build().unwrap()
    }
}

async fn record(log: &Mutex<Vec<Seen>>, request: Request) -> Seen {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let what = format!("{} {}", parts.method, parts.uri.path());
    let mut log = log.lock().unwrap();
    let seen = Seen {
        earlier: log.iter().filter(|seen| seen.what == what).count(),
        what,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        token: bearer(&parts.headers),
        key: header(&parts.headers, "idempotency-key"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        raw: body,
        host: header(&parts.headers, "host").unwrap_or_default(),
    };
    log.push(seen.clone());
    seen
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    Some(header(headers, "authorization")?.strip_prefix("Bearer ")?.to_owned())
}

async fn respond(mut answer: Answer) -> Response<Body> {
    while let Answer::Behind(gate, behind) = answer {
        gate.acquire().await.unwrap().forget();
        answer = *behind;
    }
    let response =
        |status, kind, body| Response::builder().status(status).header(CONTENT_TYPE, kind).body(body).unwrap();
    match answer {
        Answer::Json(status, value) => response(status, "application/json", value.to_string().into()),
        Answer::Page(status) => response(status, "text/html", "<html>".into()),
        Answer::Text(status, text) => response(status, "application/xml", text.into()),
        Answer::Lost => {
            let broken = futures_util::stream::iter([Ok(Bytes::from("{")), Err("the wire is cut")]);
            response(200, "application/json", Body::from_stream(broken))
        }
        Answer::Silence | Answer::Behind(..) => std::future::pending().await,
    }
}

/// A token with a name in it, that lives so many seconds.
pub(crate) fn access(name: &str, lifetime: u64) -> String {
    let claims = json!({"sub": name, "iat": 1_000_000, "exp": 1_000_000 + lifetime});
    format!("e30.{}.{name}", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
}

pub(crate) fn pair(name: &str) -> Value {
    json!({"access_token": access(name, 1800), "refresh_token": format!("r-{name}")})
}

/// Tokens in a store, as a start finds them.
pub(crate) fn stored(access_token: &str) -> impl TokenStore + use<> {
    let store = saathii_sdk::MemoryStore::new();
    store.save(&tokens(access_token, u64::MAX)).unwrap();
    store
}

pub(crate) fn tokens(access_token: &str, access_ends_at: u64) -> Tokens {
    Tokens { access_token: access_token.into(), refresh_token: "r-0".into(), access_ends_at: Some(access_ends_at) }
}

/// A listener's card.
pub(crate) fn card(id: i64, rating: f64, is_available: bool) -> Value {
    let mut card = status(id, is_available);
    let rest = HashMap::from([
        ("sex", json!("female")),
        ("bio", json!(null)),
        ("interests", json!([])),
        ("preferred_language", json!("en")),
        ("rating", json!(rating)),
        ("country", json!("IN")),
        ("roles", json!(["listener"])),
    ]);
    for (name, value) in rest {
        card[name] = value;
    }
    card
}

/// Somebody's presence, online.
pub(crate) fn status(id: i64, is_available: bool) -> Value {
    json!({
        "user_id": id, "username": format!("u{id}"), "profile_image_url": null, "is_online": true,
        "last_seen": "2024-01-15T10:30:00Z", "is_busy": !is_available, "busy_until": null,
        "is_available": is_available
    })
}
