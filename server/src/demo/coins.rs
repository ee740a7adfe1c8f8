//! Coins of demo people, bought like everybody's.

use anyhow::Context;
use chrono::{DateTime, Utc};
use saathii_shared_types::{UserId, calls::CallType};
use sqlx::PgConnection;

use crate::{payments, state::AppState, wallet};

/// No demo call lasts longer.
pub(super) const MOST_MINUTES: i64 = 10;

/// Has the caller buy the largest pack, at whatever prices are configured, until the longest call is affordable.
pub(super) async fn afford_a_call(
    app: &AppState,
    db: &mut PgConnection,
    caller: UserId,
    at: DateTime<Utc>,
) -> anyhow::Result<()> {
    let costliest = app.config.calls.rate(CallType::Video).coins.max(app.config.calls.rate(CallType::Audio).coins);
    let enough = costliest * MOST_MINUTES;
    let (pack, _) = app.config.payments.options.last_key_value().context("no coins are sold")?;
    while wallet::find(db, caller).await?.balance_coins < enough {
        payments::record_sandbox_purchase(app, db, caller, *pack, at).await?;
    }
    Ok(())
}
