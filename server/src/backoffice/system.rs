//! What runs here.

use saathii_admin_ui::pages::system::{Migration, NodeLine, Setting, System};

use super::error::PageError;
use crate::{config::Mode, infra::postgres, nodes, state::AppState};

pub(super) async fn read(app: &AppState) -> Result<System, PageError> {
    let nodes = nodes::list(app).await?;
    let mut db = app.db.acquire().await?;
    let migrations = postgres::list_migrations(&mut db).await?;
    drop(db);
    let migration = |(version, name, applied_at)| Migration { version, name, applied_at };
    let setting = |(name, value)| Setting { name, value };
    let node = |node: nodes::Node| NodeLine {
        name: node.name,
        version: node.version,
        since: node.since,
        sockets: node.sockets,
        is_draining: node.is_draining,
    };
    Ok(System {
        now: app.clock.now(),
        version: env!("CARGO_PKG_VERSION"),
        mode: match app.config.mode {
            Mode::Development => "Development",
            Mode::Production => "Production",
        },
        nodes: nodes.into_iter().map(node).collect(),
        connections: (app.db.size(), app.db.num_idle(), app.config.database.max_connections),
        settings: app.config.describe().into_iter().map(setting).collect(),
        migrations: migrations.into_iter().map(migration).collect(),
    })
}
