//! Calls that were: for the demo's past.

use chrono::{DateTime, TimeDelta, Utc};
use saathii_shared_types::{
    UserId,
    calls::{CallType, EndCause},
};
use sqlx::PgConnection;

use super::{
    Error, billing, rules,
    store::{self, CallRow, End, NewCall},
};
use crate::{state::AppState, wallet};

/// A call that begins and ends before now, between people who are in no other then.
#[derive(Debug, Clone, Copy)]
pub struct PastCall {
    pub caller: UserId,
    pub listener: UserId,
    pub call_type: CallType,
    pub start_time: DateTime<Utc>,
    pub seconds: i64,
}

/// Records a call with every minute that it had, in the caller's transaction.
pub async fn record_past(app: &AppState, db: &mut PgConnection, past: PastCall) -> Result<CallRow, Error> {
    let new = NewCall {
        caller: past.caller,
        listener: past.listener,
        call_type: past.call_type,
        rate: app.config.calls.rate(past.call_type),
        minute_seconds: app.config.calls.minute_seconds,
        now: past.start_time,
    };
    let mut call = store::insert(db, new).await?;
    let at = past.start_time + TimeDelta::seconds(past.seconds);
    for minute in 1..=rules::minutes_begun(at - past.start_time, call.minute()) {
        let charge =
            wallet::Charge { minute: i32::try_from(minute).unwrap_or(i32::MAX), ..billing::next_charge(&call) };
        let began = past.start_time + call.minute() * (charge.minute - 1);
        if wallet::charge_minutes(db, &[charge], began).await?.is_empty() {
            let available = wallet::find(db, past.caller).await?.balance_coins;
            return Err(Error::InsufficientCoins { required: call.rate_coins, available });
        }
        if minute > 1 {
            store::advance(db, &[call.call_id]).await?;
            call = billing::after_minute(call);
        }
    }
    let end = End { call_id: call.call_id, cause: EndCause::Hangup, at, by: Some(past.caller), reason: None };
    store::end(db, std::slice::from_ref(&end)).await?;
    Ok(billing::after_end(call, &end))
}
