use saathii_shared_types::{
    CallId, Coins, UserId,
    calls::{Call, CallEnded, CallStarted, CallStatus, CallSystemStatus, EndCause, MinuteBilled, StartCall},
};
use serde_json::json;
use sqlx::PgConnection;

use super::{
    Error, billing,
    billing::Changes,
    events::{self, Aftermath},
    history, meter, mirror, rules,
    store::{self, CallRow, End, NewCall},
};
use crate::{
    audit::{self, Actor, AdminAction, Subject},
    config::{ListenerVerification, Rate},
    http::{Answer, IdempotencyKey},
    presence::{self, Entry},
    social,
    state::AppState,
    users::{self, Party},
    wallet,
};

/// Longer reasons are cut: they are for the record.
const LONGEST_REASON: usize = 500;

/// A minute that begins this late has a meter that is not well.
const LATE: chrono::TimeDelta = chrono::TimeDelta::seconds(10);

/// Takes the first minute and begins the call.
pub async fn start_call(
    app: &AppState,
    caller: UserId,
    request: &StartCall,
    key: &IdempotencyKey,
) -> Result<Answer<CallStarted>, Error> {
    rules::check_estimate(request.estimated_duration_minutes)?;
    if request.listener_id == caller {
        return Err(Error::SelfCall);
    }
    let rate = app.config.calls.rate(request.call_type);
    let mut tx = app.db.begin().await?;
    if let Some(kept) = key.claim(&mut tx, caller).await? {
        return Ok(Answer::Replayed(kept));
    }
    // Shared locks: whoever deletes or suspends one of the two waits, and then finds this call.
    let parties = users::lock_parties(&mut tx, &[caller, request.listener_id]).await?;
    check_parties(app, &parties, caller, request.listener_id)?;
    // Asked under the locks: whoever blocks now waits, and then ends this call.
    if social::is_blocked_between(&mut tx, caller, request.listener_id).await? {
        return Err(Error::Blocked);
    }
    let call = store::insert(
        &mut tx,
        NewCall {
            caller,
            listener: request.listener_id,
            call_type: request.call_type,
            rate,
            minute_seconds: app.config.calls.minute_seconds,
            now: app.clock.now(),
        },
    )
    .await?;
    let balance = take_first_minute(&mut tx, &call).await?;
    let entered = match presence::enter_call(&mut tx, call.call_id, caller, call.listener_id, call.start_time).await? {
        Entry::Entered(rows) => rows,
        Entry::CallerInCall => return Err(Error::AlreadyInCall),
        Entry::ListenerBusy => return Err(Error::Busy),
        Entry::ListenerOffline => return Err(Error::Offline),
    };
    let answer = started(&call, request, rate, balance);
    key.keep(&mut tx, caller, &answer, app).await?;
    tx.commit().await?;

    let cards: Vec<_> = parties.into_iter().map(|party| party.card).collect();
    let statuses = presence::changes_with(entered, &cards);
    events::tell(app, events::of_start(&call, &cards, balance, statuses));
    metrics::counter!("saathii_calls_started_total").increment(1);
    Ok(Answer::New(answer))
}

fn check_parties(app: &AppState, parties: &[Party], caller: UserId, listener: UserId) -> Result<(), Error> {
    let find = |user| parties.iter().find(|party| party.card.user_id == user);
    find(caller).ok_or(Error::AccountGone)?;
    let listener = find(listener).filter(|party| party.card.is_listener()).ok_or(Error::ListenerNotFound)?;
    let must_be_verified = app.config.calls.verification == ListenerVerification::Required;
    if must_be_verified && !listener.is_verified { Err(Error::NotVerified) } else { Ok(()) }
}

async fn take_first_minute(db: &mut PgConnection, call: &CallRow) -> Result<Coins, Error> {
    let first = wallet::Charge { minute: 1, ..billing::next_charge(call) };
    let paid = wallet::charge_minutes(db, &[first], call.start_time).await?;
    match paid.first() {
        Some(paid) => Ok(paid.balance),
        None => Err(Error::InsufficientCoins {
            required: call.rate_coins,
            available: wallet::find(db, call.caller_id).await?.balance_coins,
        }),
    }
}

