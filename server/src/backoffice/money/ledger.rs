use std::collections::HashMap;

use axum::{
    body::Body,
    extract::{RawQuery, State},
    response::Response,
};
use futures_util::stream;
use saathii_admin_ui::{
    address::{Choice, Query},
    pages::money::ledger::{Entry, Kind, Ledger, LedgerQuery, Side, Transfer},
};
use saathii_shared_types::UserId;
use sqlx::PgConnection;

use crate::{
    backoffice::{csv, error::PageError, paging::page_and_more, session::AdminSession},
    state::AppState,
    users,
    wallet::{self, Movement, Search},
};

const PER_PAGE: i64 = 50;
/// Rows in one piece of a download.
const PIECE: i64 = 500;
const HEAD: &str = "id,kind,person,name,from,to,amount,reference,part,created\r\n";

pub(in crate::backoffice) async fn read_list(app: &AppState, query: LedgerQuery) -> sqlx::Result<Ledger> {
    let (rows, has_older) = page_and_more(read(app, query, PER_PAGE + 1).await?, PER_PAGE);
    Ok(Ledger { now: app.clock.now(), query, rows, has_older })
}

async fn read(app: &AppState, query: LedgerQuery, limit: i64) -> sqlx::Result<Vec<Transfer>> {
    let LedgerQuery { person, kind, reference, before } = query;
    let mut db = app.db.acquire().await?;
    let search = Search { user: person, kind: kind.map(Choice::word), reference, before };
    let rows = wallet::search(&mut db, search, limit).await?;
    with_names(&mut db, rows).await
}

pub(in crate::backoffice) async fn read_one(app: &AppState, id: i64) -> Result<Entry, PageError> {
    let mut db = app.db.acquire().await?;
    let row = wallet::find_movement(&mut db, id).await?.ok_or_else(PageError::missing)?;
    let kinds = kind_of(&row.kind).map_or(&[][..], Kind::family);
    let family = wallet::list_belonging(&mut db, kinds, row.reference_id).await?;
    let family = with_names(&mut db, family).await?;
    let transfer = with_names(&mut db, vec![row]).await?.pop().ok_or_else(PageError::missing)?;
    let side = |row: wallet::PostingRow| Side {
        account: row.account,
        owner: row.user_id.map(|_| transfer.user.clone()),
        currency: row.currency,
        amount: row.amount,
    };
    let sides: Vec<Side> = wallet::list_postings(&mut db, id).await?.into_iter().map(side).collect();
    let sides = sides.try_into().map_err(|_| PageError::missing())?;
    Ok(Entry { transfer, sides, family })
}

fn kind_of(word: &str) -> Option<Kind> {
    Kind::ALL.iter().find(|(_, known, _)| *known == word).map(|(kind, ..)| *kind)
}

async fn with_names(db: &mut PgConnection, rows: Vec<Movement>) -> sqlx::Result<Vec<Transfer>> {
    let people: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let names: HashMap<UserId, String> = users::usernames(db, &people).await?.into_iter().collect();
    let transfer = |row: Movement| Transfer {
        id: row.transfer_id,
        kind: kind_of(&row.kind),
        user: (row.user_id, names.get(&row.user_id).cloned().unwrap_or_default()),
        debit: row.debit,
        credit: row.credit,
        amount: row.amount,
        reference: row.reference_id,
        part: row.part,
        at: row.created_at,
    };
    Ok(rows.into_iter().map(transfer).collect())
}

pub(super) async fn download(State(app): State<AppState>, admin: AdminSession, RawQuery(query): RawQuery) -> Response {
    let query = LedgerQuery::of(&Query::parse(query.as_deref().unwrap_or_default()));
    tracing::info!(user.id = admin.user.0, "transactions downloaded as CSV");
    // A piece is read when the one before it is sent: no connection is held for a slow reader.
    let pieces = stream::try_unfold((app, query, Some(HEAD)), async |(app, query, head)| {
        let rows = read(&app, query, PIECE).await?;
        let next = LedgerQuery { before: rows.last().map(|last| last.id), ..query };
        let text: String = head.into_iter().map(str::to_owned).chain(rows.iter().map(line)).collect();
        Ok::<_, sqlx::Error>((!text.is_empty()).then_some((text, (app, next, None))))
    });
    csv::answer("transactions.csv", Body::from_stream(pieces))
}

fn line(row: &Transfer) -> String {
    csv::line(&[
        row.id.to_string(),
        row.kind.map_or("", Choice::word).to_owned(),
        row.user.0.to_string(),
        row.user.1.clone(),
        row.debit.clone(),
        row.credit.clone(),
        row.amount.to_string(),
        row.reference.to_string(),
        row.part.to_string(),
        csv::time(row.at),
    ])
}
