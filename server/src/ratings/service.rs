use chrono::{DateTime, Utc};
use saathii_shared_types::{
    CallId, UserId,
    calls::{CallRated, RateCall},
};
use sqlx::PgConnection;

use super::{Error, store};
use crate::{
    calls::{self, CallRow},
    state::AppState,
    users,
};

/// Records a rating and moves the listener's mean.
pub(super) async fn rate_call(
    app: &AppState,
    caller: UserId,
    call: CallId,
    request: RateCall,
) -> Result<CallRated, Error> {
    let rating = i16::try_from(request.rating).ok().filter(|rating| (1..=5).contains(rating));
    let rating = rating.ok_or(Error::OutOfRange)?;
    let mut tx = app.db.begin().await?;
    let call = calls::find(&mut tx, call).await?.filter(|call| call.caller_id == caller).ok_or(Error::NotFound)?;
    if call.is_ongoing() {
        return Err(Error::Ongoing);
    }
    let mean = record(&mut tx, &call, rating, app.clock.now()).await?;
    tx.commit().await?;
    Ok(CallRated {
        call_id: call.call_id,
        listener_id: call.listener_id,
        rating: rating.into(),
        listener_rating: mean,
        message: "Thank you for rating".to_owned(),
    })
}

/// The caller's rating of an ended call, in the caller's transaction; the listener's mean with it.
pub async fn record(db: &mut PgConnection, call: &CallRow, rating: i16, now: DateTime<Utc>) -> Result<f64, Error> {
    if !store::insert(db, call.call_id, call.caller_id, call.listener_id, rating, now).await? {
        return Err(Error::AlreadyRated);
    }
    let mean = store::add(db, call.listener_id, rating).await?;
    users::set_rating(db, call.listener_id, mean).await?;
    Ok(mean)
}
