use saathii_sdk::Error;

/// Why a call failed; `code` is stable and the same in every language, `detail` is for people.
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
    /// `storage`, `configuration`, `unexpected_answer`, `step_used`, `feed_closed`, `no_call`, `internal`.
    #[error("{detail}")]
    Failed { code: String, detail: String },
}

impl SaathiiError {
    pub(crate) fn failed(code: &str, detail: impl ToString) -> Self {
        Self::Failed { code: code.to_owned(), detail: detail.to_string() }
    }
}

impl From<Error> for SaathiiError {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        let with_source = |error: &Error| {
            let source = std::error::Error::source(error);
            source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
        };
        match &error {
            Error::Refused { status, body } => Self::Refused {
                code: body.code.to_string(),
                detail: body.detail.to_string(),
                status: *status,
                retry_after_seconds: body.retry_after,
                is_transient: error.is_transient(),
                required: body.required,
                available: body.available,
            },
            Error::Network { .. } => Self::Unreachable { code: "network".to_owned(), detail: with_source(&error) },
            Error::Timeout => Self::Unreachable { code: "timeout".to_owned(), detail },
            Error::SignedOut => Self::SignedOut { code: "signed_out".to_owned(), detail },
            Error::Unexpected { .. } => Self::failed("unexpected_answer", detail),
            Error::Storage { .. } => Self::failed("storage", with_source(&error)),
            Error::Configuration(_) => Self::failed("configuration", detail),
            // The SDK may learn of failures that this version has no name for.
            _ => Self::failed("internal", detail),
        }
    }
}
