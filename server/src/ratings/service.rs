use saathii_shared_types::{
    CallId, UserId,
    calls::{CallRated, RateCall},
};

use super::{Error, store};
use crate::{calls, state::AppState, users};

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
    if !store::insert(&mut tx, call.call_id, caller, call.listener_id, rating, app.clock.now()).await? {
        return Err(Error::AlreadyRated);
    }
    let mean = store::add(&mut tx, call.listener_id, rating).await?;
    users::set_rating(&mut tx, call.listener_id, mean).await?;
    tx.commit().await?;
    Ok(CallRated {
        call_id: call.call_id,
        listener_id: call.listener_id,
        rating: rating.into(),
        listener_rating: mean,
        message: "Thank you for rating".to_owned(),
    })
}
