//! The filtered list as CSV, sent as it is read.

use axum::{
    body::{Body, Bytes},
    extract::{RawQuery, State},
    response::Response,
};
use futures_util::StreamExt;
use saathii_admin_ui::{
    address::Query,
    components::person::role_names,
    pages::people::{PeopleQuery, PersonLine},
};
use tokio::sync::mpsc;

use super::{list::search_of, store};
use crate::{
    backoffice::{csv, error::PageError, session::AdminSession},
    state::AppState,
};

const HEAD: &str =
    "id,name,phone,roles,viewer,country,language,rating,verified,online,busy,suspended,last seen,registered\r\n";
/// Rows in one piece of the answer.
const PIECE: usize = 500;

pub(super) async fn download(
    State(app): State<AppState>,
    admin: AdminSession,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = PeopleQuery::of(&Query::parse(query.as_deref().unwrap_or_default()));
    tracing::info!(user.id = admin.user.0, "people downloaded as CSV");
    // A reader that is slow holds one connection and two pieces, and nothing else.
    let (sender, mut pieces) = mpsc::channel::<Result<Bytes, sqlx::Error>>(2);
    tokio::spawn(async move {
        if let Err(error) = send(&app, query, &sender).await {
            tracing::warn!(%error, "a download broke off");
            // The answer has begun: only breaking it off tells that it is not whole.
            let _ = sender.send(Err(error)).await;
        }
    });
    let body = Body::from_stream(futures_util::stream::poll_fn(move |context| pieces.poll_recv(context)));
    Ok(csv::answer("people.csv", body))
}

async fn send(
    app: &AppState,
    query: PeopleQuery,
    sender: &mpsc::Sender<Result<Bytes, sqlx::Error>>,
) -> Result<(), sqlx::Error> {
    let search = search_of(app, &query);
    let mut db = app.db.acquire().await?;
    let mut sql = store::select(&query, search.as_ref());
    let mut rows = store::stream(&mut db, &mut sql).chunks(PIECE);
    let mut piece = HEAD.to_owned();
    while let Some(chunk) = rows.next().await {
        for row in chunk {
            piece.push_str(&line(&row?.into()));
        }
        if sender.send(Ok(std::mem::take(&mut piece).into())).await.is_err() {
            return Ok(());
        }
    }
    if !piece.is_empty() {
        let _ = sender.send(Ok(piece.into())).await;
    }
    Ok(())
}

fn line(person: &PersonLine) -> String {
    let cells = [
        person.id.to_string(),
        person.name.clone(),
        person.phone.clone(),
        role_names(&person.roles),
        person.is_viewer.to_string(),
        person.country.clone().unwrap_or_default(),
        person.language.clone().unwrap_or_default(),
        person.rating.to_string(),
        person.is_verified.to_string(),
        person.is_online.to_string(),
        person.is_busy.to_string(),
        person.is_suspended.to_string(),
        csv::time(person.last_seen),
        csv::time(person.registered_at),
    ];
    csv::line(&cells)
}
