use std::collections::HashMap;

use axum::extract::Multipart;
use chrono::{DateTime, Utc};
use rand::Rng;
use saathii_shared_types::{
    UserId,
    verification::{UploadTicket, VerificationSample, VerificationState, VerificationStatus},
};
use sqlx::PgConnection;

use super::{
    Error,
    audio::{self, Proof},
    rules::{self, ARRIVED, ATTEMPTS, LARGEST_FILE, PLACE_HELD, TICKET_LASTS},
    spool::{self, Spooled},
    store::{self, Begin, NewSample, SampleRow},
};
use crate::{
    http::rate_limit,
    infra::object_store::{ObjectError, Upload},
    state::AppState,
    users,
};

/// So many past samples are told of; nobody has more who is not at odds with us.
const HISTORY: i64 = 100;

pub(super) async fn upload_file(
    app: &AppState,
    listener: UserId,
    form: Multipart,
) -> Result<VerificationSample, Error> {
    // Before megabytes are read; the place itself is taken below.
    check_may_submit(app, listener).await?;
    let file = spool::receive(form).await?;
    let proof = audio::prove(&file).await?;
    keep(app, listener, file, proof).await
}

/// The same with bytes that are at hand.
pub async fn submit_bytes(app: &AppState, listener: UserId, bytes: &[u8]) -> Result<VerificationSample, Error> {
    let file = spool::keep(bytes).await?;
    let proof = audio::prove(&file).await?;
    keep(app, listener, file, proof).await
}

/// An object that somebody with keys to the bucket has put into the listener's folder; it stays as it is. It is read
/// by its key through S3: no URL is ever fetched.
pub(super) async fn submit_url(app: &AppState, listener: UserId, url: &str) -> Result<VerificationSample, Error> {
    let key = rules::key_of_url(url, &app.objects.base_url(), listener).ok_or(Error::ForeignObject)?;
    check_may_submit(app, listener).await?;
    let file = fetch(app, &key).await?;
    let proof = audio::prove(&file).await?;
    let row = take_place(app, listener, &key, proof, Begin::Pending).await?;
    Ok(sample(app, row))
}

/// Leave to upload straight to the bucket: no request of ours lasts as long as a slow phone takes.
pub(super) async fn issue_ticket(app: &AppState, listener: UserId) -> Result<UploadTicket, Error> {
    check_may_submit(app, listener).await?;
    let now = app.clock.now();
    let key = format!("{}{}", rules::upload_folder(listener), rules::file_name(now, rand::rng().random()));
    // Whether it is used or not: what arrives under this key leaves again.
    let mut db = app.db.acquire().await?;
    store::discard(&mut db, std::slice::from_ref(&key), now + ARRIVED).await?;
    let ticket = app.objects.post_ticket(&key, "audio/", LARGEST_FILE, TICKET_LASTS);
    Ok(UploadTicket { url: ticket.url, fields: ticket.fields, key, expires_at: ticket.expires_at })
}

/// The sample is a copy of exactly those bytes that were decoded: the ticket's object can be overwritten until the
/// ticket expires, and is then swept.
pub(super) async fn confirm_upload(app: &AppState, listener: UserId, key: &str) -> Result<VerificationSample, Error> {
    if !rules::is_in(key, &rules::upload_folder(listener)) {
        return Err(Error::ForeignObject);
    }
    check_may_submit(app, listener).await?;
    let file = fetch(app, key).await?;
    let proof = audio::prove(&file).await?;
    keep(app, listener, file, proof).await
}

pub(super) async fn get_status(app: &AppState, listener: UserId) -> Result<VerificationState, Error> {
    let mut db = app.db.acquire().await?;
    let is_verified = users::find_verified_at(&mut db, listener).await?.is_some();
    let last = store::list_of(&mut db, listener, 1).await?.pop();
    let status =
        if is_verified { Some(VerificationStatus::Approved) } else { last.as_ref().map(|sample| sample.status) };
    Ok(VerificationState {
        is_verified,
        verification_status: status,
        last_verification: last.map(|row| sample(app, row)),
        message: rules::status_message(status),
    })
}

pub(super) async fn list_history(app: &AppState, listener: UserId) -> Result<Vec<VerificationSample>, Error> {
    let mut db = app.db.acquire().await?;
    let rows = store::list_of(&mut db, listener, HISTORY).await?;
    Ok(rows.into_iter().map(|row| sample(app, row)).collect())
}

/// In the transaction that deletes an account, after the user's row: no sample stays, and everything in the person's
/// folders is due to leave the bucket once nothing that is on its way can arrive any more.
pub async fn forget(db: &mut PgConnection, listener: UserId, now: DateTime<Utc>) -> sqlx::Result<()> {
    store::delete_of(db, listener).await?;
    let folders = [rules::sample_folder(listener), rules::upload_folder(listener)];
    store::discard(db, &folders, now + ARRIVED).await
}

