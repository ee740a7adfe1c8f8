use std::collections::HashMap;

use axum::{
    body::Body,
    extract::{RawQuery, State},
    response::Response,
};
use futures_util::stream;
use saathii_admin_ui::{
    address::{Choice, Query},
    pages::money::recharges::{Recharge, Recharges, RechargesQuery},
};
use saathii_shared_types::UserId;

use crate::{
    backoffice::{csv, paging::page_and_more, session::AdminSession},
    payments::{self, PaymentRow, Search},
    state::AppState,
    users,
};

const PER_PAGE: i64 = 50;
/// Rows in one piece of a download.
const PIECE: i64 = 500;
const HEAD: &str = "id,person,name,provider,method,reference,status,rupees,refunded,coins,created\r\n";

pub(in crate::backoffice) async fn read_list(app: &AppState, query: RechargesQuery) -> sqlx::Result<Recharges> {
    let (rows, has_older) = page_and_more(read(app, query, PER_PAGE + 1).await?, PER_PAGE);
    Ok(Recharges { now: app.clock.now(), query, rows, has_older })
}

async fn read(app: &AppState, query: RechargesQuery, limit: i64) -> sqlx::Result<Vec<Recharge>> {
    let RechargesQuery { person, status, days, before } = query;
    let (since, until) = days.bounds();
    let mut db = app.db.acquire().await?;
    let rows = payments::search(&mut db, Search { user: person, status, since, until, before }, limit).await?;
    let buyers: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let names: HashMap<UserId, String> = users::usernames(&mut db, &buyers).await?.into_iter().collect();
    let recharge = |row: PaymentRow| Recharge {
        id: row.payment_id,
        buyer: (row.user_id, names.get(&row.user_id).cloned().unwrap_or_default()),
        provider: row.provider,
        method: row.payment_method,
        reference: row.provider_payment_id,
        amount: row.amount,
        refunded: row.refunded,
        coins: row.coins,
        status: row.status,
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(recharge).collect())
}

pub(super) async fn download(State(app): State<AppState>, admin: AdminSession, RawQuery(query): RawQuery) -> Response {
    let query = RechargesQuery::of(&Query::parse(query.as_deref().unwrap_or_default()));
    tracing::info!(user.id = admin.user.0, "recharges downloaded as CSV");
    // A piece is read when the one before it is sent: no connection is held for a slow reader.
    let pieces = stream::try_unfold((app, query, Some(HEAD)), async |(app, query, head)| {
        let rows = read(&app, query, PIECE).await?;
        let next = RechargesQuery { before: rows.last().map(|last| last.id), ..query };
        let text: String = head.into_iter().map(str::to_owned).chain(rows.iter().map(line)).collect();
        Ok::<_, sqlx::Error>((!text.is_empty()).then_some((text, (app, next, None))))
    });
    csv::answer("recharges.csv", Body::from_stream(pieces))
}

fn line(row: &Recharge) -> String {
    csv::line(&[
        row.id.to_string(),
        row.buyer.0.to_string(),
        row.buyer.1.clone(),
        row.provider.clone(),
        row.method.clone().unwrap_or_default(),
        row.reference.clone().unwrap_or_default(),
        row.status.word().to_owned(),
        csv::rupees(row.amount),
        csv::rupees(row.refunded),
        row.coins.to_string(),
        csv::time(row.created_at),
    ])
}
