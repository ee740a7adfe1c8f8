//! What can go wrong, and whether it helps to try again.

use std::{sync::Arc, time::Duration};

use saathii_shared_types::{ApiError, Coins, Detail, Earnings, ErrorCode};

use crate::{Code, tls};

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// Why a call failed.
///
/// Match on [`code`](Self::code), which every failure has.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused.
    #[error("{} (HTTP {status})", body.detail)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the server said.
        body: Box<ApiError>,
    },
    /// No server was reached, or the connection broke.
    #[error("no connection to the server")]
    #[non_exhaustive]
    Network {
        /// Whether the server may have got the request before the connection broke.
        may_have_arrived: bool,
        /// What the network said.
        source: Source,
    },
    /// The server got the request and did not answer in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// What answered has no certificate for the server's name that leads to a known root. Nothing was sent to it.
    ///
    /// Of a private server, add its root by [`ClientBuilder::root_certificate`](crate::ClientBuilder::root_certificate).
    #[error("the server's certificate is not trusted")]
    #[non_exhaustive]
    Certificate {
        /// What is wrong with it.
        source: Source,
    },
    /// The answer is not one of this API: a proxy's page, or a server of another version.
    #[error("the answer is not one of this API (HTTP {status}): {reason}")]
    #[non_exhaustive]
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: String,
    },
    /// The object store did not take the file: it is too large or no audio, or its ticket has expired.
    #[error("the object store did not take the file (HTTP {status}): {reason}")]
    #[non_exhaustive]
    UploadRefused {
        /// The HTTP status.
        status: u16,
        /// What the store calls it.
        reason: String,
    },
    /// Nobody is signed in, or the server has ended the login.
    #[error("nobody is signed in")]
    SignedOut,
    /// The token store failed.
    #[error("the token store failed")]
    #[non_exhaustive]
    Storage {
        /// What the store said.
        source: Source,
    },
    /// A file could not be read or written.
    #[error("a file could not be read or written")]
    #[non_exhaustive]
    File {
        /// What the system said.
        source: Source,
    },
    /// The caller asks for what cannot be: an address that is none, a key that is none.
    #[error("{0}")]
    Configuration(String),
    /// A fault of this client.
    #[error("the client failed")]
    #[non_exhaustive]
    Internal {
        /// What it was.
        source: Source,
    },
}

/// What a balance lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall<T> {
    /// What was needed.
    pub required: T,
    /// What there is.
    pub available: T,
}

/// How long the first of two requests with one key may still take, where the server does not say.
const IN_PROGRESS: Duration = Duration::from_secs(1);

/// What a repetition of the request would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// The same answer again.
    Never,
    /// The server did nothing yet.
    Harmless { after: Option<Duration> },
    /// The server may have done it, and only its answer was lost.
    Ambiguous { after: Option<Duration> },
}

