//! The one place where rooms are joined: state, background tasks, the router and its layers.

use std::{pin::pin, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{Router, extract::DefaultBodyLimit, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use saathii_shared_types::Paise;
use secrecy::SecretString;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    account::{self, DashboardRole, RightsChange},
    audit, auth, backoffice, calls,
    config::Config,
    feed,
    http::{self, cors, docs, idempotency, log_request},
    infra::{
        clock::Clock, object_store::ObjectStore, payments::Payments, postgres, redis::Redis, seal::Seal, sms::Sms,
        stores::Stores, telemetry,
    },
    nodes, payments,
    phone::Phone,
    presence, ratings,
    realtime::{Ask, Bus, Gap, Hub, Pending},
    reports, social,
    state::{AppState, Parts},
    users, verification, wallet, withdrawals,
};

/// A JSON body is small; a larger one is refused before it is read.
const LARGEST_BODY: usize = 64 * 1024;

/// How long requests and sockets in hand may take to finish after SIGTERM.
const DRAIN: Duration = Duration::from_secs(20);

/// One node, connected and migrated, with its background tasks running.
pub struct App {
    pub state: AppState,
    tasks: JoinSet<()>,
    outbox: tokio::task::JoinHandle<()>,
}

/// What the background tasks work off.
struct Inboxes {
    outbox: Pending,
    gaps: mpsc::UnboundedReceiver<Gap>,
    asks: mpsc::UnboundedReceiver<Ask>,
    heartbeats: presence::Incoming,
    calls: calls::MirrorChanges,
}

impl App {
    /// A node, migrated, with its background tasks running.
    pub async fn start(
        config: Config,
        stores: &Stores,
        secret: &SecretString,
        clock: Clock,
        metrics: PrometheusHandle,
    ) -> anyhow::Result<Self> {
        warn_of_losses(&config);
        let (state, inboxes) = connect(config, stores, secret, clock, metrics).await?;
        prepare(&state, stores).await?;
        let (tasks, outbox) = spawn_tasks(&state, inboxes);
        // Nobody is let in before this node hears what happens.
        state.bus.wait_until_listening().await;
        Ok(Self { state, tasks, outbox })
    }

    /// A node that does nothing by itself, for whoever moves its time: it answers requests, and bills, reaps and sweeps
    /// when it is asked to. What it publishes is heard by nobody.
    pub async fn start_still(
        config: Config,
        stores: &Stores,
        secret: &SecretString,
        clock: Clock,
        metrics: PrometheusHandle,
    ) -> anyhow::Result<Self> {
        let (state, inboxes) = connect(config, stores, secret, clock, metrics).await?;
        prepare(&state, stores).await?;
        let mut tasks = JoinSet::new();
        // A part of the request that waits for it.
        run(&mut tasks, &state, async move |app| presence::run_heartbeats(&app, inboxes.heartbeats).await);
        Ok(Self { state, tasks, outbox: tokio::spawn(std::future::ready(())) })
    }

    /// A node for one command: migrated, and nothing runs in the background.
    pub async fn connect_once(
        config: Config,
        stores: &Stores,
        secret: &SecretString,
        clock: Clock,
        metrics: PrometheusHandle,
    ) -> anyhow::Result<AppState> {
        let (state, _) = connect(config, stores, secret, clock, metrics).await?;
        prepare(&state, stores).await?;
        Ok(state)
    }

    /// Every route with its layers, for whoever asks without a port.
    pub fn router(&self) -> Router {
        router(self.state.clone())
    }

    /// Turns readiness red, gives balancers `SHUTDOWN_DELAY_SECONDS` to notice, and then goes down.
    pub async fn go_down(state: &AppState) {
        state.draining.cancel();
        tokio::time::sleep(state.config.server.shutdown_delay).await;
        state.shutdown.cancel();
    }

    /// Serves until `state.shutdown`, then ends in order: no new requests, sockets told to come back elsewhere,
    /// requests finished, background tasks stopped, what was published sent. Fails where a background task ended by
    /// itself: a server that no longer sweeps or hears the bus is better started again.
    pub async fn serve(mut self, listener: TcpListener) -> anyhow::Result<()> {
        let router = router(self.state.clone());
        let mut serving = pin!(http::serve::serve(listener, router, self.state.shutdown.clone(), DRAIN));
        let broken = tokio::select! {
            () = serving.as_mut() => None,
            ended = self.tasks.join_next() => {
                self.state.shutdown.cancel();
                serving.await;
                ended
            }
        };
        let closed = async {
            while self.state.hub.socket_count() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(5), closed).await.is_err() {
            tracing::warn!(left = self.state.hub.socket_count(), "some sockets did not close in time");
        }
        self.tasks.shutdown().await;
        nodes::leave(&self.state).await;
        self.state.bus.flush().await;
        self.outbox.abort();
        self.state.db.close().await;
        match broken {
            None => Ok(()),
            Some(Ok(())) => anyhow::bail!("a background task ended"),
            Some(Err(error)) => Err(error).context("a background task broke"),
        }
    }
}

/// Whoever set the rates should know what they cost.
fn warn_of_losses(config: &Config) {
    for (call_type, margin) in config.margins() {
        if margin < Paise(0) {
            tracing::warn!(?call_type, paise_per_minute = margin.0, "a minute pays out more than it brings in");
        }
    }
}

async fn prepare(state: &AppState, stores: &Stores) -> anyhow::Result<()> {
    postgres::migrate(&state.db).await.context("the migrations failed")?;
    if stores.embeds_storage() {
        state.objects.create_bucket().await.context("cannot make the bucket")?;
    }
    for phone in &state.config.admin_phones {
        let phone = Phone::parse(phone, &state.config.otp.default_region).context("ADMIN_PHONES")?;
        let change = RightsChange { role: DashboardRole::Admin, grants: true };
        let by = audit::Actor::Configuration;
        account::change_rights_by_phone(state, by, &phone, change).await.context("ADMIN_PHONES")?;
    }
    Ok(())
}

async fn connect(
    config: Config,
    stores: &Stores,
    secret: &SecretString,
    clock: Clock,
    metrics: PrometheusHandle,
) -> anyhow::Result<(AppState, Inboxes)> {
    // The metadata of all the world's phones takes its time; the first login must not wait for it.
    std::thread::spawn(|| drop(Phone::parse("+919876543210", "IN")));
    let db = postgres::connect(&stores.database_url, config.database.max_connections)
        .await
        .context("cannot connect to Postgres")?;
    let redis = Redis::connect(&stores.redis_url, &config.redis.prefix).context("REDIS_URL")?;
    let shutdown = CancellationToken::new();
    let (gap_sender, gaps) = mpsc::unbounded_channel();
    let (ask_sender, asks) = mpsc::unbounded_channel();
    let hub = Arc::new(Hub::new(shutdown.clone(), gap_sender, ask_sender));
    let (bus, outbox) = Bus::new(&redis, hub.clone());
    let (heartbeats, incoming) = presence::Heartbeats::new();
    let (calls_mirror, call_changes) = calls::Mirror::new();
    let state = AppState::from(Parts {
        node: nodes::Identity::new(&clock),
        clock,
        db,
        redis,
        objects: ObjectStore::new(&stores.storage, &config.storage.bucket),
        sms: Sms::new(config.otp.sender.clone()).context("cannot make an HTTP client")?,
        payments: Payments::new(&config.payments.provider).context("cannot make an HTTP client")?,
        seal: Seal::new(&config)?,
        metrics,
        bus,
        hub,
        signer: auth::Signer::new(&config.tokens, secret),
        codes: auth::Codes::new(secret, config.otp.test_numbers.clone()),
        heartbeats,
        feed_counts: feed::CountCache::default(),
        calls_mirror,
        desk: backoffice::Summed::default(),
        draining: CancellationToken::new(),
        shutdown,
        config,
    });
    Ok((state, Inboxes { outbox, gaps, asks, heartbeats: incoming, calls: call_changes }))
}

fn spawn_tasks(state: &AppState, inboxes: Inboxes) -> (JoinSet<()>, tokio::task::JoinHandle<()>) {
    let Inboxes { outbox, gaps, asks, heartbeats, calls: call_changes } = inboxes;
    let mut tasks = JoinSet::new();
    run(&mut tasks, state, async move |app| app.bus.run(&app.redis, &app.clock).await);
    run(&mut tasks, state, async move |app| nodes::run(&app).await);
    run(&mut tasks, state, async move |app| telemetry::run_upkeep(&app.metrics).await);
    run(&mut tasks, state, async move |app| presence::run_heartbeats(&app, heartbeats).await);
    run(&mut tasks, state, async move |app| presence::run_sweeper(&app).await);
    run(&mut tasks, state, async move |app| presence::mend_gaps(&app, gaps).await);
    run(&mut tasks, state, async move |app| social::run_curtain(&app, asks).await);
    run(&mut tasks, state, async move |app| account::run_lifter(&app).await);
    run(&mut tasks, state, async move |app| auth::run_janitor(&app).await);
    run(&mut tasks, state, async move |app| idempotency::run_janitor(&app).await);
    run(&mut tasks, state, async move |app| verification::run_janitor(&app).await);
    run(&mut tasks, state, async move |app| calls::run_mirror(&app, call_changes).await);
    run(&mut tasks, state, async move |app| calls::run_meter(&app).await);
    let app = state.clone();
    // Ends last: the others publish to the end.
    let outbox = tokio::spawn(async move { app.bus.run_outbox(&app.redis, outbox).await });
    (tasks, outbox)
}

fn run<F: Future<Output = ()> + Send + 'static>(
    tasks: &mut JoinSet<()>,
    state: &AppState,
    task: impl FnOnce(AppState) -> F,
) {
    tasks.spawn(task(state.clone()));
}

/// Every route of every room, with its place in the OpenAPI document.
fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(docs::Document::openapi())
        .merge(auth::router())
        .merge(users::router())
        .merge(account::router())
        .merge(presence::router())
        .merge(feed::router())
        .merge(calls::router())
        .merge(wallet::router())
        .merge(ratings::router())
        .merge(social::router())
        .merge(reports::router())
        .merge(audit::router())
        .merge(verification::router())
        .merge(payments::router())
        .merge(withdrawals::router())
        .merge(http::health::router())
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

fn router(state: AppState) -> Router {
    let (routes, document) = routes().split_for_parts();
    let cors = cors::layer(&state.config);
    routes
        .merge(docs::pages(document))
        .merge(backoffice::router(&state))
        .merge(payments::webhook_router(&state.config.payments.provider))
        .fallback(http::error::not_found)
        .method_not_allowed_fallback(http::error::method_not_allowed)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(CatchPanicLayer::custom(log_request::answer_panic))
        .layer(CompressionLayer::new())
        .layer(cors)
        .layer(middleware::from_fn(log_request::log_request))
        .with_state(state)
}
