use saathii_sdk::{Code, Error};

/// Why a call failed; `code` is stable and the SDK's own in every language, `detail` is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum SaathiiError {
    /// The server refused; `code` is the server's.
    #[error("{detail}")]
    Refused {
        code: String,
        detail: String,
        status: u16,
        retry_after_seconds: Option<u64>,
        is_transient: bool,
        /// Where the balance does not suffice: what was needed.
        required: Option<i64>,
        /// Where the balance does not suffice: what is there.
        available: Option<i64>,
    },
    /// `network`, `timeout`: trying again later may help.
    #[error("{detail}")]
    Unreachable { code: String, detail: String },
    /// `signed_out`: nobody is signed in.
    #[error("{detail}")]
    SignedOut { code: String, detail: String },
    /// `certificate`, `unexpected_answer`, `upload_refused`, `storage`, `file`, `configuration`, `internal`, `step_used`,
    /// `feed_closed`, `no_call`: the same again fails again.
    #[error("{detail}")]
    Failed { code: String, detail: String },
}

impl SaathiiError {
    pub(crate) fn failed(code: Code, detail: impl ToString) -> Self {
        Self::Failed { code: code.to_string(), detail: detail.to_string() }
    }
}

impl From<Error> for SaathiiError {
    fn from(error: Error) -> Self {
        let code = error.code().to_string();
        let detail = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        match &error {
            Error::Refused { status, body } => Self::Refused {
                code,
                detail: body.detail.to_string(),
                status: *status,
                retry_after_seconds: body.retry_after,
                is_transient: error.is_transient(),
                required: body.required,
                available: body.available,
            },
            Error::Network { .. } | Error::Timeout => Self::Unreachable { code, detail },
            Error::SignedOut => Self::SignedOut { code, detail },
            _ => Self::Failed { code, detail },
        }
    }
}