impl Error {
    /// What failed.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { body, .. } => Code::Server(body.code),
            Self::Network { .. } => Code::Network,
            Self::Timeout => Code::Timeout,
            Self::Certificate { .. } => Code::Certificate,
            Self::Unexpected { .. } => Code::UnexpectedAnswer,
            Self::UploadRefused { .. } => Code::UploadRefused,
            Self::SignedOut => Code::SignedOut,
            Self::Storage { .. } => Code::Storage,
            Self::File { .. } => Code::File,
            Self::Configuration(_) => Code::Configuration,
            Self::Internal { .. } => Code::Internal,
        }
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } | Self::Unexpected { status, .. } | Self::UploadRefused { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }

    /// How long the server asks to wait before the same request.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { body, .. } => body.retry_after.map(Duration::from_secs),
            _ => None,
        }
    }

    /// Where there were too few coins: how many were needed, and how many there are.
    pub fn missing_coins(&self) -> Option<Shortfall<Coins>> {
        self.shortfall(ErrorCode::InsufficientCoins, Coins)
    }

    /// Where there are too few earnings to pay out: how many were needed, and how many there are.
    pub fn missing_earnings(&self) -> Option<Shortfall<Earnings>> {
        self.shortfall(ErrorCode::InsufficientEarnings, Earnings)
    }

    fn shortfall<T>(&self, code: ErrorCode, amount: fn(i64) -> T) -> Option<Shortfall<T>> {
        match self {
            Self::Refused { body, .. } if body.code == code => {
                Some(Shortfall { required: amount(body.required?), available: amount(body.available?) })
            }
            _ => None,
        }
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        self.retry() != Retry::Never
    }

    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused { status: 401, .. })
    }

    pub(crate) fn retry(&self) -> Retry {
        match self {
            Self::Network { may_have_arrived: false, .. } => Retry::Harmless { after: None },
            Self::Network { .. } | Self::Timeout | Self::UploadRefused { status: 408 | 429 | 500 | 503, .. } => {
                Retry::Ambiguous { after: None }
            }
            // A limit is taken before anything is done.
            Self::Refused { status: 429, .. } => Retry::Harmless { after: self.retry_after() },
            // The first of them holds the key, and this one did nothing.
            Self::Refused { body, .. } if body.code == ErrorCode::IdempotencyInProgress => {
                Retry::Harmless { after: Some(self.retry_after().unwrap_or(IN_PROGRESS)) }
            }
            Self::Refused { status: 408 | 502 | 503 | 504, .. } => Retry::Ambiguous { after: self.retry_after() },
            Self::Refused { .. }
            | Self::Certificate { .. }
            | Self::Unexpected { .. }
            | Self::UploadRefused { .. }
            | Self::SignedOut
            | Self::Storage { .. }
            | Self::File { .. }
            | Self::Configuration(_)
            | Self::Internal { .. } => Retry::Never,
        }
    }

    pub(crate) fn storage(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Storage { source: source.into().into() }
    }

    pub(crate) fn file(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::File { source: source.into().into() }
    }

    pub(crate) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { source: source.into().into() }
    }

    pub(crate) fn of_request(error: reqwest::Error) -> Self {
        // Addresses say nothing that the caller does not know, and logs are better off without.
        let error = error.without_url();
        if error.is_builder() {
            Self::Configuration(error.to_string())
        } else if tls::is_about_a_certificate(&error) {
            Self::Certificate { source: Arc::new(error) }
        } else if error.is_connect() {
            Self::Network { may_have_arrived: false, source: Arc::new(error) }
        } else if error.is_timeout() {
            Self::Timeout
        } else {
            Self::Network { may_have_arrived: true, source: Arc::new(error) }
        }
    }

    /// Reads a refusal. A gateway's own page counts as one where its status says enough.
    pub(crate) fn of_answer(status: u16, retry_after: Option<u64>, body: &[u8]) -> Self {
        match serde_json::from_slice::<ApiError>(body) {
            Ok(mut body) => {
                body.retry_after = body.retry_after.or(retry_after);
                Self::Refused { status, body: Box::new(body) }
            }
            Err(_) if matches!(status, 408 | 429 | 500..) => {
                let detail = Detail::Text("The server cannot answer at the moment".to_owned());
                let body = ApiError { detail, code: ErrorCode::Unknown, retry_after, required: None, available: None };
                Self::Refused { status, body: Box::new(body) }
            }
            Err(error) => Self::Unexpected { status, reason: error.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repetition_is_judged_by_what_the_error_says() {
        let refused = |status, body: &str| Error::of_answer(status, None, body.as_bytes());
        let limited = refused(429, r#"{"detail":"slow down","code":"rate_limited","retry_after":7}"#);
        assert_eq!(limited.retry(), Retry::Harmless { after: Some(Duration::from_secs(7)) });
        assert_eq!(limited.code(), ErrorCode::RateLimited);

        let held = refused(409, r#"{"detail":"wait","code":"idempotency_in_progress"}"#);
        assert_eq!(held.retry(), Retry::Harmless { after: Some(IN_PROGRESS) });

        let gateway = Error::of_answer(503, Some(2), b"<html>");
        assert_eq!(gateway.retry(), Retry::Ambiguous { after: Some(Duration::from_secs(2)) });
        assert_eq!(Error::Timeout.retry(), Retry::Ambiguous { after: None });

        for permanent in [
            refused(400, r#"{"detail":"no","code":"invalid_otp"}"#),
            refused(500, "oops"),
            refused(409, r#"{"detail":"taken","code":"a_code_of_tomorrow"}"#),
            Error::SignedOut,
        ] {
            assert_eq!(permanent.retry(), Retry::Never, "{permanent:?}");
        }
    }

    #[test]
    fn what_a_balance_lacks_is_told_for_its_own_currency_alone() {
        let refused = |code: &str| {
            let body = format!(r#"{{"detail":"no","code":"{code}","required":10,"available":4}}"#);
            Error::of_answer(400, None, body.as_bytes())
        };
        let lacking = Shortfall { required: Coins(10), available: Coins(4) };
        assert_eq!(refused("insufficient_coins").missing_coins(), Some(lacking));
        assert_eq!(refused("insufficient_earnings").missing_coins(), None);
        let lacking = Shortfall { required: Earnings(10), available: Earnings(4) };
        assert_eq!(refused("insufficient_earnings").missing_earnings(), Some(lacking));
    }

    #[test]
    fn the_login_page_of_a_proxy_is_no_refusal_of_ours() {
        let error = Error::of_answer(401, None, b"<html>log in to the hotel's network</html>");
        assert!(matches!(error, Error::Unexpected { status: 401, .. }));
        assert!(!error.is_unauthorized());
    }
}
