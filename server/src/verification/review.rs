//! What admins do, and listening.

use saathii_shared_types::{
    SampleId,
    events::ServerEvent,
    users::Role,
    verification::{
        AudioLink, ReviewVerification, Verdict, VerificationReview, VerificationSample, VerificationStatus,
    },
};
use serde_json::json;

use super::{
    Error,
    rules::{self, LINK_LASTS},
    service::sample,
    store,
};
use crate::{
    audit::{self, Actor, AdminAction, Entry, Subject},
    auth::CurrentUser,
    http::Paging,
    realtime::Personal,
    state::AppState,
    users,
};

pub(super) async fn list_pending(app: &AppState, paging: Paging) -> Result<Vec<VerificationSample>, Error> {
    let mut db = app.db.acquire().await?;
    let rows = store::list_pending(&mut db, paging.offset(), paging.per_page).await?;
    Ok(rows.into_iter().map(|row| sample(app, row)).collect())
}

/// Once: of two admins at once one decides, and the other is told.
pub async fn review(
    app: &AppState,
    action: &AdminAction,
    review: &ReviewVerification,
) -> Result<VerificationReview, Error> {
    let reviewer = action.admin;
    let remarks = rules::remarks(review.remarks.as_deref()).map_err(|()| Error::LongRemarks)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let seen = store::find(&mut tx, review.sample_id).await?.ok_or(Error::NotFound)?;
    if seen.listener_id == reviewer {
        return Err(Error::OwnSample);
    }
    // Gone, where the listener is being deleted at this moment.
    users::lock(&mut tx, seen.listener_id).await?.ok_or(Error::NotFound)?;
    let decided = store::decide(&mut tx, review.sample_id, review.status, remarks.as_deref(), reviewer, now).await?;
    let row = decided.ok_or(Error::AlreadyReviewed)?;
    if review.status == Verdict::Approved {
        users::set_verified(&mut tx, row.listener_id, Some(now)).await?;
    }
    let entry = Entry {
        by: Actor::Admin(action),
        action: "sample.review",
        subject: Subject::sample(review.sample_id),
        before: json!({"status": VerificationStatus::Pending}),
        after: json!({"status": row.status, "remarks": row.remarks, "listener_id": row.listener_id}),
    };
    audit::record(&mut tx, &entry, now).await?;
    tx.commit().await?;

    let verification = sample(app, row);
    tell_reviewed(app, &verification);
    let message = rules::review_message(review.status, remarks.as_deref());
    Ok(VerificationReview { success: true, message, verification })
}

/// The listener's own sockets hear it.
fn tell_reviewed(app: &AppState, reviewed: &VerificationSample) {
    let event = ServerEvent::VerificationReviewed {
        sample_id: reviewed.sample_id,
        status: reviewed.status,
        remarks: reviewed.remarks.clone(),
    };
    app.bus.tell(vec![Personal { user_id: reviewed.listener_id, event }]);
}

/// A link to a sample's audio, for those who may hear every sample.
pub async fn link_of(app: &AppState, id: SampleId) -> Result<AudioLink, Error> {
    let mut db = app.db.acquire().await?;
    let row = store::find(&mut db, id).await?.ok_or(Error::NotFound)?;
    let content_type = store::content_type(&mut db, id).await?.ok_or(Error::NotFound)?;
    drop(db);
    let link = app.objects.link(&row.audio_key, &content_type, LINK_LASTS).await?;
    Ok(AudioLink { url: link.url, expires_at: link.expires_at })
}

/// For the owner and for admins; to others the sample is not there.
pub(super) async fn link_audio(app: &AppState, user: &CurrentUser, id: SampleId) -> Result<AudioLink, Error> {
    let mut db = app.db.acquire().await?;
    let row = store::find(&mut db, id).await?.ok_or(Error::NotFound)?;
    if row.listener_id != user.id && !user.roles.contains(&Role::Admin) {
        return Err(Error::NotFound);
    }
    drop(db);
    link_of(app, id).await
}
