//! Everything about one person, as one JSON object that is written while it is read.

use std::fmt::Write;

use axum::body::{Body, Bytes};
use chrono::TimeDelta;
use futures_util::{FutureExt, future::BoxFuture, stream};
use saathii_shared_types::UserId;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::Error;
use crate::{
    adjustments, auth, calls,
    http::rate_limit::{self, Limit},
    payments, presence, ratings, reports, social,
    state::AppState,
    users, verification, wallet, withdrawals,
};

/// It reads everything there is.
const EXPORTS: Limit = Limit { count: 3, window: TimeDelta::hours(1) };

/// So much is in memory at a time, and no connection is held while the client takes it.
const PAGE: i64 = 500;

/// One thing that a room keeps about a person.
#[derive(Debug)]
pub struct Record {
    /// Where the next page goes on.
    pub key: i64,
    pub record: Value,
}

/// Reads a page of a room's records, in the order of their keys, after one of them.
type Read = for<'a> fn(&'a mut PgConnection, UserId, i64, i64) -> BoxFuture<'a, sqlx::Result<Vec<Record>>>;

/// What rooms keep in rows without end, and how each is read. A room that keeps more about people adds its line.
const LISTS: [(&str, Read); 12] = [
    ("logins", |db, user, after, limit| auth::export_logins(db, user, after, limit).boxed()),
    ("calls", |db, user, after, limit| calls::export_calls(db, user, after, limit).boxed()),
    ("transactions", |db, user, after, limit| wallet::export_transactions(db, user, after, limit).boxed()),
    ("payments", |db, user, after, limit| payments::export_payments(db, user, after, limit).boxed()),
    ("withdrawals", |db, user, after, limit| withdrawals::export_withdrawals(db, user, after, limit).boxed()),
    ("adjustments", |db, user, after, limit| adjustments::export_adjustments(db, user, after, limit).boxed()),
    ("ratings_given", |db, user, after, limit| ratings::export_given(db, user, after, limit).boxed()),
    ("ratings_received", |db, user, after, limit| ratings::export_received(db, user, after, limit).boxed()),
    ("samples", |db, user, after, limit| verification::export_samples(db, user, after, limit).boxed()),
    ("favorites", |db, user, after, limit| social::export_favorites(db, user, after, limit).boxed()),
    ("blocks", |db, user, after, limit| social::export_blocks(db, user, after, limit).boxed()),
    ("reports", |db, user, after, limit| reports::export_filed(db, user, after, limit).boxed()),
];

/// What a person has once; a room that keeps more of it adds its line.
async fn read_singles(app: &AppState, user: UserId) -> Result<Map<String, Value>, Error> {
    let status = presence::get_status(app, user).await?;
    let mut db = app.db.acquire().await?;
    let profile = users::find_profile(&mut db, user).await?.ok_or(auth::Error::SessionEnded)?;
    let wallet = wallet::balance_of(&mut db, user).await?;
    let Value::Object(singles) = json!({
        "exported_at": app.clock.now(),
        "profile": profile,
        "presence": status,
        "wallet": wallet,
    }) else {
        return Ok(Map::new());
    };
    Ok(singles)
}

/// Where the writing is.
struct Writer {
    app: AppState,
    user: UserId,
    list: usize,
    after: i64,
    /// Of this list nothing is written yet.
    is_first: bool,
}

/// The whole, as a body. What can be refused is refused before it; where a store goes away on the way, it breaks off.
pub(super) async fn export(app: &AppState, user: UserId) -> Result<Body, Error> {
    let key = app.redis.key("exports", user);
    rate_limit::take(&app.redis, key, EXPORTS, app.clock.now())
        .await?
        .map_err(|exceeded| Error::RateLimited { retry_after: exceeded.retry_after })?;
    let singles = read_singles(app, user).await?;
    let mut head = String::from("{");
    for (name, value) in &singles {
        let _ = write!(head, "{}:{value},", json!(name));
    }
    let writer = Writer { app: app.clone(), user, list: 0, after: i64::MIN, is_first: true };
    let lists = stream::try_unfold(writer, write_page);
    let head = stream::once(async move { Ok::<_, sqlx::Error>(Bytes::from(head)) });
    Ok(Body::from_stream(futures_util::StreamExt::chain(head, lists)))
}

async fn write_page(mut writer: Writer) -> sqlx::Result<Option<(Bytes, Writer)>> {
    let Some((name, read)) = LISTS.get(writer.list) else { return Ok(None) };
    let records = {
        let mut db = writer.app.db.acquire().await?;
        read(&mut db, writer.user, writer.after, PAGE).await?
    };
    let mut text = String::new();
    if writer.is_first {
        let _ = write!(text, "\"{name}\":[");
    }
    for record in &records {
        if !writer.is_first {
            text.push(',');
        }
        writer.is_first = false;
        text.push_str(&record.record.to_string());
    }
    let is_last = i64::try_from(records.len()).is_ok_and(|count| count < PAGE);
    if is_last {
        writer.list += 1;
        (writer.after, writer.is_first) = (i64::MIN, true);
        text.push_str(if writer.list < LISTS.len() { "]," } else { "]}" });
    } else if let Some(last) = records.last() {
        writer.after = last.key;
    }
    Ok(Some((text.into(), writer)))
}
