//! The one place that joins two rooms' tables, `users` and `presence`, and only reads: a list that is filtered by the one
//! and sorted by the other cannot be put together from two.
//!
//! The statement is built of those filters alone that are set, so that Postgres plans each by its own indexes.

use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use saathii_admin_ui::pages::people::{Online, PeopleQuery, PersonLine, RoleFilter, Sort, Verified};
use saathii_shared_types::{UserId, users::Role};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::list::Search;

#[derive(Debug, FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not hang together")]
pub(super) struct PersonRow {
    user_id: UserId,
    username: String,
    phone: String,
    roles: Vec<Role>,
    is_viewer: bool,
    country: Option<String>,
    preferred_language: Option<String>,
    rating: f64,
    is_verified: bool,
    is_online: bool,
    is_busy: bool,
    is_suspended: bool,
    last_seen: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl From<PersonRow> for PersonLine {
    fn from(row: PersonRow) -> Self {
        Self {
            id: row.user_id,
            name: row.username,
            phone: row.phone,
            roles: row.roles,
            is_viewer: row.is_viewer,
            country: row.country,
            language: row.preferred_language,
            rating: row.rating,
            is_verified: row.is_verified,
            is_online: row.is_online,
            is_busy: row.is_busy,
            is_suspended: row.is_suspended,
            last_seen: row.last_seen,
            registered_at: row.created_at,
        }
    }
}

pub(super) async fn count(db: &mut PgConnection, query: &PeopleQuery, search: Option<&Search>) -> sqlx::Result<i64> {
    let mut sql = QueryBuilder::new("SELECT count(*)");
    sql.push(from(query.online.is_some()));
    filter(&mut sql, query, search);
    sql.build_query_scalar().fetch_one(db).await
}

/// A page of them. Their ids first, from indexes alone where it can be: whole rows are read of those that are shown.
pub(super) async fn list(
    db: &mut PgConnection,
    query: &PeopleQuery,
    search: Option<&Search>,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<PersonRow>> {
    let mut sql = QueryBuilder::new("WITH page AS (SELECT u.user_id");
    sql.push(from(query.online.is_some() || query.sort == Sort::Seen));
    filter(&mut sql, query, search);
    sql.push(order(query.sort)).push(" OFFSET ").push_bind(offset).push(" LIMIT ").push_bind(limit);
    sql.push(") ").push(COLUMNS).push(" FROM page JOIN users u USING (user_id) JOIN presence p USING (user_id)");
    sql.push(order(query.sort));
    sql.build_query_as().fetch_all(db).await
}

/// All of them, as they come from Postgres.
pub(super) fn stream<'a>(
    db: &'a mut PgConnection,
    sql: &'a mut QueryBuilder<Postgres>,
) -> BoxStream<'a, sqlx::Result<PersonRow>> {
    sql.build_query_as().fetch(db)
}

pub(super) fn select(query: &PeopleQuery, search: Option<&Search>) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(COLUMNS);
    sql.push(from(true));
    filter(&mut sql, query, search);
    sql.push(order(query.sort));
    sql
}

const COLUMNS: &str = "SELECT u.user_id, u.username, u.phone, u.roles, u.is_viewer, u.country, u.preferred_language,
        u.rating, u.verified_at IS NOT NULL AS is_verified, p.is_online, p.is_busy,
        u.suspended_at IS NOT NULL AS is_suspended, p.last_seen, u.created_at";

/// Presence is joined only where something asks of it.
fn from(with_presence: bool) -> &'static str {
    if with_presence { " FROM users u JOIN presence p USING (user_id)" } else { " FROM users u" }
}

fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Newest => " ORDER BY u.created_at DESC, u.user_id DESC",
        Sort::Name => " ORDER BY lower(u.username) COLLATE \"C\", u.user_id",
        Sort::Rating => " ORDER BY u.rating DESC, u.user_id DESC",
        Sort::Seen => " ORDER BY p.last_seen DESC, u.user_id DESC",
    }
}

fn filter(sql: &mut QueryBuilder<Postgres>, query: &PeopleQuery, search: Option<&Search>) {
    sql.push(" WHERE u.deleted_at IS NULL");
    match search {
        None => {}
        Some(Search::Phone(phone)) => {
            sql.push(" AND u.phone = ").push_bind(phone.clone());
        }
        Some(Search::Id(id)) => {
            sql.push(" AND u.user_id = ").push_bind(*id);
        }
        Some(Search::Name(name)) => {
            // A range, as `LIKE` on a parameter finds no index.
            let last = format!("{name}\u{10FFFF}");
            sql.push(" AND lower(u.username) COLLATE \"C\" >= ").push_bind(name.clone());
            sql.push(" AND lower(u.username) COLLATE \"C\" < ").push_bind(last);
        }
    }
    match query.role {
        None => {}
        Some(RoleFilter::Viewer) => {
            sql.push(" AND u.is_viewer");
        }
        // As a literal: the partial index of admins is found by it.
        Some(RoleFilter::Admin) => {
            sql.push(" AND 'admin' = ANY (u.roles)");
        }
        Some(RoleFilter::Listener) => {
            sql.push(" AND 'listener' = ANY (u.roles)");
        }
        Some(RoleFilter::Caller) => {
            sql.push(" AND 'user' = ANY (u.roles)");
        }
    }
    match query.verified {
        None => {}
        Some(Verified::Yes) => {
            sql.push(" AND u.verified_at IS NOT NULL");
        }
        Some(Verified::No) => {
            sql.push(" AND u.verified_at IS NULL AND 'listener' = ANY (u.roles)");
        }
    }
    match query.online {
        None => {}
        Some(Online::Any) => {
            sql.push(" AND p.is_online");
        }
        Some(Online::Available) => {
            sql.push(" AND p.is_online AND NOT p.is_busy");
        }
        Some(Online::Busy) => {
            sql.push(" AND p.is_online AND p.is_busy");
        }
        Some(Online::Offline) => {
            sql.push(" AND NOT p.is_online");
        }
        Some(Online::Suspended) => {
            sql.push(" AND u.suspended_at IS NOT NULL");
        }
    }
    if let Some(country) = &query.country {
        sql.push(" AND u.country = ").push_bind(country.clone());
    }
    if let Some(language) = &query.language {
        sql.push(" AND u.preferred_language = ").push_bind(language.clone());
    }
}

/// What there is to choose from: the values of a column that has few, found by hopping over its index.
pub(super) async fn list_countries(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE hop AS (
               (SELECT country FROM users WHERE country IS NOT NULL ORDER BY country LIMIT 1)
               UNION ALL
               SELECT (SELECT u.country FROM users u WHERE u.country > hop.country ORDER BY u.country LIMIT 1)
               FROM hop
               WHERE hop.country IS NOT NULL
           )
           SELECT country AS "country!" FROM hop WHERE country IS NOT NULL LIMIT 300"#
    )
    .fetch_all(db)
    .await
}

pub(super) async fn list_languages(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"WITH RECURSIVE hop AS (
               (SELECT preferred_language AS language FROM users
                WHERE preferred_language IS NOT NULL ORDER BY preferred_language LIMIT 1)
               UNION ALL
               SELECT (SELECT u.preferred_language FROM users u
                       WHERE u.preferred_language > hop.language ORDER BY u.preferred_language LIMIT 1)
               FROM hop
               WHERE hop.language IS NOT NULL
           )
           SELECT language AS "language!" FROM hop WHERE language IS NOT NULL LIMIT 300"#
    )
    .fetch_all(db)
    .await
}