fn started(call: &CallRow, request: &StartCall, rate: Rate, balance: Coins) -> CallStarted {
    CallStarted {
        call_id: call.call_id,
        message: "Call started successfully".to_owned(),
        estimated_cost: rules::estimated_cost(request.estimated_duration_minutes, balance + rate.coins, rate.coins),
        remaining_coins: balance,
        call_type: call.call_type,
        listener_id: call.listener_id,
        status: CallStatus::Ongoing,
    }
}

/// How one of the two ends their call.
pub struct Ending {
    pub cause: EndCause,
    pub reason: Option<String>,
    pub message: &'static str,
}

/// Settles a call and frees both; a call that has ended is answered as it ended.
pub async fn end_call(
    app: &AppState,
    user: UserId,
    call: CallId,
    ending: Ending,
    key: &IdempotencyKey,
) -> Result<Answer<CallEnded>, Error> {
    let mut tx = app.db.begin().await?;
    if let Some(kept) = key.claim(&mut tx, user).await? {
        return Ok(Answer::Replayed(kept));
    }
    let mut call = store::lock(&mut tx, call).await?.filter(|call| call.is_of(user)).ok_or(Error::NotFound)?;
    let mut changes = Changes::default();
    if call.is_ongoing() {
        let reason = ending.reason.map(|reason| reason.chars().take(LONGEST_REASON).collect());
        let end = End { call_id: call.call_id, cause: ending.cause, at: app.clock.now(), by: Some(user), reason };
        call = billing::settle(app, &mut tx, call, end, &mut changes).await?;
    }
    let answer = ended(&call, ending.message);
    key.keep(&mut tx, user, &answer, app).await?;
    let aftermath = events::of(&mut tx, changes).await?;
    tx.commit().await?;
    events::tell(app, aftermath);
    Ok(Answer::New(answer))
}

fn ended(call: &CallRow, message: &str) -> CallEnded {
    CallEnded {
        call_id: call.call_id,
        message: message.to_owned(),
        duration_seconds: call.seconds(call.start_time),
        duration_minutes: call.minutes_billed.into(),
        coins_spent: call.coins_spent(),
        user_money_spend: call.coins_spent(),
        listener_money_earned: call.earned(),
        status: call.status,
    }
}

/// Ends a call by the power of a role, and records it; false where it had ended already.
pub async fn end_by_admin(app: &AppState, action: &AdminAction, call: CallId, reason: &str) -> Result<bool, Error> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let call = store::lock(&mut tx, call).await?.ok_or(Error::NotFound)?;
    if !call.is_ongoing() {
        return Ok(false);
    }
    let mut changes = Changes::default();
    let (by, cause) = (Some(action.admin), EndCause::Admin);
    let end = End { call_id: call.call_id, cause, at: now, by, reason: Some(reason.to_owned()) };
    let ended = billing::settle(app, &mut tx, call, end, &mut changes).await?;
    let entry = audit::Entry {
        by: Actor::Admin(action),
        action: "call.end",
        subject: Subject::call(call.call_id),
        before: json!({"status": call.status}),
        after: json!({"status": ended.status, "end_cause": ended.end_cause, "reason": reason}),
    };
    audit::record(&mut tx, &entry, now).await?;
    let aftermath = events::of(&mut tx, changes).await?;
    tx.commit().await?;
    events::tell(app, aftermath);
    Ok(true)
}

/// Ends the calls of somebody who is deleted or suspended, in the caller's transaction, which has locked the user.
pub async fn end_calls_of(
    app: &AppState,
    db: &mut PgConnection,
    user: UserId,
    cause: EndCause,
) -> sqlx::Result<Aftermath> {
    let call = store::find_ongoing_of(db, user).await?;
    end_for(app, db, call, cause).await
}

/// Ends the call that these two are in, if any, in the caller's transaction, which has locked both users.
pub async fn end_call_between(
    app: &AppState,
    db: &mut PgConnection,
    one: UserId,
    other: UserId,
    cause: EndCause,
) -> sqlx::Result<Aftermath> {
    let call = store::find_ongoing_of(db, one).await?.filter(|call| call.is_of(other));
    end_for(app, db, call, cause).await
}

