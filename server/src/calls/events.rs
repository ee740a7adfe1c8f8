//! What both sides of a call are told after its transaction.

use saathii_shared_types::{Coins, UserId, events::ServerEvent};
use sqlx::PgConnection;

use super::{
    billing::{Billed, Changes},
    rules,
    store::CallRow,
};
use crate::{
    presence,
    realtime::{Personal, StatusChange},
    state::AppState,
    users::Card,
};

/// What is left to do after the commit: nothing of it is needed for the money.
#[derive(Debug, Default)]
pub struct Aftermath {
    personal: Vec<Personal>,
    statuses: Vec<StatusChange>,
    started: Vec<CallRow>,
    ended: Vec<CallRow>,
}

/// Gathers what is to be told of these changes.
pub(super) async fn of(db: &mut PgConnection, changes: Changes) -> sqlx::Result<Aftermath> {
    let Changes { billed, ended, freed } = changes;
    let mut personal: Vec<Personal> = billed.iter().flat_map(minute_events).collect();
    personal.extend(ended.iter().flat_map(end_events));
    let statuses = presence::changes_of(db, freed).await?;
    Ok(Aftermath { personal, statuses, started: Vec::new(), ended })
}

/// Tells it to sockets and to the mirror.
pub fn tell(app: &AppState, aftermath: Aftermath) {
    let Aftermath { personal, statuses, started, ended } = aftermath;
    for status in statuses {
        app.bus.publish(status);
    }
    if !personal.is_empty() {
        app.bus.tell(personal);
    }
    app.calls_mirror.record(started, ended);
}

/// A call that has begun: the listener's phone rings.
pub(super) fn of_start(call: &CallRow, cards: &[Card], balance: Coins, statuses: Vec<StatusChange>) -> Aftermath {
    let name = |user: UserId| {
        cards.iter().find(|card| card.user_id == user).map(|card| card.username.clone()).unwrap_or_default()
    };
    let started = ServerEvent::CallStarted {
        call_id: call.call_id,
        call_type: call.call_type,
        user_id: call.caller_id,
        listener_id: call.listener_id,
        caller_username: name(call.caller_id),
        listener_username: name(call.listener_id),
        start_time: call.start_time,
        rate_per_minute: call.rate_coins,
    };
    let mut personal: Vec<Personal> = to_both(call, |_| started.clone()).into();
    personal.extend(low_balance(call, balance));
    Aftermath { personal, statuses, started: vec![*call], ended: Vec::new() }
}

fn minute_events(billed: &Billed) -> Vec<Personal> {
    let Billed { call, balance } = billed;
    let mut events: Vec<Personal> = to_both(call, |side| ServerEvent::CallMinute {
        call_id: call.call_id,
        minute: call.minutes_billed.into(),
        coins_spent: call.coins_spent(),
        listener_money_earned: call.earned(),
        remaining_coins: (side == call.caller_id).then_some(*balance),
    })
    .into();
    events.extend(low_balance(call, *balance));
    events
}

fn low_balance(call: &CallRow, balance: Coins) -> Option<Personal> {
    let minutes_left = rules::minutes_left(balance, call.rate_coins);
    rules::warns(call.minutes_billed, minutes_left).then_some(Personal {
        user_id: call.caller_id,
        event: ServerEvent::CallLowBalance { call_id: call.call_id, minutes_left, remaining_coins: balance },
    })
}

fn end_events(call: &CallRow) -> [Personal; 2] {
    let at = call.end_time.unwrap_or(call.start_time);
    to_both(call, |_| ServerEvent::CallEnded {
        call_id: call.call_id,
        status: call.status,
        cause: call.end_cause.unwrap_or_default(),
        duration_seconds: call.seconds(at),
        duration_minutes: call.minutes_billed.into(),
        coins_spent: call.coins_spent(),
        listener_money_earned: call.earned(),
    })
}

fn to_both(call: &CallRow, event: impl Fn(UserId) -> ServerEvent) -> [Personal; 2] {
    [call.caller_id, call.listener_id].map(|side| Personal { user_id: side, event: event(side) })
}
