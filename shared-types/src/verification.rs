//! Audio samples and their review (contract §Listener Verification).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{SampleId, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum VerificationStatus {
    /// Waits for an admin.
    Pending,
    /// The listener may work.
    Approved,
    /// Another sample is needed.
    Rejected,
}

/// One audio sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "sample_id": 1, "listener_id": 123,
    "audio_file_url": "https://bucket-name.s3.region.amazonaws.com/verification-audio/123/20240115_103000_abc12345.mp3",
    "status": "pending", "remarks": null, "uploaded_at": "2024-01-15T10:30:00Z", "reviewed_at": null
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VerificationSample {
    pub sample_id: SampleId,
    pub listener_id: UserId,
    /// Where the object is. The bucket is private: for listening there is `GET /verification/samples/{sample_id}/audio`.
    pub audio_file_url: String,
    pub status: VerificationStatus,
    /// The reviewer's.
    pub remarks: Option<String>,
    pub uploaded_at: DateTime<Utc>,
    pub reviewed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "audio_file_url": "https://bucket-name.s3.region.amazonaws.com/verification-audio/123/20240115_103000_abc12345.mp3"
})))]
pub struct SubmitAudioUrl {
    /// An object of the server's own bucket, under the caller's own prefix.
    pub audio_file_url: String,
}

/// Where a listener stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "is_verified": false, "verification_status": "pending",
    "last_verification": {
        "sample_id": 1, "listener_id": 123,
        "audio_file_url": "https://bucket-name.s3.region.amazonaws.com/verification-audio/123/20240115_103000_abc12345.mp3",
        "status": "pending", "remarks": null, "uploaded_at": "2024-01-15T10:30:00Z", "reviewed_at": null
    },
    "message": "Verification status: pending"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VerificationState {
    pub is_verified: bool,
    /// None before the first sample.
    pub verification_status: Option<VerificationStatus>,
    pub last_verification: Option<VerificationSample>,
    pub message: String,
}

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Verdict {
    Approved,
    Rejected,
}

impl From<Verdict> for VerificationStatus {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Approved => Self::Approved,
            Verdict::Rejected => Self::Rejected,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "sample_id": 1, "status": "approved", "remarks": "Audio quality is good, voice is clear and professional"
})))]
pub struct ReviewVerification {
    pub sample_id: SampleId,
    pub status: Verdict,
    /// The listener reads it; at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "success": true,
    "message": "Verification approved successfully with remarks: Audio quality is good, voice is clear and professional",
    "verification": {
        "sample_id": 1, "listener_id": 123,
        "audio_file_url": "https://bucket-name.s3.region.amazonaws.com/verification-audio/123/20240115_103000_abc12345.mp3",
        "status": "approved", "remarks": "Audio quality is good, voice is clear and professional",
        "uploaded_at": "2024-01-15T10:30:00Z", "reviewed_at": "2024-01-15T14:45:00Z"
    }
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct VerificationReview {
    pub success: bool,
    pub message: String,
    pub verification: VerificationSample,
}

/// Leave to send one file straight to the bucket: POST `fields`, a `Content-Type` that begins with `audio/` and last the
/// `file` to `url` as multipart/form-data, then confirm `key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "url": "https://bucket-name.s3.region.amazonaws.com/",
    "fields": {
        "key": "verification-uploads/123/20240115_103000_abc12345", "policy": "eyJleHBpcmF0aW9uIjoi…",
        "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": "AKIA…/20240115/region/s3/aws4_request",
        "x-amz-date": "20240115T103000Z", "x-amz-signature": "9f3c…"
    },
    "key": "verification-uploads/123/20240115_103000_abc12345", "expires_at": "2024-01-15T10:40:00Z"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct UploadTicket {
    pub url: String,
    pub fields: HashMap<String, String>,
    pub key: String,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "key": "verification-uploads/123/20240115_103000_abc12345"
})))]
pub struct ConfirmUpload {
    /// Of the ticket.
    pub key: String,
}

/// Where a sample can be heard, for a short time and without a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(example = json!({
    "url": "https://bucket-name.s3.region.amazonaws.com/verification-audio/123/20240115_103000_abc12345.mp3?X-Amz-Signature=…",
    "expires_at": "2024-01-15T10:35:00Z"
})))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct AudioLink {
    pub url: String,
    pub expires_at: DateTime<Utc>,
}
