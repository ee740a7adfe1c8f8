use std::collections::HashMap;

use saathii_shared_types::{
    UserId,
    calls::EndCause,
    feed::FeedListener,
    social::{Blocked, BlockedPage},
};
use sqlx::PgConnection;

use super::{
    Error,
    store::{self, BlockRow},
};
use crate::{calls, feed, http::Paging, state::AppState, users};

const LONGEST_REASON: usize = 500;

/// Blocks, and ends the call that the two are in.
pub async fn block(app: &AppState, user: UserId, blocked: UserId, reason: Option<&str>) -> Result<(), Error> {
    if user == blocked {
        return Err(Error::OwnBlock);
    }
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| !is_reason(reason)) {
        return Err(Error::InvalidReason);
    }
    let mut tx = app.db.begin().await?;
    // Waits for a call that one of the two begins at the moment; one that begins after this finds the block.
    let both = users::lock_all(&mut tx, &[user, blocked]).await?;
    if both.len() < 2 {
        return Err(Error::NotFound);
    }
    store::insert_block(&mut tx, user, blocked, reason, app.clock.now()).await?;
    let call = calls::end_call_between(app, &mut tx, user, blocked, EndCause::Blocked).await?;
    tx.commit().await?;
    calls::tell(app, call);
    app.bus.blocks_changed([user, blocked]);
    Ok(())
}

pub(super) async fn unblock(app: &AppState, user: UserId, blocked: UserId) -> Result<(), Error> {
    let mut db = app.db.acquire().await?;
    store::delete_block(&mut db, user, blocked).await?;
    app.bus.blocks_changed([user, blocked]);
    Ok(())
}

pub(super) async fn is_blocked(app: &AppState, user: UserId, other: UserId) -> Result<bool, Error> {
    let mut db = app.db.acquire().await?;
    let is_blocked = store::blocks(&mut db, user, other).await?;
    if !is_blocked && users::cards(&mut db, &[other]).await?.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(is_blocked)
}

pub(super) async fn list_blocked(app: &AppState, user: UserId, paging: Paging) -> Result<BlockedPage, Error> {
    let mut db = app.db.acquire().await?;
    let total = store::count_blocks(&mut db, user).await?;
    let rows = store::list_blocks(&mut db, user, paging.offset(), paging.per_page).await?;
    let ids: Vec<UserId> = rows.iter().map(|row| row.blocked_id).collect();
    let mut rows: HashMap<UserId, BlockRow> = rows.into_iter().map(|row| (row.blocked_id, row)).collect();
    let people = feed::describe(&mut db, &ids).await?;
    let blocked = people.into_iter().filter_map(|person| Some(behind_block(rows.remove(&person.user_id)?, person)));
    Ok(BlockedPage {
        blocked: blocked.collect(),
        total_count: total,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(total),
        has_previous: paging.has_previous(),
    })
}

/// How somebody is now is hidden from whoever blocks them, as from everybody across a block.
fn behind_block(row: BlockRow, person: FeedListener) -> Blocked {
    Blocked {
        user: FeedListener {
            is_online: false,
            last_seen: person.last_seen.min(row.created_at),
            is_busy: false,
            busy_until: None,
            is_available: false,
            ..person
        },
        blocked_at: row.created_at,
        reason: row.reason,
    }
}

/// Takes somebody who is deleted out of everybody's favorites and blocks, in the caller's transaction.
pub async fn forget(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    store::delete_all_of(db, user).await
}

fn is_reason(text: &str) -> bool {
    text.chars().count() <= LONGEST_REASON && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}
