//! The body of every refusal.

use serde::{Deserialize, Serialize};

/// Why a request was refused. Match on `code`; `detail` is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiError {
    pub detail: Detail,
    #[serde(default)]
    pub code: ErrorCode,
    /// Seconds until the same request may succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Where the balance does not suffice: what was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<i64>,
    /// Where the balance does not suffice: what is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<i64>,
}

/// A sentence, or for malformed input (422) the fields at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Detail {
    Text(String),
    Fields(Vec<FieldError>),
}

impl std::fmt::Display for Detail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Fields(fields) => {
                for (i, field) in fields.iter().enumerate() {
                    let separator = if i == 0 { "" } else { "; " };
                    write!(f, "{separator}{}: {}", field.loc.join("."), field.msg)?;
                }
                Ok(())
            }
        }
    }
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(
    example = json!({"loc": ["body", "phone"], "msg": "not a valid phone number", "type": "value_error"})
))]
pub struct FieldError {
    /// Where it stands: `body`, `query` or `path`, then the way to the field.
    pub loc: Vec<String>,
    pub msg: String,
    #[serde(rename = "type")]
    pub kind: String,
}

/// Stable names of refusals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    // The request itself.
    ValidationError,
    PayloadTooLarge,
    UnsupportedMediaType,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    RateLimited,
    OriginNotAllowed,
    // Identity.
    NotAuthenticated,
    InvalidToken,
    TokenExpired,
    SessionEnded,
    TokenReused,
    Forbidden,
    InvalidOtp,
    RegistrationSpent,
    UsernameTaken,
    AccountSuspended,
    // Calls.
    SelfCall,
    ListenerNotFound,
    ListenerNotVerified,
    ListenerOffline,
    ListenerBusy,
    AlreadyInCall,
    Blocked,
    CallEnded,
    CallOngoing,
    AlreadyRated,
    // Money.
    InsufficientCoins,
    InsufficientEarnings,
    InvalidAmount,
    InvalidSignature,
    PaymentMismatch,
    PaymentRefused,
    PayoutDetailsMissing,
    WithdrawalDecided,
    SecondAdminRequired,
    IdempotencyKeyReused,
    IdempotencyInProgress,
    // Trust.
    InvalidAudio,
    VerificationPending,
    AlreadyVerified,
    AlreadyReviewed,
    OwnSample,
    OwnAccount,
    ReportDecided,
    // Ours.
    PaymentsUnavailable,
    SmsUnavailable,
    Unavailable,
    InternalError,
    /// A code that this version does not know yet.
    #[default]
    #[serde(other)]
    Unknown,
}

/// As on the wire.
impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.serialize(f)
    }
}
