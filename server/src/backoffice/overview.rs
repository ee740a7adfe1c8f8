//! What the overview shows.

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use saathii_admin_ui::pages::overview::{NewPerson, OnlinePerson, Overview, OverviewQuery, People, Proof, StoreHealth};
use saathii_shared_types::UserId;
use sqlx::PgConnection;

use super::takings;
use crate::{
    calls, feed,
    http::health::{self, Health},
    presence, reports,
    state::AppState,
    users, verification, withdrawals,
};

/// Rows of each table: what fits on a screen.
const ROWS: i64 = 15;

pub(super) async fn read(app: &AppState, query: OverviewQuery) -> Result<Overview, sqlx::Error> {
    let now = app.clock.now();
    let listeners = feed::get_stats(app).await?;
    let mut db = app.db.acquire().await?;
    let people = count_people(&mut db, now).await?;
    let online = list_online(&mut db).await?;
    let newest = users::list_newest(&mut db, ROWS).await?;
    let live_calls = calls::count_ongoing(&mut db).await?;
    let pending_reviews = verification::count_pending(&mut db).await?;
    let pending_withdrawals = withdrawals::count_requested(&mut db).await?;
    let open_reports = reports::count_open(&mut db).await?;
    let due = calls::find_oldest_due(&mut db).await?;
    // Given back before Postgres is asked again: a page never waits for its own connection.
    drop(db);
    Ok(Overview {
        now,
        live_calls,
        pending_reviews,
        pending_withdrawals,
        open_reports,
        meter_lateness: due.map_or(TimeDelta::zero(), |due| (now - due).max(TimeDelta::zero())),
        proof: takings::read_proof(app).await.map(|proof| Proof { at: proof.at, discrepancies: proof.total }),
        span: query.span,
        takings: takings::read_takings(app, query.span).await,
        listeners,
        people,
        sockets: i64::try_from(app.hub.socket_count()).unwrap_or(i64::MAX),
        stores: stores(health::probe(app).await),
        online,
        newest: newest.into_iter().map(new_person).collect(),
    })
}

async fn count_people(db: &mut PgConnection, now: DateTime<Utc>) -> Result<People, sqlx::Error> {
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let registered = users::count_registrations(db, now - TimeDelta::days(7), midnight).await?;
    Ok(People {
        total: registered.total,
        last_seven_days: registered.since_week,
        today: registered.since_day,
        online: presence::count_online(db).await?,
    })
}

async fn list_online(db: &mut PgConnection) -> Result<Vec<OnlinePerson>, sqlx::Error> {
    let rows = presence::list_online(db, ROWS).await?;
    let ids: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let cards = users::cards(db, &ids).await?;
    let mut cards: HashMap<_, _> = cards.into_iter().map(|card| (card.user_id, card)).collect();
    let people = rows.into_iter().filter_map(|row| {
        let card = cards.remove(&row.user_id)?;
        Some(OnlinePerson {
            id: row.user_id,
            name: card.username,
            roles: card.roles,
            is_busy: row.is_busy,
            busy_until: row.busy_until,
            last_seen: row.last_seen,
        })
    });
    Ok(people.collect())
}

fn new_person(newcomer: users::Newcomer) -> NewPerson {
    NewPerson {
        id: newcomer.user_id,
        name: newcomer.username,
        roles: newcomer.roles,
        country: newcomer.country,
        registered_at: newcomer.created_at,
    }
}

fn stores(health: Health) -> Vec<StoreHealth> {
    let Health { postgres, redis, storage } = health;
    [("Postgres", postgres), ("Redis", redis), ("Storage", storage)]
        .map(|(name, latency)| StoreHealth { name, latency })
        .into()
}
