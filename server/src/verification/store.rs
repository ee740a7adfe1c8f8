//! `verification_samples`, `verification_discards`.

use chrono::{DateTime, Utc};
use saathii_shared_types::{
    SampleId, UserId,
    verification::{Verdict, VerificationStatus},
};
use sqlx::PgConnection;

use crate::account::Record;

/// A sample as people see it.
#[derive(Debug, Clone)]
pub struct SampleRow {
    pub sample_id: SampleId,
    pub listener_id: UserId,
    pub(super) audio_key: String,
    pub status: VerificationStatus,
    pub remarks: Option<String>,
    pub uploaded_at: DateTime<Utc>,
    pub reviewed_at: Option<DateTime<Utc>>,
}

/// A sample in the making.
pub(super) struct NewSample<'a> {
    pub(super) listener: UserId,
    pub(super) audio_key: &'a str,
    pub(super) content_type: &'a str,
    pub(super) duration_ms: i32,
    pub(super) now: DateTime<Utc>,
}

/// Whether a new sample begins as seen, because its object is there, or as a place held for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    Uploading,
    Pending,
}

impl Begin {
    fn status(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Pending => "pending",
        }
    }
}

/// `None` where another sample waits, or this object is one already.
pub(super) async fn insert(db: &mut PgConnection, new: &NewSample<'_>, begin: Begin) -> sqlx::Result<Option<SampleId>> {
    sqlx::query_scalar!(
        r#"INSERT INTO verification_samples (listener_id, audio_key, content_type, duration_ms, status, uploaded_at)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT DO NOTHING
           RETURNING sample_id AS "sample_id: SampleId""#,
        new.listener as UserId,
        new.audio_key,
        new.content_type,
        new.duration_ms,
        begin.status(),
        new.now,
    )
    .fetch_optional(db)
    .await
}

/// Whether a sample of this listener waits: for its review, or since `held_since` for its object.
pub(super) async fn has_waiting(
    db: &mut PgConnection,
    listener: UserId,
    held_since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM verification_samples
               WHERE listener_id = $1 AND status IN ('uploading', 'pending')
                 AND (status = 'pending' OR uploaded_at >= $2)
           ) AS "waits!""#,
        listener as UserId,
        held_since,
    )
    .fetch_one(db)
    .await
}

pub(super) async fn has_key(db: &mut PgConnection, audio_key: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM verification_samples WHERE audio_key = $1) AS "has!""#,
        audio_key,
    )
    .fetch_one(db)
    .await
}

/// The object is there: whoever reviews may see it. `None` where the place was lost meanwhile.
pub(super) async fn publish(db: &mut PgConnection, sample: SampleId) -> sqlx::Result<Option<SampleRow>> {
    sqlx::query_as!(
        SampleRow,
        r#"UPDATE verification_samples
           SET status = 'pending'
           WHERE sample_id = $1 AND status = 'uploading'
           RETURNING sample_id AS "sample_id: SampleId", listener_id AS "listener_id: UserId", audio_key,
                     status AS "status: VerificationStatus", remarks, uploaded_at, reviewed_at"#,
        sample as SampleId,
    )
    .fetch_optional(db)
    .await
}

