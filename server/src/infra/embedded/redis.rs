//! Redis in this process: its protocol on a port of the loopback address, its keys kept in the data folder.
//!
//! Written to disk behind the memory, so that people stay signed in over a restart; what the last half second before a
//! kill changed may be lost, as with a real Redis that syncs once a second.

use std::{path::Path, time::Duration};

use encore_miniredis::Miniredis;
use rand::{Rng, distr::Alphanumeric};
use secrecy::SecretString;
use tokio::{
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{Error, files};

/// How finely time passes for keys that expire; a key may live shorter than its TTL by this much.
const TICK: Duration = Duration::from_millis(20);
const WRITE_EVERY: Duration = Duration::from_millis(500);

pub struct Redis {
    server: Miniredis,
    password: String,
    clock: JoinHandle<()>,
}

impl Redis {
    /// With the keys of a folder, or in memory alone.
    pub async fn start(dir: Option<&Path>) -> Result<Self, Error> {
        let server = match dir {
            None => run(None).await?,
            Some(dir) => {
                files::make_dir(dir, 0o700)?;
                match run(Some(dir)).await {
                    Ok(server) => server,
                    // Nothing in Redis is worth a server that does not start: sessions begin anew.
                    Err(error) => {
                        let aside = dir.with_extension(format!("broken-{}", std::process::id()));
                        tracing::error!(%error, moved_to = %aside.display(), "the local Redis begins empty");
                        std::fs::rename(dir, &aside).map_err(Error::io(format!("cannot move {}", dir.display())))?;
                        files::make_dir(dir, 0o700)?;
                        run(Some(dir)).await?
                    }
                }
            }
        };
        let password = secret();
        server.require_auth(&password);
        let clock = tokio::spawn(drive_clock(server.clone()));
        Ok(Self { server, password, clock })
    }

    pub fn url(&self) -> SecretString {
        format!("redis://:{}@{}/", self.password, self.server.addr()).into()
    }

    /// The URL of an empty Redis of its own behind the same port, for one test.
    pub fn namespace(&self, name: &str) -> SecretString {
        self.server.namespace(name);
        format!("redis://{name}:{}@{}/", self.password, self.server.addr()).into()
    }

    pub fn drop_namespace(&self, name: &str) {
        self.server.drop_namespace(name);
    }

    /// Ends its connections and writes what changed.
    pub async fn stop(self) {
        self.clock.abort();
        if let Err(error) = self.server.persist().await {
            tracing::warn!(%error, "the local Redis could not write its last changes");
        }
        self.server.close().await;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.clock.abort();
        // Its tasks would otherwise serve on, and keep the folder, for as long as the runtime lives.
        let _ = self.server.shared_state().shutdown_tx.send(());
    }
}

async fn run(dir: Option<&Path>) -> Result<Miniredis, Error> {
    let mut builder = Miniredis::builder().persist_every(WRITE_EVERY);
    if let Some(dir) = dir {
        builder = builder.data_dir(dir);
    }
    builder.run().await.map_err(|error| Error::Redis(error.to_string()))
}

/// Time stands still for this Redis unless it is told how much of it has passed, each namespace by itself.
async fn drive_clock(server: Miniredis) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut last = Instant::now();
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let passed = now - last;
        last = now;
        server.fast_forward(passed);
        for namespace in server.namespaces() {
            namespace.fast_forward(passed);
        }
    }
}

/// Enough letters and digits that nobody guesses them.
pub(super) fn secret() -> String {
    rand::rng().sample_iter(Alphanumeric).take(40).map(char::from).collect()
}
