use axum::extract::{DefaultBodyLimit, Multipart, State, multipart::MultipartRejection};
use saathii_shared_types::{
    ApiError, SampleId,
    verification::{
        AudioLink, ConfirmUpload, ReviewVerification, SubmitAudioUrl, UploadTicket, VerificationReview,
        VerificationSample, VerificationState,
    },
};
use utoipa::ToSchema;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use super::{Error, review, rules::LARGEST_FILE, service};
use crate::{
    audit::AdminAction,
    auth::{Admin, CurrentUser, Listener},
    http::{
        HttpError, Json, Path, Query,
        docs::{InvalidInput, Limited, Unauthorized, Unavailable},
        extract::Paging,
    },
    state::AppState,
};

/// Larger than a file that is taken: of one that is not, the rest is read up to here before the refusal.
#[expect(clippy::cast_possible_truncation, reason = "far below")]
const LARGEST_FORM: usize = 3 * LARGEST_FILE as usize;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(upload_audio_file).layer(DefaultBodyLimit::max(LARGEST_FORM)))
        .routes(routes!(submit_audio_url))
        .routes(routes!(issue_upload_ticket))
        .routes(routes!(confirm_upload))
        .routes(routes!(get_verification_status))
        .routes(routes!(list_verification_history))
        .routes(routes!(get_sample_audio))
        .routes(routes!(list_pending_verifications))
        .routes(routes!(review_verification))
}

/// `multipart/form-data`.
#[derive(ToSchema)]
#[schema(example = json!({"audio_file": "(the bytes of sample.mp3)"}))]
#[expect(dead_code, reason = "for the document; the fields are read as they come")]
struct AudioForm {
    /// mp3, wav, m4a, aac, flac or ogg (Vorbis); at most 10 MB, 1 second to 10 minutes, mono or stereo.
    #[schema(value_type = String, format = Binary)]
    audio_file: Vec<u8>,
}

/// Upload an audio sample.
///
/// The file is decoded before it is kept: what it is named and called does not matter. One sample waits at a time.
#[utoipa::path(post, path = "/verification/upload-audio-file", tag = "Listener Verification", security(("bearer" = [])),
    request_body(content = AudioForm, content_type = "multipart/form-data"), responses(
    (status = 200, description = "The record", body = VerificationSample),
    (status = 400, description = "Not such an audio file, too large, or another sample waits", body = ApiError,
        example = json!({"detail": "Invalid audio file: the file is cut off", "code": "invalid_audio"})),
    (status = 403, description = "Not a listener", body = ApiError,
        example = json!({"detail": "Not allowed for your role", "code": "forbidden"})),
    InvalidInput, Unauthorized, Limited, Unavailable,
))]
async fn upload_audio_file(
    State(app): State<AppState>,
    Listener(user): Listener,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<VerificationSample>, HttpError> {
    let form = form.map_err(|_| Error::NotAForm)?;
    Ok(Json(service::upload_file(&app, user.id, form).await?))
}

/// Submit an object of the bucket.
///
/// Only one under the caller's own prefix `verification-audio/{user_id}/`, written as records have it.
#[utoipa::path(post, path = "/verification/upload-audio-url", tag = "Listener Verification", security(("bearer" = [])),
    request_body = SubmitAudioUrl, responses(
    (status = 200, description = "The record", body = VerificationSample),
    (status = 400, description = "Not one's own object, not such an audio file, or another sample waits", body = ApiError,
        example = json!({"detail": "Not an object of your own in the bucket of this service", "code": "invalid_audio"})),
    (status = 403, description = "Not a listener", body = ApiError,
        example = json!({"detail": "Not allowed for your role", "code": "forbidden"})),
    InvalidInput, Unauthorized, Limited, Unavailable,
))]
async fn submit_audio_url(
    State(app): State<AppState>,
    Listener(user): Listener,
    Json(body): Json<SubmitAudioUrl>,
) -> Result<Json<VerificationSample>, HttpError> {
    Ok(Json(service::submit_url(&app, user.id, &body.audio_file_url).await?))
}

/// Ask to upload straight to the bucket.
///
/// The answer is a form for S3: post its `fields`, a `Content-Type` that begins with `audio/`, and last the `file`. S3
/// itself refuses another key, type or size. Then confirm the key.
#[utoipa::path(post, path = "/verification/upload-ticket", tag = "Listener Verification", security(("bearer" = [])), responses(
    (status = 200, description = "The ticket, good for ten minutes", body = UploadTicket),
    (status = 400, description = "Another sample waits, or verified already", body = ApiError,
        example = json!({"detail": "You already have a pending verification", "code": "verification_pending"})),
    (status = 403, description = "Not a listener", body = ApiError,
        example = json!({"detail": "Not allowed for your role", "code": "forbidden"})),
    Unauthorized, Limited, Unavailable,
))]
async fn issue_upload_ticket(
    State(app): State<AppState>,
    Listener(user): Listener,
) -> Result<Json<UploadTicket>, HttpError> {
    Ok(Json(service::issue_ticket(&app, user.id).await?))
}

