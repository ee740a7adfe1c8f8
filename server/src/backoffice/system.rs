//! What runs here.

use std::{sync::LazyLock, time::Instant};

use saathii_admin_ui::pages::system::{Migration, Setting, System};

use crate::{config::Mode, infra::postgres, state::AppState};

static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// From here on the node counts how long it is up.
pub fn begin() {
    LazyLock::force(&BEGUN);
}

pub(super) async fn read(app: &AppState) -> sqlx::Result<System> {
    let mut db = app.db.acquire().await?;
    let migrations = postgres::list_migrations(&mut db).await?;
    drop(db);
    let migration = |(version, name, applied_at)| Migration { version, name, applied_at };
    let setting = |(name, value)| Setting { name, value };
    Ok(System {
        now: app.clock.now(),
        version: env!("CARGO_PKG_VERSION"),
        mode: match app.config.mode {
            Mode::Development => "Development",
            Mode::Production => "Production",
        },
        uptime: BEGUN.elapsed(),
        sockets: i64::try_from(app.hub.socket_count()).unwrap_or(i64::MAX),
        connections: (app.db.size(), app.db.num_idle(), app.config.database.max_connections),
        is_draining: app.draining.is_cancelled(),
        settings: app.config.describe().into_iter().map(setting).collect(),
        migrations: migrations.into_iter().map(migration).collect(),
    })
}
