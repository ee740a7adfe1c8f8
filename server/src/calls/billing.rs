//! Minutes are paid and calls end: one way for the meter, for requests and for the reaper.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use saathii_shared_types::{CallId, Coins, UserId, calls::EndCause};
use sqlx::PgConnection;

use super::{
    rules,
    store::{self, CallRow, End},
};
use crate::{
    presence::{self, PresenceRow},
    state::AppState,
    wallet::{self, Charge},
};

/// A minute that was paid just now: the call after it, and what its caller has left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Billed {
    pub(super) call: CallRow,
    pub(super) balance: Coins,
}

/// What happened to calls in a transaction, to be told after its commit.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) billed: Vec<Billed>,
    pub(super) ended: Vec<CallRow>,
    /// Who became free.
    pub(super) freed: Vec<PresenceRow>,
}

/// One step for each of these locked calls, whose next minutes began before some moment: the minute is paid, or it is
/// the end of the call, which [`end_all`] then writes.
pub(super) async fn bill_next(
    app: &AppState,
    db: &mut PgConnection,
    due: Vec<CallRow>,
    now: DateTime<Utc>,
) -> sqlx::Result<(Vec<Billed>, Vec<(CallRow, End)>)> {
    let heard = last_heard(db, &due).await?;
    let mut over = Vec::new();
    let mut going = Vec::with_capacity(due.len());
    for call in due {
        let lost_at = rules::lost_at(heard_of(&heard, &call), app.config.calls.grace, call.last_minute_at(), now);
        if lost_at < call.next_minute_at {
            over.push(ended_by_itself(call, EndCause::Lost, lost_at));
        } else if call.minutes_billed >= rules::MOST_MINUTES {
            over.push(ended_by_itself(call, EndCause::Limit, call.next_minute_at));
        } else {
            going.push(call);
        }
    }
    let charges: Vec<Charge> = going.iter().map(next_charge).collect();
    let paid = wallet::charge_minutes(db, &charges, now).await?;
    let paid: HashMap<CallId, Coins> = paid.into_iter().map(|paid| (paid.call, paid.balance)).collect();
    let ids: Vec<CallId> = paid.keys().copied().collect();
    store::advance(db, &ids).await?;
    let mut billed = Vec::with_capacity(paid.len());
    for call in going {
        if let Some(balance) = paid.get(&call.call_id) {
            billed.push(Billed { call: after_minute(call), balance: *balance });
        } else {
            over.push(ended_by_itself(call, EndCause::NoCoins, call.next_minute_at));
        }
    }
    Ok((billed, over))
}

/// Pays what of this locked call has begun before `until`; where that is its end, how it ends.
pub(super) async fn bill_until(
    app: &AppState,
    db: &mut PgConnection,
    mut call: CallRow,
    until: DateTime<Utc>,
    changes: &mut Changes,
) -> sqlx::Result<(CallRow, Option<End>)> {
    while call.next_minute_at < until {
        let (billed, over) = bill_next(app, db, vec![call], until).await?;
        if let Some((call, end)) = over.into_iter().next() {
            return Ok((call, Some(end)));
        }
        for paid in billed {
            call = paid.call;
            changes.billed.push(paid);
        }
    }
    Ok((call, None))
}

/// Settles this locked, ongoing call to `end`, or to the earlier moment at which it ended by itself.
pub(super) async fn settle(
    app: &AppState,
    db: &mut PgConnection,
    call: CallRow,
    mut end: End,
    changes: &mut Changes,
) -> sqlx::Result<CallRow> {
    // A node whose clock is behind must not end a call before what another has billed.
    end.at = end.at.max(call.last_minute_at() + TimeDelta::microseconds(1));
    let (call, earlier) = bill_until(app, db, call, end.at, changes).await?;
    let ended = end_all(db, vec![(call, earlier.unwrap_or(end))], app.clock.now(), changes).await?;
    ended.into_iter().next().ok_or(sqlx::Error::RowNotFound)
}

/// Writes these ends and frees both sides.
pub(super) async fn end_all(
    db: &mut PgConnection,
    over: Vec<(CallRow, End)>,
    now: DateTime<Utc>,
    changes: &mut Changes,
) -> sqlx::Result<Vec<CallRow>> {
    if over.is_empty() {
        return Ok(Vec::new());
    }
    let (calls, ends): (Vec<_>, Vec<_>) = over.into_iter().unzip();
    store::end(db, &ends).await?;
    let ids: Vec<CallId> = ends.iter().map(|end| end.call_id).collect();
    changes.freed.extend(presence::leave_calls(db, &ids, now).await?);
    let ended: Vec<CallRow> = calls.into_iter().zip(&ends).map(|(call, end)| after_end(call, end)).collect();
    changes.ended.extend(ended.iter().copied());
    Ok(ended)
}

pub(super) fn next_charge(call: &CallRow) -> Charge {
    Charge {
        call: call.call_id,
        minute: call.minutes_billed + 1,
        payer: call.caller_id,
        earner: call.listener_id,
        coins: call.rate_coins,
        earnings: call.rate_earnings,
    }
}

pub(super) fn after_minute(call: CallRow) -> CallRow {
    let next_minute_at = call.next_minute_at + call.minute();
    CallRow { minutes_billed: call.minutes_billed + 1, next_minute_at, ..call }
}

pub(super) fn after_end(call: CallRow, end: &End) -> CallRow {
    let status = rules::status_after(end.cause);
    CallRow { status, end_time: Some(end.at), end_cause: Some(end.cause), ..call }
}

fn ended_by_itself(call: CallRow, cause: EndCause, at: DateTime<Utc>) -> (CallRow, End) {
    let end = End { call_id: call.call_id, cause, at, by: None, reason: None };
    (call, end)
}

/// When each side of these calls was last heard of.
async fn last_heard(db: &mut PgConnection, calls: &[CallRow]) -> sqlx::Result<HashMap<UserId, DateTime<Utc>>> {
    let users: Vec<UserId> = calls.iter().flat_map(|call| [call.caller_id, call.listener_id]).collect();
    presence::last_seen(db, &users).await
}

fn heard_of(heard: &HashMap<UserId, DateTime<Utc>>, call: &CallRow) -> DateTime<Utc> {
    let sides = [call.caller_id, call.listener_id].into_iter().filter_map(|side| heard.get(&side)).copied();
    sides.max().unwrap_or(call.start_time)
}

/// When nothing more is heard of this call, it ends then.
pub(super) async fn lost_at(
    app: &AppState,
    db: &mut PgConnection,
    call: &CallRow,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    let heard = last_heard(db, std::slice::from_ref(call)).await?;
    let heard_at = heard_of(&heard, call);
    let is_lost = heard_at + app.config.calls.grace < now;
    Ok(is_lost.then(|| rules::lost_at(heard_at, app.config.calls.grace, call.last_minute_at(), now)))
}
