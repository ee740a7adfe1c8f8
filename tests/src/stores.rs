//! The stores that all tests of a process share: one Postgres cluster without fsync, one Redis, one S3.

use std::{
    path::PathBuf,
    sync::{
        LazyLock, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use saathii_server::{
    config::ExternalStorage,
    infra::{
        embedded::{Durability, S3Endpoint, object_store::ObjectStore, postgres::Postgres, redis::Redis},
        postgres,
    },
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::{runtime::Runtime, sync::OnceCell};

const TEMPLATE: &str = "template_saathii";

/// `TEST_REDIS_URL`: repeats what touches Redis on a real one.
const REAL_REDIS: &str = "TEST_REDIS_URL";

/// `TEST_S3_ENDPOINT`: repeats what touches the bucket on another S3, which takes any keys.
const OTHER_S3: &str = "TEST_S3_ENDPOINT";

/// Outlives the runtimes of single tests.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static SHARED: OnceCell<Shared> = OnceCell::const_new();
/// What the end of the process stops.
static CLUSTER: Mutex<Option<(Postgres, PathBuf)>> = Mutex::new(None);
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Where a process's stores are.
pub struct Shared {
    admin_url: String,
    /// Runs as long as this lives; none where a real one is used.
    _redis: Option<Redis>,
    redis_url: SecretString,
    /// Runs as long as this lives; none where another one is used.
    _objects: Option<ObjectStore>,
    s3: S3Endpoint,
}

/// One test's own part of them.
pub struct OwnStores {
    pub database_url: String,
    pub redis_url: SecretString,
    /// Before every key, on a Redis that others use too.
    pub redis_prefix: String,
    pub s3: S3Endpoint,
    /// Its own as well: keys bear users' ids, which begin at 1 in every test.
    pub bucket: String,
}

/// Fresh stores for one test, migrated.
pub async fn own() -> OwnStores {
    own_from(TEMPLATE).await
}

/// Fresh stores whose database holds nothing yet.
pub async fn own_empty() -> OwnStores {
    own_from("template0").await
}

/// Whether the bucket is this process's own S3, which keeps to policies as AWS does.
pub fn embeds_s3() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
    std::env::var(OTHER_S3).is_err()
}

/// Fresh stores whose database is a copy of one that nobody uses at the moment.
pub async fn own_copy_of(database_url: &str) -> OwnStores {
    own_from(database_name(database_url)).await
}

/// Gives the database's disk back before the process ends.
pub async fn drop(own: &OwnStores) {
    let shared = SHARED.get().expect("the stores run");
    execute(&shared.admin_url, &format!("DROP DATABASE {} WITH (FORCE)", database_name(&own.database_url))).await;
}

async fn own_from(template: &str) -> OwnStores {
    let shared = SHARED.get_or_init(|| async { RUNTIME.spawn(start()).await.expect("the stores start") }).await;
    let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    execute(&shared.admin_url, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    let bucket = name.replace('_', "-");
    Box::pin(create_bucket(&shared.s3, &bucket)).await;
    OwnStores {
        database_url: database_url(&shared.admin_url, &name),
        redis_url: shared.redis_url.clone(),
        redis_prefix: name,
        s3: shared.s3.clone(),
        bucket,
    }
}

async fn start() -> Shared {
    let folder = folder();
    let cluster = Postgres::start(&folder, Durability::Off).await.expect("Postgres starts");
    let admin_url = cluster.url("postgres");
    *CLUSTER.lock().unwrap_or_else(PoisonError::into_inner) = Some((cluster, folder.clone()));
    stop_at_exit();
    execute(&admin_url, &format!("CREATE DATABASE {TEMPLATE}")).await;
    let pool = postgres::connect(&database_url(&admin_url, TEMPLATE).into(), 2).await.expect("the template");
    postgres::migrate(&pool).await.expect("the migrations");
    pool.close().await;

    #[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
    let real = std::env::var(REAL_REDIS).ok();
    let redis = if real.is_none() { Some(Redis::start(None).await.expect("Redis starts")) } else { None };
    let redis_url = real.map(SecretString::from).or(redis.as_ref().map(Redis::url)).expect("a Redis");
    assert!(redis_url.expose_secret().contains("://"), "{REAL_REDIS} is no URL");
    #[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
    let other = std::env::var(OTHER_S3).ok();
    let objects = match other {
        Some(_) => None,
        None => Some(ObjectStore::start(&folder.join("objects")).await.expect("S3 starts")),
    };
    let other = other.map(|endpoint_url| S3Endpoint {
        endpoint_url,
        region: "us-east-1".into(),
        access_key_id: "tests".into(),
        secret_access_key: "tests".to_owned().into(),
    });
    let s3 = other.or(objects.as_ref().map(|objects| objects.endpoint().clone())).expect("an S3");
    Shared { admin_url, _redis: redis, redis_url, _objects: objects, s3 }
}

/// As an operator does before the first start on an S3 of their own.
async fn create_bucket(s3: &S3Endpoint, bucket: &str) {
    let storage = ExternalStorage {
        access_key_id: s3.access_key_id.clone(),
        secret_access_key: s3.secret_access_key.clone(),
        region: s3.region.clone(),
        endpoint_url: Some(s3.endpoint_url.clone()),
        path_style: true,
    };
    saathii_server::infra::object_store::ObjectStore::new(&storage, bucket).create_bucket().await.expect("the bucket");
}

/// A folder of this process, so that two runs never meet.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/test-stores");
    std::fs::create_dir_all(&folder).expect("the target folder");
    let folder = folder.canonicalize().expect("the target folder");
    folder.join(std::process::id().to_string())
}

/// The same cluster's URL with another database.
fn database_url(admin_url: &str, name: &str) -> String {
    admin_url.replacen("/postgres?", &format!("/{name}?"), 1)
}

fn database_name(url: &str) -> &str {
    let path = url.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.expect("Postgres answers");
    connection.execute(AssertSqlSafe(sql)).await.expect(sql);
    connection.close().await.expect("Postgres answers");
}

/// Test processes end by `exit`, which runs no destructor of a static.
fn stop_at_exit() {
    extern "C" fn stop() {
        let Some((cluster, folder)) = CLUSTER.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        // The thread that ends has lost its thread-locals, which the runtime needs.
        let stopped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(cluster.stop()))
        });
        let _ = stopped.join();
        let _ = std::fs::remove_dir_all(folder);
    }
    #[expect(unsafe_code, reason = "the C library's own hook; the function outlives the process")]
    let registered = unsafe { libc::atexit(stop) };
    assert_eq!(registered, 0, "the cluster would stay behind");
}
