//! The local stores behind the doors that have no URL: a private Postgres, and Redis and S3 in this process.
//!
//! Everything lies in the data folder, and everything is reached as in production, by URL and the same clients. One
//! server uses a folder at a time; commands join its stores. However a server ended, the next start finds its way.

mod account;
mod endpoints;
mod error;
mod files;
mod folder_lock;
pub mod object_store;
mod pg_binaries;
mod pg_cluster;
mod pg_fetch;
mod pg_postmaster;
mod pg_sockets;
pub mod postgres;
pub mod redis;
#[cfg(test)]
mod tests;

use std::{path::Path, time::Duration};

use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use self::{
    endpoints::{EndpointFile, Published},
    folder_lock::{FolderLock, Holder},
    object_store::ObjectStore,
    postgres::Postgres,
    redis::Redis,
};
pub use self::{
    endpoints::{Endpoints, S3Endpoint},
    error::Error,
    pg_cluster::Durability,
};

const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// For a command to end before a server starts, and for a server to be ready before a command joins it.
const PATIENCE: Duration = Duration::from_mins(1);

/// The doors that no URL is configured for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub postgres: bool,
    pub redis: bool,
    pub object_store: bool,
}

/// The local stores of one data folder; they run as long as this lives.
pub struct Embedded {
    endpoints: Endpoints,
    // Given up in this order: nobody may join any more, the stores end, the folder is free.
    published: Option<EndpointFile>,
    redis: Option<Redis>,
    object_store: Option<ObjectStore>,
    postgres: Option<Postgres>,
    lock: Option<FolderLock>,
}

impl Embedded {
    /// Starts the wanted stores of a folder for a server, which is the only one there.
    pub async fn start(data_dir: &Path, wanted: Wanted) -> Result<Self, Error> {
        let data_dir = &files::make_data_dir(data_dir)?;
        let lock = take_for_server(data_dir).await?;
        EndpointFile::clear(data_dir)?;
        let mut this = Self::start_stores(data_dir, wanted, Some(lock)).await?;
        this.published = Some(EndpointFile::publish(data_dir, &this.endpoints)?);
        Ok(this)
    }

    /// The stores for a command: those of the server that runs on the folder, or else started for the time of this.
    pub async fn join_or_start(data_dir: &Path, wanted: Wanted) -> Result<Self, Error> {
        let data_dir = &files::make_data_dir(data_dir)?;
        // Postgres alone is shared by its own locks, whoever else is there.
        if !wanted.redis && !wanted.object_store {
            return Self::start_stores(data_dir, wanted, None).await;
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let owner = match FolderLock::try_take(data_dir, Holder::Command)? {
                Ok(lock) => {
                    EndpointFile::clear(data_dir)?;
                    return Self::start_stores(data_dir, wanted, Some(lock)).await;
                }
                Err(owner) => owner,
            };
            if let Some(server) = owner.filter(|owner| owner.holder == Holder::Server)
                && let Some(published) = Published::read(data_dir).filter(|published| published.pid == server.pid)
                && published.answers().await
            {
                return Self::join(data_dir, wanted, &published).await;
            }
            if Instant::now() > deadline {
                let pid = owner.map_or(0, |owner| owner.pid);
                return Err(Error::InUse { data_dir: data_dir.clone(), pid });
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn join(data_dir: &Path, wanted: Wanted, published: &Published) -> Result<Self, Error> {
        let missing = |store| Error::NotShared { data_dir: data_dir.to_owned(), pid: published.pid, store };
        let postgres_alone = Wanted { postgres: wanted.postgres, redis: false, object_store: false };
        let mut this = Self::start_stores(data_dir, postgres_alone, None).await?;
        if wanted.redis {
            this.endpoints.redis_url = Some(published.redis_url().ok_or_else(|| missing("Redis"))?);
        }
        if wanted.object_store {
            this.endpoints.s3 = Some(published.s3().ok_or_else(|| missing("object store"))?);
        }
        Ok(this)
    }

    async fn start_stores(data_dir: &Path, wanted: Wanted, lock: Option<FolderLock>) -> Result<Self, Error> {
        let (redis_dir, objects_dir) = (data_dir.join("redis"), data_dir.join("objects"));
        let (postgres, redis, object_store) = tokio::try_join!(
            async { start_if(wanted.postgres, Postgres::start(data_dir, Durability::On)).await },
            async { start_if(wanted.redis, Redis::start(Some(&redis_dir))).await },
            async { start_if(wanted.object_store, ObjectStore::start(&objects_dir)).await },
        )?;
        let endpoints = Endpoints {
            database_url: postgres.as_ref().map(|postgres| SecretString::from(postgres.url(pg_cluster::NAME))),
            redis_url: redis.as_ref().map(Redis::url),
            s3: object_store.as_ref().map(|objects| objects.endpoint().clone()),
            notes: postgres.iter().map(|postgres| postgres.note().to_owned()).collect(),
        };
        Ok(Self { endpoints, published: None, redis, object_store, postgres, lock })
    }

    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Stops the stores in order; Postgres runs on where a command still uses it, and ends with that.
    pub async fn stop(mut self) {
        drop(self.published.take());
        let (redis, object_store, postgres) = (self.redis.take(), self.object_store.take(), self.postgres.take());
        tokio::join!(
            stop_if(redis, Redis::stop),
            stop_if(object_store, ObjectStore::stop),
            stop_if(postgres, Postgres::stop),
        );
        drop(self.lock.take());
    }
}

async fn start_if<T>(wanted: bool, start: impl Future<Output = Result<T, Error>>) -> Result<Option<T>, Error> {
    if wanted { start.await.map(Some) } else { Ok(None) }
}

async fn stop_if<T, F: Future<Output = ()>>(store: Option<T>, stop: impl FnOnce(T) -> F) {
    if let Some(store) = store {
        stop(store).await;
    }
}

async fn take_for_server(data_dir: &Path) -> Result<FolderLock, Error> {
    let began = Instant::now();
    loop {
        let owner = match FolderLock::try_take(data_dir, Holder::Server)? {
            Ok(lock) => return Ok(lock),
            Err(owner) => owner,
        };
        // A new owner writes itself down right after taking the lock, so only a second look is believed.
        let is_command = owner.is_none_or(|owner| owner.holder == Holder::Command);
        if began.elapsed() > if is_command { PATIENCE } else { LOOK_AGAIN } {
            let pid = owner.map_or(0, |owner| owner.pid);
            return Err(Error::InUse { data_dir: data_dir.to_owned(), pid });
        }
        sleep(LOOK_AGAIN).await;
    }
}
