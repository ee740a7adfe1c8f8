//! The stable names of all that can fail: the one list, for every language.

use std::fmt;

use saathii_shared_types::ErrorCode;

/// What failed: stable, printed as one word, and the same in every language.
///
/// ```
/// use saathii_sdk::{Code, Error, types::ErrorCode};
///
/// assert_eq!(Error::SignedOut.code().to_string(), "signed_out");
/// assert_eq!(Code::Server(ErrorCode::UsernameTaken).to_string(), "username_taken");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The server refused, by its own name for it.
    Server(ErrorCode),
    /// `network`: no server was reached, or the connection broke.
    Network,
    /// `timeout`: the server did not answer in time.
    Timeout,
    /// `certificate`: the server, or what stands before it, cannot prove that it is the one that was asked for.
    Certificate,
    /// `unexpected_answer`: the answer is not one of this API.
    UnexpectedAnswer,
    /// `upload_refused`: the object store did not take the file.
    UploadRefused,
    /// `signed_out`: nobody is signed in.
    SignedOut,
    /// `storage`: the token store failed.
    Storage,
    /// `file`: a file could not be read or written.
    File,
    /// `configuration`: the caller asks for what cannot be.
    Configuration,
    /// `internal`: a fault of this client.
    Internal,
    /// `step_used`, of the bindings: this step of the login is over.
    StepUsed,
    /// `feed_closed`, of the bindings: no feed is open.
    FeedClosed,
    /// `no_call`, of the bindings: no call is followed.
    NoCall,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server(code) => return code.fmt(f),
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Certificate => "certificate",
            Self::UnexpectedAnswer => "unexpected_answer",
            Self::UploadRefused => "upload_refused",
            Self::SignedOut => "signed_out",
            Self::Storage => "storage",
            Self::File => "file",
            Self::Configuration => "configuration",
            Self::Internal => "internal",
            Self::StepUsed => "step_used",
            Self::FeedClosed => "feed_closed",
            Self::NoCall => "no_call",
        })
    }
}

impl From<ErrorCode> for Code {
    fn from(code: ErrorCode) -> Self {
        Self::Server(code)
    }
}

/// `error.code() == ErrorCode::UsernameTaken`
impl PartialEq<ErrorCode> for Code {
    fn eq(&self, other: &ErrorCode) -> bool {
        *self == Self::Server(*other)
    }
}