async fn end_for(
    app: &AppState,
    db: &mut PgConnection,
    call: Option<CallRow>,
    cause: EndCause,
) -> sqlx::Result<Aftermath> {
    let mut changes = Changes::default();
    if let Some(call) = call {
        // Somebody else may have ended it before the lock.
        if let Some(call) = store::lock(db, call.call_id).await?.filter(CallRow::is_ongoing) {
            let end = End { call_id: call.call_id, cause, at: app.clock.now(), by: None, reason: None };
            billing::settle(app, db, call, end, &mut changes).await?;
        }
    }
    events::of(db, changes).await
}

/// Makes sure that every minute that has begun is billed, and answers with the running one's bill.
pub(super) async fn bill_minute(
    app: &AppState,
    user: UserId,
    call: CallId,
    key: &IdempotencyKey,
) -> Result<Answer<MinuteBilled>, Error> {
    let mut tx = app.db.begin().await?;
    if let Some(kept) = key.claim(&mut tx, user).await? {
        return Ok(Answer::Replayed(kept));
    }
    let call = store::lock(&mut tx, call).await?.filter(|call| call.is_of(user)).ok_or(Error::NotFound)?;
    if !call.is_ongoing() {
        return Err(refused_after_end(&mut tx, &call).await?);
    }
    let now = app.clock.now();
    let mut changes = Changes::default();
    let (call, end) = billing::bill_until(app, &mut tx, call, now, &mut changes).await?;
    if let Some(end) = end {
        // The refusal tells of an end, which stays.
        billing::end_all(&mut tx, vec![(call, end)], now, &mut changes).await?;
        let refusal = match changes.ended.first() {
            Some(call) => refused_after_end(&mut tx, call).await?,
            None => Error::Ended,
        };
        let aftermath = events::of(&mut tx, changes).await?;
        tx.commit().await?;
        events::tell(app, aftermath);
        return Err(refusal);
    }
    let answer = MinuteBilled {
        call_id: call.call_id,
        coins_deducted: call.rate_coins,
        remaining_coins: wallet::find(&mut tx, call.caller_id).await?.balance_coins,
        total_coins_spent: call.coins_spent(),
        message: "Successfully billed for 1 minute".to_owned(),
    };
    key.keep(&mut tx, user, &answer, app).await?;
    let aftermath = events::of(&mut tx, changes).await?;
    tx.commit().await?;
    events::tell(app, aftermath);
    // Old apps say this once a minute: it is a sign of life.
    app.heartbeats.record(user).await?;
    Ok(Answer::New(answer))
}

async fn refused_after_end(db: &mut PgConnection, call: &CallRow) -> sqlx::Result<Error> {
    if call.end_cause != Some(EndCause::NoCoins) {
        return Ok(Error::Ended);
    }
    let available = wallet::find(db, call.caller_id).await?.balance_coins;
    Ok(Error::InsufficientCoins { required: call.rate_coins, available })
}

pub(super) async fn get_ongoing(app: &AppState, user: UserId) -> Result<Call, Error> {
    let mut db = app.db.acquire().await?;
    let call = store::find_ongoing_of(&mut db, user).await?.ok_or(Error::NoOngoingCall)?;
    history::with_names(app, &mut db, vec![call]).await?.pop().ok_or(Error::NoOngoingCall)
}

/// Runs the reaper and the meter now, on the whole system.
pub(super) async fn clean_up(app: &AppState) -> Result<(), Error> {
    meter::reap(app).await?;
    meter::tick(app).await?;
    Ok(())
}

pub(super) async fn get_system_status(app: &AppState) -> Result<CallSystemStatus, Error> {
    let mut db = app.db.acquire().await?;
    let ongoing_calls = store::count_ongoing(&mut db).await?;
    let busy_users = presence::count_in_calls(&mut db).await?;
    let due_at = store::find_oldest_due(&mut db).await?;
    let is_late = due_at.is_some_and(|at| at + LATE < app.clock.now());
    // Redis only watches calls: without it they go on.
    let mirrored = mirror::count(&app.redis).await.ok();
    let is_well = mirrored.is_some() && !is_late;
    Ok(CallSystemStatus {
        ongoing_calls,
        busy_users,
        redis_call_keys: mirrored.unwrap_or(0),
        system_status: if is_well { "healthy" } else { "degraded" }.to_owned(),
    })
}
