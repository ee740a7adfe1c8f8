//! A durable Postgres, a Redis and an S3 of the measurement's own.

use std::{collections::HashMap, path::PathBuf, process::Command};

use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use saathii_server::{
    app::App,
    config::Config,
    infra::{
        clock::Clock,
        embedded::{Durability, object_store::ObjectStore, postgres::Postgres, redis::Redis},
        stores::{Purpose, Stores},
    },
    state::AppState,
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

pub(crate) struct Place {
    pub(crate) postgres: Postgres,
    redis: Redis,
    objects: ObjectStore,
    folder: PathBuf,
    pub(crate) metrics: PrometheusHandle,
}

impl Place {
    pub(crate) async fn start() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/bench-stores");
        std::fs::create_dir_all(&folder).unwrap();
        let folder = folder.canonicalize().unwrap().join(std::process::id().to_string());
        let postgres = Postgres::start(&folder.join("pg"), Durability::On).await.unwrap();
        let objects = ObjectStore::start(&folder.join("objects")).await.unwrap();
        let metrics = PrometheusBuilder::new().set_quantiles(&[0.5, 0.99, 1.0]).unwrap().install_recorder().unwrap();
        Self { postgres, redis: Redis::start(None).await.unwrap(), objects, folder, metrics }
    }

    pub(crate) async fn stop(self) {
        self.postgres.stop().await;
        drop((self.redis, self.objects));
        drop(std::fs::remove_dir_all(self.folder));
    }

    /// A node on a fresh database, with nothing in the background.
    pub(crate) async fn node(&self, database: &str, clock: Clock) -> AppState {
        let (config, stores, secret) = self.prepare(database).await;
        App::connect_once(config, &stores, &secret, clock, self.metrics.clone()).await.unwrap()
    }

    /// A whole node on the system's clock.
    pub(crate) async fn running_node(&self, database: &str) -> App {
        let (config, stores, secret) = self.prepare(database).await;
        App::start(config, &stores, &secret, Clock::system(), self.metrics.clone()).await.unwrap()
    }

    async fn prepare(&self, database: &str) -> (Config, Stores, SecretString) {
        let admin = self.postgres.url("postgres");
        let mut connection = PgConnection::connect(&admin).await.unwrap();
        let exists: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(database)
            .fetch_optional(&mut connection)
            .await
            .unwrap();
        if exists.is_none() {
            connection.execute(AssertSqlSafe(format!("CREATE DATABASE {database}"))).await.unwrap();
        }
        let s3 = self.objects.endpoint();
        let vars = [
            ("DATABASE_URL", self.postgres.url(database)),
            ("DATABASE_MAX_CONNECTIONS", "12".to_owned()),
            ("REDIS_URL", self.redis.url().expose_secret().to_owned()),
            ("REDIS_PREFIX", database.to_owned()),
            ("S3_ENDPOINT_URL", s3.endpoint_url.clone()),
            ("AWS_ACCESS_KEY_ID", s3.access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", s3.secret_access_key.expose_secret().to_owned()),
            ("AWS_REGION", s3.region.clone()),
            ("JWT_SECRET_KEY", "a-secret-of-the-bench-0123456789-abcdefgh".to_owned()),
            ("PAYOUT_ENCRYPTION_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned()),
            // Nobody beats here, and every call goes on.
            ("CALL_GRACE_SECONDS", "3600".to_owned()),
        ];
        let vars: HashMap<String, String> = vars.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let config = Config::read(vars).unwrap();
        let stores = Stores::open(&config, Purpose::Serve).await.unwrap();
        let secret = config.tokens.secret.clone().unwrap();
        (config, stores, secret)
    }

    /// pgbench on a database of this Postgres.
    pub(crate) fn pgbench(&self, database: &str) -> Command {
        let mut command = Command::new(tests::runner::pgbench().unwrap());
        command.arg("--no-vacuum").arg(self.postgres.url(database));
        command
    }
}

/// When everything begins, on manual clocks.
pub(crate) fn beginning() -> DateTime<Utc> {
    "2026-01-15T10:30:00Z".parse().unwrap()
}

/// A file to read this text from.
pub(crate) fn stdin(text: &str) -> std::fs::File {
    use std::io::{Seek, Write};
    let path = std::env::temp_dir().join(format!("saathii-bench-{}.sql", std::process::id()));
    let mut file = std::fs::File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    file
}
