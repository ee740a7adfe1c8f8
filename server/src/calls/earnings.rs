//! What one's calls as a listener earned.

use std::collections::HashMap;

use saathii_shared_types::{
    UserId,
    wallet::{CallEarning, EarningsPage},
};

use super::{Error, store};
use crate::{http::Paging, state::AppState, users};

pub(super) async fn list_earnings(app: &AppState, listener: UserId, paging: Paging) -> Result<EarningsPage, Error> {
    let mut db = app.db.acquire().await?;
    let rows = store::list_received(&mut db, listener, paging.offset(), paging.per_page).await?;
    let sums = store::sum_received(&mut db, listener).await?;
    let callers: Vec<UserId> = rows.iter().map(|call| call.caller_id).collect();
    let mut names: HashMap<UserId, String> = users::usernames(&mut db, &callers).await?.into_iter().collect();
    let earnings = rows.into_iter().map(|call| CallEarning {
        call_id: call.call_id,
        caller_username: names.get_mut(&call.caller_id).cloned().unwrap_or_default(),
        call_type: call.call_type,
        start_time: call.start_time,
        duration_minutes: call.minutes_billed.into(),
        earned: call.earned(),
    });
    Ok(EarningsPage {
        earnings: earnings.collect(),
        total_calls: sums.calls,
        total_minutes: sums.minutes,
        total_earned: sums.earnings,
        page: paging.page,
        per_page: paging.per_page,
        has_next: paging.has_next(sums.calls),
        has_previous: paging.has_previous(),
    })
}
