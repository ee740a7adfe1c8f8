use std::collections::HashMap;

use saathii_shared_types::{UserId, audit::AuditPage};

use super::{query::AuditQuery, store};
use crate::{http::Paging, state::AppState, users};

/// A page of the record; it is not counted, because it only grows.
pub async fn list_entries(app: &AppState, query: &AuditQuery, paging: Paging) -> sqlx::Result<AuditPage> {
    let mut db = app.db.acquire().await?;
    let mut entries = store::list(&mut db, query, paging.offset(), paging.per_page + 1).await?;
    let page = usize::try_from(paging.per_page).unwrap_or(usize::MAX);
    let has_next = entries.len() > page;
    entries.truncate(page);
    let actors: Vec<UserId> = entries.iter().filter_map(|entry| entry.actor_id).collect();
    let names: HashMap<UserId, String> = users::usernames(&mut db, &actors).await?.into_iter().collect();
    for entry in &mut entries {
        entry.actor_username = entry.actor_id.and_then(|actor| names.get(&actor).cloned());
    }
    Ok(AuditPage {
        entries,
        page: paging.page,
        per_page: paging.per_page,
        has_next,
        has_previous: paging.has_previous(),
    })
}
