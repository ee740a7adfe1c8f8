//! The Postgres pool and the migrations.

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// A connection idle for longer is pinged before it is lent out; one used a moment ago is trusted.
const TRUSTED_IDLE: Duration = Duration::from_secs(5);

/// Makes the pool; the first connection is made here, so that a wrong URL stops the start.
pub async fn connect(url: &SecretString, max_connections: u32) -> Result<PgPool, sqlx::Error> {
    let options: PgConnectOptions = url.expose_secret().parse()?;
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(3))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < TRUSTED_IDLE {
                    return Ok(true);
                }
                Ok(connection.ping().await.is_ok())
            })
        })
        .connect_with(options.application_name("saathii"))
        .await
}

/// Applies what is missing. Several servers may start at once: an advisory lock lets one do it.
pub async fn migrate(db: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATIONS.run(db).await
}

/// What was applied, the latest first: version, description, moment.
pub async fn list_migrations(db: &mut PgConnection) -> sqlx::Result<Vec<(i64, String, DateTime<Utc>)>> {
    // Not checked at compile time: the table is the migrator's own.
    sqlx::query_as(
        "SELECT version, description, installed_on FROM _sqlx_migrations WHERE success ORDER BY version DESC",
    )
    .fetch_all(db)
    .await
}