/// As the contract shows it.
pub(super) fn sample(app: &AppState, row: SampleRow) -> VerificationSample {
    VerificationSample {
        sample_id: row.sample_id,
        listener_id: row.listener_id,
        audio_file_url: format!("{}/{}", app.objects.base_url(), row.audio_key),
        status: row.status,
        remarks: row.remarks,
        uploaded_at: row.uploaded_at,
        reviewed_at: row.reviewed_at,
    }
}

/// Refuses early and cheaply; what decides is [`take_place`].
async fn check_may_submit(app: &AppState, listener: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    if users::find_verified_at(&mut db, listener).await?.is_some() {
        return Err(Error::AlreadyVerified);
    }
    if store::has_waiting(&mut db, listener, now - PLACE_HELD).await? {
        return Err(Error::Pending);
    }
    drop(db);
    let key = app.redis.key("verification-attempts", listener);
    rate_limit::take(&app.redis, key, ATTEMPTS, now).await?.map_err(Error::RateLimited)
}

async fn fetch(app: &AppState, key: &str) -> Result<Spooled, Error> {
    match app.objects.get(key).await {
        Ok(download) => spool::fetch(download).await,
        Err(ObjectError::Missing) => Err(Error::NoSuchObject),
        Err(error) => Err(error.into()),
    }
}

/// Makes a proven file a sample. In a task of its own: a phone that hangs up in the middle leaves a whole sample, and
/// not a place that is held for nothing.
async fn keep(app: &AppState, listener: UserId, file: Spooled, proof: Proof) -> Result<VerificationSample, Error> {
    let app = app.clone();
    let kept = tokio::spawn(async move {
        let name = rules::file_name(app.clock.now(), rand::rng().random());
        let key = format!("{}{name}.{}", rules::sample_folder(listener), proof.format.extension());
        // The row first: of many uploads at once one gets here, so that no object is put which no row knows. A crash
        // from here on leaves a held place that expires, and its object leaves with it.
        let held = take_place(&app, listener, &key, proof, Begin::Uploading).await?;
        if let Err(error) = put(&app, listener, &key, &file, proof).await {
            let mut db = app.db.acquire().await?;
            store::release(&mut db, held.sample_id, app.clock.now() + ARRIVED).await?;
            return Err(error);
        }
        let mut db = app.db.acquire().await?;
        match store::publish(&mut db, held.sample_id).await? {
            Some(row) => Ok(sample(&app, row)),
            // Whoever took the place away has planned the object's end as well.
            None => Err(Error::Displaced),
        }
    });
    kept.await.map_err(|error| Error::Spool(std::io::Error::other(error)))?
}

async fn put(app: &AppState, listener: UserId, key: &str, file: &Spooled, proof: Proof) -> Result<(), Error> {
    let metadata = HashMap::from([
        ("user-id".to_owned(), listener.to_string()),
        ("uploaded-at".to_owned(), app.clock.now().to_rfc3339()),
        ("duration-ms".to_owned(), proof.duration.as_millis().to_string()),
        ("channels".to_owned(), proof.channels.to_string()),
    ]);
    let content_type = proof.format.content_type();
    app.objects.put(Upload { key, file: file.file.clone(), len: file.len, content_type, metadata }).await?;
    Ok(())
}

/// Takes the listener's one place; the user's row is locked, so that no deletion or review passes in between.
async fn take_place(
    app: &AppState,
    listener: UserId,
    audio_key: &str,
    proof: Proof,
    begin: Begin,
) -> Result<SampleRow, Error> {
    let now = app.clock.now();
    let duration_ms = i32::try_from(proof.duration.as_millis()).unwrap_or(i32::MAX);
    let new = NewSample { listener, audio_key, content_type: proof.format.content_type(), duration_ms, now };
    let mut tx = app.db.begin().await?;
    let locked = users::lock(&mut tx, listener).await?.ok_or(Error::NotFound)?;
    if locked.verified_at.is_some() {
        return Err(Error::AlreadyVerified);
    }
    store::release_stale(&mut tx, Some(listener), now - PLACE_HELD, now + ARRIVED).await?;
    let Some(sample_id) = store::insert(&mut tx, &new, begin).await? else {
        let is_known = store::has_key(&mut tx, audio_key).await?;
        return Err(if is_known { Error::SubmittedBefore } else { Error::Pending });
    };
    tx.commit().await?;
    Ok(SampleRow {
        sample_id,
        listener_id: listener,
        audio_key: audio_key.to_owned(),
        status: VerificationStatus::Pending,
        remarks: None,
        uploaded_at: now,
        reviewed_at: None,
    })
}
