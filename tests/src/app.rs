//! One node of the server in this process.

use std::{
    collections::HashMap,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use reqwest::Method;
use saathii_sdk::{
    NewUser,
    types::{
        UserId,
        users::{Role, Sex},
    },
};
use saathii_server::{
    account::{self, DashboardRole, RightsChange},
    app::App,
    audit::Actor,
    config::{Config, LogFormat},
    infra::{
        clock::Clock,
        stores::{Purpose, Stores},
        telemetry,
    },
    phone::Phone,
    state::AppState,
    users,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    client::{Answer, Request},
    device::Person,
    sms::Phones,
    socket::Socket,
    stores,
};

pub const SECRET: &str = "a-secret-of-the-tests-0123456789-abcdefgh";

/// 32 bytes in base64.
pub const PAYOUT_KEY: &str = "YS1rZXktb2YtdGhlLXRlc3RzLTMyLWJ5dGVzLWxvbmc=";

pub(crate) static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "a failing test is run again with its log")]
    if std::env::var("RUST_LOG").is_ok() {
        telemetry::init_logs(LogFormat::Pretty);
    }
    telemetry::init_metrics().expect("metrics")
});

/// Phones are never used twice, whatever tests share.
static NEXT_PHONE: AtomicU64 = AtomicU64::new(9_100_000_000);

const ANY_PORT: &str = "127.0.0.1:0";

/// One node.
pub struct TestApp {
    pub base: String,
    pub state: AppState,
    pub clock: Clock,
    pub phones: Phones,
    /// Every route, for whoever serves them once more.
    pub router: axum::Router,
    vars: HashMap<String, String>,
    served: JoinHandle<anyhow::Result<()>>,
}

/// A node that went down.
pub struct StoppedApp {
    address: String,
    clock: Clock,
    phones: Phones,
    vars: HashMap<String, String>,
}

