//! Each store by its URL, or where none is configured the embedded one.

#[cfg(feature = "embedded")]
use anyhow::Context;
use secrecy::SecretString;

#[cfg(feature = "embedded")]
use super::embedded::{Embedded, Wanted};
use crate::config::{Config, ExternalStorage};

/// Where this node's stores are; embedded ones run until [`close`](Self::close).
pub struct Stores {
    pub database_url: SecretString,
    pub redis_url: SecretString,
    pub storage: ExternalStorage,
    /// Which of them are embedded, for people.
    pub embedded_names: Vec<&'static str>,
    /// What a person should know about them.
    pub notes: Vec<String>,
    #[cfg(feature = "embedded")]
    embedded: Option<Embedded>,
}

/// Who opens the stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A server: the only one on its `DATA_DIR`.
    Serve,
    /// A command: beside a running server it uses that server's stores.
    Command,
}

impl Stores {
    pub async fn open(config: &Config, purpose: Purpose) -> anyhow::Result<Self> {
        match (&config.database.url, &config.redis.url, &config.storage.external) {
            (Some(database_url), Some(redis_url), Some(storage)) => Ok(Self {
                database_url: database_url.clone(),
                redis_url: redis_url.clone(),
                storage: storage.clone(),
                embedded_names: Vec::new(),
                notes: Vec::new(),
                #[cfg(feature = "embedded")]
                embedded: None,
            }),
            // Boxed: whoever is given URLs need not carry what starting stores takes.
            _ => Box::pin(Self::open_embedded(config, purpose)).await,
        }
    }

    #[cfg(not(feature = "embedded"))]
    #[expect(clippy::unused_async, reason = "the embedded build waits here")]
    async fn open_embedded(_: &Config, _: Purpose) -> anyhow::Result<Self> {
        anyhow::bail!(
            "this build embeds no stores: set DATABASE_URL, REDIS_URL and the variables of S3 (README, Configuration)"
        )
    }

    #[cfg(feature = "embedded")]
    async fn open_embedded(config: &Config, purpose: Purpose) -> anyhow::Result<Self> {
        let wanted = Wanted {
            postgres: config.database.url.is_none(),
            redis: config.redis.url.is_none(),
            object_store: config.storage.external.is_none(),
        };
        let embedded_names = [("PostgreSQL", wanted.postgres), ("Redis", wanted.redis), ("S3", wanted.object_store)]
            .into_iter()
            .filter_map(|(name, wanted)| wanted.then_some(name))
            .collect();
        let embedded = match purpose {
            Purpose::Serve => Embedded::start(&config.data_dir, wanted).await,
            Purpose::Command => Embedded::join_or_start(&config.data_dir, wanted).await,
        }
        .context("the embedded stores did not start")?;
        let endpoints = embedded.endpoints().clone();
        let storage = config.storage.external.clone().or_else(|| {
            endpoints.s3.map(|s3| ExternalStorage {
                access_key_id: s3.access_key_id,
                secret_access_key: s3.secret_access_key,
                region: s3.region,
                endpoint_url: Some(s3.endpoint_url),
                path_style: true,
            })
        });
        Ok(Self {
            database_url: config.database.url.clone().or(endpoints.database_url).context("no Postgres")?,
            redis_url: config.redis.url.clone().or(endpoints.redis_url).context("no Redis")?,
            storage: storage.context("no S3")?,
            embedded_names,
            notes: endpoints.notes,
            embedded: Some(embedded),
        })
    }

    /// Whether the database is this server's own, to fill with demo people.
    pub fn embeds_database(&self) -> bool {
        self.embedded_names.contains(&"PostgreSQL")
    }

    /// Whether the object store is this server's own, to make the bucket in.
    pub fn embeds_storage(&self) -> bool {
        self.embedded_names.contains(&"S3")
    }

    #[cfg_attr(not(feature = "embedded"), expect(clippy::unused_async, reason = "the embedded build waits here"))]
    pub async fn close(self) {
        #[cfg(feature = "embedded")]
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}
