//! `/livez`, `/readyz` and `/metrics`.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret;
use serde::Serialize;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Json, error};
use crate::state::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(check_liveness))
        .routes(routes!(check_readiness))
        .routes(routes!(render_metrics))
}

/// The process runs.
#[utoipa::path(get, path = "/livez", tag = "Operations", responses((status = 200, description = "Alive", body = String, example = json!("ok"))))]
async fn check_liveness() -> &'static str {
    "ok"
}

/// What this server needs, and whether it answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"ready": true, "down": [], "draining": false}))]
struct Readiness {
    ready: bool,
    /// Of `postgres`, `redis` and `storage`; without storage alone this server still takes requests.
    down: Vec<&'static str>,
    /// Going down; send nobody here.
    draining: bool,
}

const PATIENCE: Duration = Duration::from_secs(1);

/// How fast each store answered; `None`: not within a second.
#[derive(Debug, Clone, Copy)]
pub struct Health {
    pub postgres: Option<Duration>,
    pub redis: Option<Duration>,
    pub storage: Option<Duration>,
}

/// Asks all of them at once.
pub async fn probe(app: &AppState) -> Health {
    let (postgres, redis, storage) = tokio::join!(
        latency(sqlx::query("SELECT 1").execute(&app.db)),
        latency(app.redis.ping()),
        latency(app.objects.ping()),
    );
    Health { postgres, redis, storage }
}

async fn latency<T, E>(check: impl Future<Output = Result<T, E>>) -> Option<Duration> {
    let begun = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, check).await.ok()?;
    answer.is_ok().then(|| begun.elapsed())
}

/// Whether to send requests here; names what is down.
#[utoipa::path(get, path = "/readyz", tag = "Operations", responses(
    (status = 200, description = "Ready", body = Readiness),
    (status = 503, description = "Not ready", body = Readiness, example = json!({"ready": false, "down": ["redis"], "draining": false})),
))]
async fn check_readiness(State(app): State<AppState>) -> Response {
    let Health { postgres, redis, storage } = probe(&app).await;
    let checks = [("postgres", postgres), ("redis", redis), ("storage", storage)];
    let down = checks.iter().filter(|(_, latency)| latency.is_none()).map(|(name, _)| *name).collect();
    let draining = app.draining.is_cancelled();
    let ready = postgres.is_some() && redis.is_some() && !draining;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, down, draining })).into_response()
}

/// Prometheus metrics; asks for `METRICS_TOKEN` as a bearer token where one is set, and is closed in production without one.
#[utoipa::path(get, path = "/metrics", tag = "Operations", responses(
    (status = 200, description = "Prometheus text format", body = String, content_type = "text/plain", example = json!("saathii_sockets 3\n")),
    (status = 404, description = "Closed"),
))]
async fn render_metrics(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let open = match &app.config.server.metrics_token {
        Some(token) => {
            let expected = format!("Bearer {}", token.expose_secret());
            headers.get(header::AUTHORIZATION).is_some_and(|given| given.as_bytes().ct_eq(expected.as_bytes()).into())
        }
        None => !app.config.mode.is_production(),
    };
    if !open {
        return error::not_found().await.into_response();
    }
    metrics::gauge!("saathii_postgres_connections").set(f64::from(app.db.size()));
    #[expect(clippy::cast_precision_loss, reason = "a pool has few connections")]
    metrics::gauge!("saathii_postgres_connections_idle").set(app.db.num_idle() as f64);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}
