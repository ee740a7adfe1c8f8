//! What every room is handed. A room keeps its own part behind a type of its own.

use std::{ops::Deref, sync::Arc};

use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    auth::{Codes, Signer},
    backoffice::Summed,
    calls::Mirror,
    config::Config,
    feed::CountCache,
    infra::{clock::Clock, object_store::ObjectStore, payments::Payments, redis::Redis, seal::Seal, sms::Sms},
    nodes::Identity,
    presence::Heartbeats,
    realtime::{Bus, Hub},
};

/// One node of the server; clones are the same node.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub clock: Clock,
    pub db: PgPool,
    pub redis: Redis,
    pub objects: ObjectStore,
    pub sms: Sms,
    pub payments: Payments,
    pub seal: Seal,
    pub metrics: PrometheusHandle,
    pub bus: Bus,
    pub hub: Arc<Hub>,
    pub node: Identity,
    pub signer: Signer,
    pub codes: Codes,
    pub heartbeats: Heartbeats,
    pub feed_counts: CountCache,
    pub calls_mirror: Mirror,
    pub desk: Summed,
    /// Cancelled first: `/readyz` turns red while requests are still taken, so that a balancer stops sending them.
    pub draining: CancellationToken,
    /// Cancelled when the server goes down.
    pub shutdown: CancellationToken,
}

impl From<Parts> for AppState {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