impl StoppedApp {
    /// Comes back at the same address, on the same stores.
    pub async fn start(self) -> TestApp {
        Box::pin(TestApp::start_node(self.vars, self.clock, self.phones, &self.address)).await
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// On the system's clock, for clients that bring their own.
    pub async fn start_in_real_time() -> Self {
        Self::start_at(Clock::system(), &[]).await
    }

    /// At the present moment, which then stands still until it is moved: for clients with clocks of their own whose
    /// minutes are billed.
    pub async fn start_at_present() -> Self {
        Self::start_at(Clock::manual(Clock::system().now()), &[]).await
    }

    /// With these variables beside or instead of the usual ones.
    pub async fn start_with(vars: &[(&str, &str)]) -> Self {
        let begin: DateTime<Utc> = "2026-01-15T10:30:00Z".parse().expect("a time");
        Self::start_at(Clock::manual(begin), vars).await
    }

    async fn start_at(clock: Clock, vars: &[(&str, &str)]) -> Self {
        let own = stores::own().await;
        let phones = Phones::default();
        let webhook = phones.listen().await;
        let usual = [
            ("DATABASE_URL", own.database_url.as_str()),
            ("DATABASE_MAX_CONNECTIONS", "6"),
            ("REDIS_URL", own.redis_url.expose_secret()),
            ("REDIS_PREFIX", &own.redis_prefix),
            ("S3_ENDPOINT_URL", &own.s3.endpoint_url),
            ("AWS_ACCESS_KEY_ID", &own.s3.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", own.s3.secret_access_key.expose_secret()),
            ("AWS_REGION", &own.s3.region),
            ("S3_BUCKET_NAME", &own.bucket),
            ("JWT_SECRET_KEY", SECRET),
            ("PAYOUT_ENCRYPTION_KEY", PAYOUT_KEY),
            // By name, for the tests of production.
            ("PAYMENT_PROVIDER", "sandbox"),
            ("OTP_SENDER", "http"),
            ("SMS_WEBHOOK_URL", &webhook),
        ];
        let all = usual.iter().chain(vars).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        // Boxed: a whole server is large for a test's stack.
        Box::pin(Self::start_node(all, clock, phones, ANY_PORT)).await
    }

    /// Another node on the same stores and the same time.
    pub async fn another_node(&self) -> Self {
        self.another_node_with(&[]).await
    }

    pub async fn another_node_with(&self, vars: &[(&str, &str)]) -> Self {
        let mut all = self.vars.clone();
        all.extend(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Box::pin(Self::start_node(all, self.clock.clone(), self.phones.clone(), ANY_PORT)).await
    }

    /// Goes down and comes back at the same address.
    pub async fn restart(self) -> Self {
        self.go_down().await.start().await
    }

    /// Goes down in order, and may come back.
    pub async fn go_down(self) -> StoppedApp {
        let address = self.base.trim_start_matches("http://").to_owned();
        let (vars, clock, phones) = (self.vars.clone(), self.clock.clone(), self.phones.clone());
        self.stop().await;
        StoppedApp { address, clock, phones, vars }
    }

    async fn start_node(vars: HashMap<String, String>, clock: Clock, phones: Phones, address: &str) -> Self {
        let config = Config::read(vars.clone()).unwrap_or_else(|error| panic!("{error}"));
        let secret: SecretString = config.tokens.secret.clone().expect("JWT_SECRET_KEY");
        let given = Stores::open(&config, Purpose::Serve).await.expect("the stores");
        let app = App::start(config, &given, &secret, clock.clone(), METRICS.clone()).await.expect("the app starts");
        let listener = TcpListener::bind(address).await.expect("the port");
        let base = format!("http://{}", listener.local_addr().expect("a port"));
        let (state, router) = (app.state.clone(), app.router());
        let served = tokio::spawn(app.serve(listener));
        Self { base, state, clock, phones, router, vars, served }
    }

    /// Goes down in order, and returns when all is done.
    pub async fn stop(self) {
        self.state.shutdown.cancel();
        self.served.await.expect("no panic").expect("the app ends in order");
    }

    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(method, format!("{}{path}", self.base))
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::POST, path).json(body).send().await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.request(Method::GET, path).bearer(token).send().await
    }

    pub async fn put(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.request(Method::PUT, path).bearer(token).json(body).send().await
    }

    /// A valid phone that nobody has.
    pub fn new_phone(&self) -> String {
        format!("+91{}", NEXT_PHONE.fetch_add(1, Ordering::Relaxed))
    }

    /// A POST of `/auth/verify` by hand.
    pub async fn verify(&self, phone: &str, otp: &str) -> Answer {
        self.post("/auth/verify", &json!({"phone": phone, "otp": otp})).await
    }

    /// What registers a phone that nobody has, for requests by hand.
    pub async fn registration_token(&self) -> String {
        let phone = self.new_phone();
        self.request_otp(&phone).await.expect("a code is sent");
        self.verify(&phone, &self.phones.last_code(&phone)).await.token("registration_token")
    }

    /// A new person with this role.
    pub async fn register(&self, username: &str, role: &str) -> Person {
        let role = match role {
            "user" => Role::User,
            "listener" => Role::Listener,
            _ => panic!("nobody registers as {role}"),
        };
        self.register_with(NewUser { role: Some(role), ..NewUser::new(username, Sex::Female) }).await
    }

    /// A new listener who may be listed and called.
    pub async fn register_listener(&self, username: &str) -> Person {
        self.register_listener_with(NewUser::new(username, Sex::Female)).await
    }

    pub async fn register_listener_with(&self, user: NewUser) -> Person {
        let listener = self.register_with(NewUser { role: Some(Role::Listener), ..user }).await;
        self.verify_listener(listener.id).await;
        listener
    }

    /// As a review does, without a sample.
    pub async fn verify_listener(&self, listener: i64) {
        let mut db = self.state.db.acquire().await.expect("a connection");
        let now = Some(self.clock.now());
        users::set_verified(&mut db, UserId(listener), now).await.expect("the listener is verified");
    }

    /// An account with the role admin.
    pub async fn register_admin(&self, username: &str) -> Person {
        let person = self.register(username, "user").await;
        assert!(self.set_admin(&person.phone, true).await);
        self.sign_in(&person.phone).await
    }

    /// As `saathii admin grant` and `revoke` do; false where nothing changed.
    pub async fn set_admin(&self, phone: &str, grants: bool) -> bool {
        self.change_rights(phone, RightsChange { role: DashboardRole::Admin, grants }).await
    }

    pub async fn grant_viewer(&self, phone: &str) -> bool {
        self.change_rights(phone, RightsChange { role: DashboardRole::Viewer, grants: true }).await
    }

    async fn change_rights(&self, phone: &str, change: RightsChange) -> bool {
        let phone = Phone::parse(phone, "IN").expect("a phone");
        let changed = account::change_rights_by_phone(&self.state, Actor::CommandLine, &phone, change).await;
        changed.expect("Postgres answers")
    }

    /// A refresh by hand.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/auth/refresh", &json!({"refresh_token": token})).await
    }

    /// A POST of somebody's that may bear an `Idempotency-Key`.
    pub async fn send(&self, path: &str, person: &Person, body: &Value, key: Option<&str>) -> Answer {
        let request = self.request(Method::POST, path).bearer(&person.access).json(body);
        match key {
            Some(key) => request.header("idempotency-key", key).send().await,
            None => request.send().await,
        }
    }

    /// Waits until this node holds so many sockets.
    pub async fn socket_count_becomes(&self, count: usize) {
        let begun = std::time::Instant::now();
        while self.state.hub.socket_count() != count {
            assert!(begun.elapsed().as_secs() < 10, "{} sockets", self.state.hub.socket_count());
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    pub fn socket_url(&self, path: &str) -> String {
        format!("{}{path}", self.base.replacen("http", "ws", 1))
    }

    /// `person`'s socket at `path`, greeted.
    pub async fn socket(&self, path: &str, person: &Person) -> Socket {
        let url = self.socket_url(&format!("{path}?token={}", person.access));
        let mut socket = Socket::open(&url, &[]).await.expect("the socket opens");
        let greeting = socket.next().await;
        assert_eq!(greeting["type"], "connection_established", "{greeting}");
        assert_eq!(greeting["user_id"], person.id, "{greeting}");
        socket
    }
}
