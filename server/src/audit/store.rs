//! `audit_log`.

use chrono::{DateTime, Utc};
use saathii_shared_types::{UserId, audit::AuditEntry};
use sqlx::PgConnection;

use super::{Actor, Entry, query::AuditQuery};

/// Writes down what the caller's transaction does.
pub async fn record(db: &mut PgConnection, entry: &Entry<'_>, now: DateTime<Utc>) -> sqlx::Result<()> {
    let (actor, action) = match entry.by {
        Actor::Admin(action) => ("admin", Some(action)),
        Actor::CommandLine => ("command_line", None),
        Actor::Configuration => ("configuration", None),
    };
    sqlx::query!(
        "INSERT INTO audit_log (actor, actor_id, action, subject_kind, subject_id, before, after, address, user_agent,
                                created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        actor,
        action.map(|action| action.admin) as Option<UserId>,
        entry.action,
        entry.subject.kind,
        entry.subject.id,
        (!entry.before.is_null()).then_some(&entry.before),
        (!entry.after.is_null()).then_some(&entry.after),
        action.map(|action| action.from.address.to_string()),
        action.and_then(|action| action.from.user_agent.as_deref()),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The newest first.
pub(super) async fn list(
    db: &mut PgConnection,
    query: &AuditQuery,
    offset: i64,
    limit: i64,
) -> sqlx::Result<Vec<AuditEntry>> {
    sqlx::query_as!(
        AuditEntry,
        r#"SELECT entry_id, actor, actor_id AS "actor_id: UserId", NULL AS actor_username, action, subject_kind,
                  subject_id, before, after, address, user_agent, created_at
           FROM audit_log
           WHERE ($1::bigint IS NULL OR actor_id = $1)
             AND ($2::text IS NULL OR actor = $2)
             AND ($3::text IS NULL OR subject_kind = $3)
             AND ($4::bigint IS NULL OR subject_id = $4)
             AND ($5::text IS NULL OR action = $5)
             AND ($6::timestamptz IS NULL OR created_at >= $6)
             AND ($7::timestamptz IS NULL OR created_at < $7)
           ORDER BY entry_id DESC
           OFFSET $8 LIMIT $9"#,
        query.actor_id as Option<UserId>,
        query.actor,
        query.subject_kind,
        query.subject_id,
        query.action,
        query.since,
        query.until,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Every action and every kind of subject that occurs, to choose from.
pub async fn list_words(db: &mut PgConnection) -> sqlx::Result<(Vec<String>, Vec<String>)> {
    // A loose index scan: one probe per word, however long the record is.
    let actions = sqlx::query_scalar!(
        r#"WITH RECURSIVE words AS (
               (SELECT action FROM audit_log ORDER BY action LIMIT 1)
               UNION ALL
               SELECT (SELECT a.action FROM audit_log a WHERE a.action > w.action ORDER BY a.action LIMIT 1)
               FROM words w
               WHERE w.action IS NOT NULL
           )
           SELECT action AS "action!" FROM words WHERE action IS NOT NULL"#
    )
    .fetch_all(db)
    .await?;
    let mut kinds: Vec<String> =
        actions.iter().filter_map(|action| action.split_once('.')).map(|(kind, _)| kind.to_owned()).collect();
    kinds.dedup();
    Ok((actions, kinds))
}
