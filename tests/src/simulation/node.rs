//! A node whose time is moved from outside, and whose way to Postgres can be cut and held.

use std::collections::HashMap;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request as HttpRequest, header},
};
use chrono::TimeDelta;
use saathii_server::{
    app::App,
    calls,
    config::Config,
    infra::{
        clock::Clock,
        stores::{Purpose, Stores},
    },
    presence,
    state::AppState,
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    link::Link,
    refund,
    request::{Answer, Operation, Request},
    state::Micros,
};
use crate::app::METRICS;

const ANEW: usize = 4;

pub(super) struct Node {
    pub(super) name: char,
    pub(super) clock: Clock,
    pub(super) link: Link,
    vars: HashMap<String, String>,
    deaths: usize,
    /// None before its start.
    app: Option<(App, Router)>,
}

/// What an operation needs of a node, to run beside whoever watches the node.
#[derive(Clone)]
pub(super) struct Hands {
    state: AppState,
    router: Router,
}

impl Node {
    /// Not started yet.
    pub(super) fn new(name: char, clock: Clock, link: Link, vars: HashMap<String, String>) -> Self {
        Self { name, clock, link, vars, deaths: 0, app: None }
    }

    /// Starts it, or starts it again.
    pub(super) async fn start(&mut self) {
        let config = Config::read(self.vars.clone()).unwrap_or_else(|error| panic!("{error}"));
        let secret = config.tokens.secret.clone().expect("JWT_SECRET_KEY");
        let stores = Stores::open(&config, Purpose::Serve).await.expect("the stores");
        self.link.mend();
        let app = App::start_still(config, &stores, &secret, self.clock.clone(), METRICS.clone()).await;
        let app = app.expect("the node starts");
        let router = app.router();
        self.app = Some((app, router));
    }

    /// After its link was cut. To the database a process that died and one that lost its connections are the same, and
    /// the engine keeps nothing between operations; so only every fourth is really another process, which takes longer.
    pub(super) async fn recover(&mut self) {
        self.deaths += 1;
        match &self.app {
            Some((app, _)) if !self.deaths.is_multiple_of(ANEW) => {
                while let Some(dead) = app.state.db.try_acquire() {
                    drop(dead.detach());
                }
                self.link.mend();
            }
            _ => self.start().await,
        }
    }

    pub(super) async fn stop(&mut self) {
        if let Some((app, _)) = self.app.take() {
            app.state.db.close().await;
        }
    }

    pub(super) fn now(&self) -> Micros {
        self.clock.now().timestamp_micros()
    }

    pub(super) fn advance(&self, by: Micros) {
        self.clock.advance(TimeDelta::microseconds(by));
    }

    pub(super) fn hands(&self) -> Hands {
        let (app, router) = self.app.as_ref().expect("the node runs");
        Hands { state: app.state.clone(), router: router.clone() }
    }

    /// Whether no connection is lent out, and so nothing of an operation is left to do: a transaction that was given up
    /// is rolled back after its answer.
    pub(super) fn is_idle(&self) -> bool {
        let Some((app, _)) = &self.app else { return true };
        app.state.db.num_idle() == app.state.db.size() as usize
    }
}

impl Hands {
    /// Does it and says what came of it.
    pub(super) async fn perform(self, request: Request, token: Option<String>) -> Answer {
        let failed = |error: sqlx::Error| Answer::refused(503, &error.to_string());
        match request.operation {
            Operation::Tick => calls::tick(&self.state).await.map_or_else(failed, |_| Answer::ok()),
            Operation::Reap => calls::reap(&self.state).await.map_or_else(failed, |_| Answer::ok()),
            Operation::Sweep => {
                presence::sweep(&self.state).await.map_or_else(|_| Answer::refused(503, ""), |()| Answer::ok())
            }
            Operation::Refund { payment } => refund::perform(&self.state, payment).await.unwrap_or_else(failed),
            _ => self.ask(&request, &token.expect("a login")).await,
        }
    }

    async fn ask(self, request: &Request, token: &str) -> Answer {
        let (method, path, body) = route(&request.operation);
        let mut http = HttpRequest::builder().method(method).uri(path);
        http = http.header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(key) = &request.key {
            http = http.header("idempotency-key", key);
        }
        let http = match body {
            Some(body) => http.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => http.body(Body::empty()),
        };
        let Ok(response) = self.router.oneshot(http.expect("a request")).await;
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("an answer");
        Answer::read(status, &serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

/// Where an app sends it.
fn route(operation: &Operation) -> (Method, String, Option<Value>) {
    match operation {
        Operation::Start { listener, video, .. } => {
            let call_type = if *video { "video" } else { "audio" };
            let body = json!({"listener_id": listener, "call_type": call_type});
            (Method::POST, "/calls/start".to_owned(), Some(body))
        }
        Operation::Bill { call, .. } => (Method::POST, format!("/calls/bill-minute/{call}"), None),
        Operation::End { call, emergency: false, .. } => {
            (Method::POST, "/calls/end".to_owned(), Some(json!({"call_id": call, "reason": "completed"})))
        }
        Operation::End { call, .. } => (Method::POST, format!("/calls/emergency-end/{call}"), None),
        Operation::Beat { .. } => (Method::POST, "/users/me/heartbeat".to_owned(), None),
        Operation::Delete { .. } => (Method::DELETE, "/users/me".to_owned(), None),
        Operation::Recharge { coins, .. } => {
            (Method::POST, "/calls/recharge".to_owned(), Some(json!({"amount_rupees": coins})))
        }
        Operation::Withdraw { amount, .. } => {
            (Method::POST, "/wallet/withdraw".to_owned(), Some(json!({"amount": amount})))
        }
        Operation::Approve { withdrawal } => (Method::POST, format!("/admin/withdrawals/{withdrawal}/approve"), None),
        Operation::Pay { withdrawal } => {
            let body = json!({"payout_reference": "UTR 1"});
            (Method::POST, format!("/admin/withdrawals/{withdrawal}/pay"), Some(body))
        }
        Operation::Reject { withdrawal } => {
            let body = json!({"remarks": "wrong account"});
            (Method::POST, format!("/admin/withdrawals/{withdrawal}/reject"), Some(body))
        }
        other => unreachable!("{other:?} is not asked by HTTP"),
    }
}
