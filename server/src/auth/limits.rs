//! How often codes may be asked for.

use chrono::{DateTime, TimeDelta, Utc};

use super::Error;
use crate::{
    http::{
        client_address::ClientAddress,
        rate_limit::{self, Limit},
    },
    phone::Phone,
    state::AppState,
};

/// Contract §Authentication.
const REQUESTS: Limit = Limit { count: 5, window: TimeDelta::minutes(15) };
const RESENDS: Limit = Limit { count: 1, window: TimeDelta::seconds(60) };

pub(super) async fn take_request(app: &AppState, phone: &Phone, now: DateTime<Utc>) -> Result<(), Error> {
    take(app, "otp-requests", phone.as_str(), REQUESTS, now).await
}

pub(super) async fn take_resend(app: &AppState, phone: &Phone, now: DateTime<Utc>) -> Result<(), Error> {
    take(app, "otp-resends", phone.as_str(), RESENDS, now).await
}

/// What stands against SMS pumping: caps per address and per block of numbers.
pub(super) async fn take_sms_budget(
    app: &AppState,
    phone: &Phone,
    client: ClientAddress,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if client.is_loopback() || !app.config.mode.is_production() {
        return Ok(());
    }
    let hourly = |count| Limit { count, window: TimeDelta::hours(1) };
    take(app, "otp-address", &client.0.to_string(), hourly(app.config.otp.address_limit), now).await?;
    let budget = take(app, "otp-prefix", phone.block(), hourly(app.config.otp.prefix_limit), now).await;
    if matches!(budget, Err(Error::RateLimited { .. })) {
        metrics::counter!("saathii_otp_prefix_breaker_total").increment(1);
        tracing::error!(block_digits = phone.block().len(), "the OTP budget of a number block is spent: SMS pumping?");
    }
    budget
}

async fn take(app: &AppState, kind: &str, id: &str, limit: Limit, now: DateTime<Utc>) -> Result<(), Error> {
    let key = app.redis.key(kind, id);
    rate_limit::take(&app.redis, key, limit, now)
        .await?
        .map_err(|exceeded| Error::RateLimited { retry_after: exceeded.retry_after })
}
