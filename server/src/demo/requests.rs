//! What some of the forty have asked for, so that the admin's working day begins with work.

use anyhow::Context;
use saathii_shared_types::{
    UserId,
    reports::ReportRequest,
    withdrawals::{PayoutDetails, WithdrawRequest},
};

use crate::{calls, http::IdempotencyKey, reports, social, state::AppState, wallet, withdrawals};

/// By a caller of the other side of their latest call.
const COMPLAINTS: [&str; 3] = [
    "Kept asking for my number outside the app, twice after I said no.",
    "Music so loud in the background that I could not hear a word.",
    "Talked about themselves for the whole call.",
];

/// Asks through the front doors.
pub(super) async fn ask(app: &AppState, callers: &[UserId], listeners: &[UserId]) -> anyhow::Result<()> {
    for listener in listeners.iter().take(6) {
        ask_for_payout(app, *listener).await?;
    }
    for (caller, reason) in callers.iter().zip(COMPLAINTS) {
        let latest = calls::page_of(&mut *app.db.acquire().await?, *caller, 0, 1).await?.pop();
        let Some(call) = latest else { continue };
        let complaint =
            ReportRequest { user_id: call.listener_id, call_id: Some(call.call_id), reason: reason.to_owned() };
        reports::report(app, *caller, &complaint).await.context("a report")?;
        if reason == COMPLAINTS[0] {
            social::block(app, *caller, call.listener_id, Some("Does not take a no")).await.context("a block")?;
        }
    }
    Ok(())
}

/// For most of what they have earned, where it is enough.
async fn ask_for_payout(app: &AppState, listener: UserId) -> anyhow::Result<()> {
    let earned = wallet::find(&mut *app.db.acquire().await?, listener).await?.withdrawable;
    let amount = saathii_shared_types::Earnings(earned.0 / 100 * 100);
    if amount < app.config.payouts.minimum {
        return Ok(());
    }
    let details = PayoutDetails::Upi { upi_id: format!("listener.{listener}@examplebank") };
    withdrawals::set_details(app, listener, &details).await.context("payout details")?;
    withdrawals::withdraw(app, listener, WithdrawRequest { amount }, &IdempotencyKey::none())
        .await
        .context("a payout")?;
    Ok(())
}