/// Gives up the place of an upload that failed, and plans the end of whatever may still arrive.
pub(super) async fn release(db: &mut PgConnection, sample: SampleId, due_at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH released AS (
             DELETE FROM verification_samples WHERE sample_id = $1 AND status = 'uploading' RETURNING audio_key
         )
         INSERT INTO verification_discards (path, due_at)
         SELECT audio_key, $2 FROM released
         ON CONFLICT (path) DO UPDATE SET due_at = excluded.due_at",
        sample as SampleId,
        due_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives up the places that are held since before `held_since`: of everybody, or of one listener.
pub(super) async fn release_stale(
    db: &mut PgConnection,
    listener: Option<UserId>,
    held_since: DateTime<Utc>,
    due_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH released AS (
             DELETE FROM verification_samples
             WHERE status = 'uploading' AND uploaded_at < $2 AND ($1::bigint IS NULL OR listener_id = $1)
             RETURNING audio_key
         )
         INSERT INTO verification_discards (path, due_at)
         SELECT audio_key, $3 FROM released
         ON CONFLICT (path) DO UPDATE SET due_at = excluded.due_at",
        listener as Option<UserId>,
        held_since,
        due_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a reviewer has to know of a sample beside [`SampleRow`].
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    pub duration_ms: i32,
    pub reviewed_by: Option<UserId>,
    /// Those that wait before and after it.
    pub previous: Option<SampleId>,
    pub next: Option<SampleId>,
}

pub async fn find_beside(db: &mut PgConnection, sample: SampleId) -> sqlx::Result<Option<Beside>> {
    sqlx::query_as!(
        Beside,
        r#"SELECT duration_ms, reviewed_by AS "reviewed_by: UserId",
                  (SELECT max(sample_id) FROM verification_samples WHERE status = 'pending' AND sample_id < $1)
                      AS "previous: SampleId",
                  (SELECT min(sample_id) FROM verification_samples WHERE status = 'pending' AND sample_id > $1)
                      AS "next: SampleId"
           FROM verification_samples
           WHERE sample_id = $1 AND status <> 'uploading'"#,
        sample as SampleId,
    )
    .fetch_optional(db)
    .await
}

/// A sample that waits for its review.
#[derive(Debug, Clone, Copy)]
pub struct PendingSample {
    pub sample_id: SampleId,
    pub listener_id: UserId,
    pub duration_ms: i32,
    pub uploaded_at: DateTime<Utc>,
}

/// A part of what waits for a review, the oldest first.
pub async fn list_queue(db: &mut PgConnection, offset: i64, limit: i64) -> sqlx::Result<Vec<PendingSample>> {
    sqlx::query_as!(
        PendingSample,
        r#"SELECT sample_id AS "sample_id: SampleId", listener_id AS "listener_id: UserId", duration_ms, uploaded_at
           FROM verification_samples
           WHERE status = 'pending'
           ORDER BY sample_id
           OFFSET $1
           LIMIT $2"#,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

/// `None` while its object is on its way, too.
pub async fn find(db: &mut PgConnection, sample: SampleId) -> sqlx::Result<Option<SampleRow>> {
    sqlx::query_as!(
        SampleRow,
        r#"SELECT sample_id AS "sample_id: SampleId", listener_id AS "listener_id: UserId", audio_key,
                  status AS "status: VerificationStatus", remarks, uploaded_at, reviewed_at
           FROM verification_samples
           WHERE sample_id = $1 AND status <> 'uploading'"#,
        sample as SampleId,
    )
    .fetch_optional(db)
    .await
}

/// What a sample's object is served as.
pub(super) async fn content_type(db: &mut PgConnection, sample: SampleId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("SELECT content_type FROM verification_samples WHERE sample_id = $1", sample as SampleId)
        .fetch_optional(db)
        .await
}

/// A listener's samples, the newest first.
pub async fn list_of(db: &mut PgConnection, listener: UserId, limit: i64) -> sqlx::Result<Vec<SampleRow>> {
    sqlx::query_as!(
        SampleRow,
        r#"SELECT sample_id AS "sample_id: SampleId", listener_id AS "listener_id: UserId", audio_key,
                  status AS "status: VerificationStatus", remarks, uploaded_at, reviewed_at
           FROM verification_samples
           WHERE listener_id = $1 AND status <> 'uploading'
           ORDER BY sample_id DESC
           LIMIT $2"#,
        listener as UserId,
        limit,
    )
    .fetch_all(db)
    .await
}

/// What waits for a review, the oldest first.
pub(super) async fn list_pending(db: &mut PgConnection, offset: i64, limit: i64) -> sqlx::Result<Vec<SampleRow>> {
    sqlx::query_as!(
        SampleRow,
        r#"SELECT sample_id AS "sample_id: SampleId", listener_id AS "listener_id: UserId", audio_key,
                  status AS "status: VerificationStatus", remarks, uploaded_at, reviewed_at
           FROM verification_samples
           WHERE status = 'pending'
           ORDER BY sample_id
           OFFSET $1
           LIMIT $2"#,
        offset,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How many wait for a review.
pub async fn count_pending(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM verification_samples WHERE status = 'pending'"#)
        .fetch_one(db)
        .await
}

/// `None` where it does not wait for a review any more.
pub(super) async fn decide(
    db: &mut PgConnection,
    sample: SampleId,
    verdict: Verdict,
    remarks: Option<&str>,
    reviewer: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<SampleRow>> {
    sqlx::query_as!(
        SampleRow,
        r#"UPDATE verification_samples
           SET status = $2, remarks = $3, reviewed_by = $4, reviewed_at = $5
           WHERE sample_id = $1 AND status = 'pending'
           RETURNING sample_id AS "sample_id: SampleId", listener_id AS "listener_id: UserId", audio_key,
                     status AS "status: VerificationStatus", remarks, uploaded_at, reviewed_at"#,
        sample as SampleId,
        VerificationStatus::from(verdict) as VerificationStatus,
        remarks,
        reviewer as UserId,
        now,
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn delete_of(db: &mut PgConnection, listener: UserId) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM verification_samples WHERE listener_id = $1", listener as UserId).execute(db).await?;
    Ok(())
}

/// Plans that these leave the bucket; a later time wins over an earlier one.
pub(super) async fn discard(db: &mut PgConnection, paths: &[String], due_at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO verification_discards (path, due_at)
         SELECT path, $2 FROM unnest($1::text[]) path
         ON CONFLICT (path) DO UPDATE SET due_at = greatest(verification_discards.due_at, excluded.due_at)",
        paths,
        due_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes up to `limit` that are due, for as long as it takes: nobody else gets them before `until`, and afterwards
/// somebody tries again. No lock is held while the bucket is asked.
pub(super) async fn take_due(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "UPDATE verification_discards
         SET due_at = $2
         WHERE path IN (
             SELECT path FROM verification_discards WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
         )
         RETURNING path",
        now,
        until,
        limit,
    )
    .fetch_all(db)
    .await
}

/// They are gone; one that was planned again meanwhile stays.
pub(super) async fn discarded(db: &mut PgConnection, paths: &[String], until: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM verification_discards WHERE path = ANY($1) AND due_at = $2", paths, until)
        .execute(db)
        .await?;
    Ok(())
}

/// What somebody sent in; who reviewed it is not theirs.
pub async fn export_samples(db: &mut PgConnection, user: UserId, after: i64, limit: i64) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"SELECT sample_id AS key,
                  jsonb_build_object('sample_id', sample_id, 'status', status, 'duration_seconds', duration_ms / 1000.0,
                                     'remarks', remarks, 'uploaded_at', uploaded_at, 'reviewed_at', reviewed_at)
                      AS "record!"
           FROM verification_samples
           WHERE listener_id = $1 AND sample_id > $2 AND status <> 'uploading'
           ORDER BY sample_id
           LIMIT $3"#,
        user as UserId,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}
