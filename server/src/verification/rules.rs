//! Names and limits.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use saathii_shared_types::{
    UserId,
    verification::{Verdict, VerificationStatus},
};

use crate::http::rate_limit::Limit;

/// 10 MB, as everybody counts them for files.
pub(super) const LARGEST_FILE: u64 = 10 * 1024 * 1024;
/// How long a place is held while its object is put: longer than a put may take.
pub(super) const PLACE_HELD: TimeDelta = TimeDelta::minutes(5);
/// After so long nothing that was on its way to the bucket arrives any more: neither a put nor a ticket's upload.
pub(super) const ARRIVED: TimeDelta = TimeDelta::minutes(15);
pub(super) const TICKET_LASTS: Duration = Duration::from_mins(10);
pub(super) const LINK_LASTS: Duration = Duration::from_mins(5);
/// Each costs a decoding, or a place in the bucket.
pub(super) const ATTEMPTS: Limit = Limit { count: 60, window: TimeDelta::hours(1) };

const LONGEST_REMARKS: usize = 1000;

/// Samples; nobody but the server writes here.
pub(super) fn sample_folder(listener: UserId) -> String {
    format!("verification-audio/{listener}/")
}

/// Where tickets let listeners write. An object here may be overwritten while its ticket lasts, so that none becomes
/// a sample before it was copied.
pub(super) fn upload_folder(listener: UserId) -> String {
    format!("verification-uploads/{listener}/")
}

/// `20240115_103000_abc12345`: unique enough within one listener's folder; the table's key decides.
pub(super) fn file_name(now: DateTime<Utc>, random: u32) -> String {
    format!("{}_{random:08x}", now.format("%Y%m%d_%H%M%S"))
}

/// The key that a URL of ours means, if it is the listener's own. Compared as text: what is not written exactly as we
/// write it is somebody else's, whatever a URL parser may think of it.
pub(super) fn key_of_url(url: &str, base_url: &str, listener: UserId) -> Option<String> {
    let key = url.strip_prefix(base_url)?.strip_prefix('/')?;
    is_in(key, &sample_folder(listener)).then(|| key.to_owned())
}

/// Whether this is the name of one plain file in the folder.
pub(super) fn is_in(key: &str, folder: &str) -> bool {
    key.strip_prefix(folder).is_some_and(|name| {
        (1..=100).contains(&name.len())
            && !name.starts_with('.')
            && !name.contains("..")
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    })
}

/// `None`: nothing was said.
pub(super) fn remarks(text: Option<&str>) -> Result<Option<String>, ()> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > LONGEST_REMARKS || text.contains('\0') => Err(()),
        text => Ok(text.map(str::to_owned)),
    }
}

pub(super) fn review_message(verdict: Verdict, remarks: Option<&str>) -> String {
    let done = match verdict {
        Verdict::Approved => "Verification approved successfully",
        Verdict::Rejected => "Verification rejected successfully",
    };
    remarks.map_or_else(|| done.to_owned(), |remarks| format!("{done} with remarks: {remarks}"))
}

pub(super) fn status_message(status: Option<VerificationStatus>) -> String {
    let status = match status {
        None => return "No verification submitted yet".to_owned(),
        Some(VerificationStatus::Pending) => "pending",
        Some(VerificationStatus::Approved) => "approved",
        Some(VerificationStatus::Rejected) => "rejected",
    };
    format!("Verification status: {status}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_ones_own_are_meant() {
        let base = "https://bucket.s3.us-east-1.amazonaws.com";
        let meant = |url: &str| key_of_url(url, base, UserId(12));
        assert_eq!(
            meant("https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/20240115_103000_abc12345.mp3"),
            Some("verification-audio/12/20240115_103000_abc12345.mp3".into())
        );
        for url in [
            "",
            "/verification-audio/12/a.mp3",
            "verification-audio/12/a.mp3",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "http://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/a.mp3",
            "https://other.s3.us-east-1.amazonaws.com/verification-audio/12/a.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com.evil.test/verification-audio/12/a.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com@evil.test/verification-audio/12/a.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com:443/verification-audio/12/a.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/123/a.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/../13/a.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/%2e%2e%2f13%2fa.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/a/b.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com//verification-audio/12/a.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/a.mp3?versionId=1",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/a.mp3#x",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/a\\b.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/a b.mp3",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/a.mp3\0",
            "https://bucket.s3.us-east-1.amazonaws.com/verification-uploads/12/a.mp3",
            " https://bucket.s3.us-east-1.amazonaws.com/verification-audio/12/a.mp3",
        ] {
            assert_eq!(meant(url), None, "{url}");
        }
    }

    #[test]
    fn a_file_is_named_by_its_moment() {
        let now = "2024-01-15T10:30:00Z".parse().unwrap();
        assert_eq!(file_name(now, 0xabc1), "20240115_103000_0000abc1");
    }
}