/// Confirm what was uploaded with a ticket.
///
/// The object is decoded, and a copy of it becomes the sample.
#[utoipa::path(post, path = "/verification/confirm-upload", tag = "Listener Verification", security(("bearer" = [])),
    request_body = ConfirmUpload, responses(
    (status = 200, description = "The record", body = VerificationSample),
    (status = 400, description = "No such upload, not such an audio file, or another sample waits", body = ApiError,
        example = json!({"detail": "There is no such file in the bucket", "code": "invalid_audio"})),
    (status = 403, description = "Not a listener", body = ApiError,
        example = json!({"detail": "Not allowed for your role", "code": "forbidden"})),
    InvalidInput, Unauthorized, Limited, Unavailable,
))]
async fn confirm_upload(
    State(app): State<AppState>,
    Listener(user): Listener,
    Json(body): Json<ConfirmUpload>,
) -> Result<Json<VerificationSample>, HttpError> {
    Ok(Json(service::confirm_upload(&app, user.id, &body.key).await?))
}

/// Where one stands.
#[utoipa::path(get, path = "/verification/status", tag = "Listener Verification", security(("bearer" = [])), responses(
    (status = 200, description = "The status", body = VerificationState),
    (status = 403, description = "Not a listener", body = ApiError,
        example = json!({"detail": "Not allowed for your role", "code": "forbidden"})),
    Unauthorized, Unavailable,
))]
async fn get_verification_status(
    State(app): State<AppState>,
    Listener(user): Listener,
) -> Result<Json<VerificationState>, HttpError> {
    Ok(Json(service::get_status(&app, user.id).await?))
}

/// One's samples.
///
/// The newest first, at most a hundred.
#[utoipa::path(get, path = "/verification/history", tag = "Listener Verification", security(("bearer" = [])), responses(
    (status = 200, description = "The records", body = Vec<VerificationSample>),
    (status = 403, description = "Not a listener", body = ApiError,
        example = json!({"detail": "Not allowed for your role", "code": "forbidden"})),
    Unauthorized, Unavailable,
))]
async fn list_verification_history(
    State(app): State<AppState>,
    Listener(user): Listener,
) -> Result<Json<Vec<VerificationSample>>, HttpError> {
    Ok(Json(service::list_history(&app, user.id).await?))
}

/// Listen to a sample.
///
/// A link that needs no token, for the owner and for admins.
#[utoipa::path(get, path = "/verification/samples/{sample_id}/audio", tag = "Listener Verification", security(("bearer" = [])),
    params(("sample_id" = i64, Path, description = "Whose audio", example = 1)), responses(
    (status = 200, description = "The link, good for five minutes", body = AudioLink),
    (status = 404, description = "No such sample, or somebody else's", body = ApiError,
        example = json!({"detail": "Verification not found", "code": "not_found"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn get_sample_audio(
    State(app): State<AppState>,
    user: CurrentUser,
    Path(id): Path<SampleId>,
) -> Result<Json<AudioLink>, HttpError> {
    Ok(Json(review::link_audio(&app, &user, id).await?))
}

/// Samples that wait for a review.
///
/// The oldest first.
#[utoipa::path(get, path = "/admin/verification/pending", tag = "Admin - Verification", security(("bearer" = [])), params(Paging), responses(
    (status = 200, description = "A page", body = Vec<VerificationSample>),
    (status = 403, description = "Not an admin", body = ApiError,
        example = json!({"detail": "Not allowed for your role", "code": "forbidden"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn list_pending_verifications(
    State(app): State<AppState>,
    _: Admin,
    Query(paging): Query<Paging>,
) -> Result<Json<Vec<VerificationSample>>, HttpError> {
    Ok(Json(review::list_pending(&app, paging).await?))
}

/// Review a sample.
///
/// Once. The listener hears it on their sockets; who is approved is listed and may be called.
#[utoipa::path(post, path = "/admin/verification/review", tag = "Admin - Verification", security(("bearer" = [])),
    request_body = ReviewVerification, responses(
    (status = 200, description = "Reviewed", body = VerificationReview),
    (status = 403, description = "Not an admin, or one's own sample", body = ApiError,
        example = json!({"detail": "You cannot review your own sample", "code": "own_sample"})),
    (status = 404, description = "No such sample", body = ApiError,
        example = json!({"detail": "Verification not found", "code": "not_found"})),
    (status = 409, description = "Reviewed before", body = ApiError,
        example = json!({"detail": "Verification already reviewed", "code": "already_reviewed"})),
    InvalidInput, Unauthorized, Unavailable,
))]
async fn review_verification(
    State(app): State<AppState>,
    action: AdminAction,
    Json(body): Json<ReviewVerification>,
) -> Result<Json<VerificationReview>, HttpError> {
    Ok(Json(review(&app, &action, &body).await?))
}
