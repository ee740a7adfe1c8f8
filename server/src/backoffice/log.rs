//! The audit log.

use saathii_admin_ui::pages::log::{Log, LogQuery};

use crate::{
    audit::{self, AuditQuery},
    http::Paging,
    state::AppState,
};

const PER_PAGE: i64 = 50;

pub(super) async fn read(app: &AppState, query: LogQuery) -> sqlx::Result<Log> {
    let (since, until) = query.days.bounds();
    let asked = AuditQuery {
        actor_id: query.actor,
        actor: None,
        subject_kind: query.kind.clone(),
        subject_id: query.subject,
        action: query.action.clone(),
        since,
        until,
    };
    let page = audit::list_entries(app, &asked, Paging { page: query.page, per_page: PER_PAGE }).await?;
    let mut db = app.db.acquire().await?;
    let (actions, kinds) = audit::list_words(&mut db).await?;
    Ok(Log { now: app.clock.now(), query, rows: page.entries, has_older: page.has_next, actions, kinds })
}
