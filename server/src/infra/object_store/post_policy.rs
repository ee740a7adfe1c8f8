//! Browser-style uploads (POST policy), signed here because the SDK presigns no POST.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::Sha256;

use crate::config::ExternalStorage;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A form that S3 takes, once the file stands at its end.
pub struct PostTicket {
    pub url: String,
    pub fields: HashMap<String, String>,
    pub expires_at: DateTime<Utc>,
}

pub(super) struct Wanted<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    /// `Content-Type` is the client's to say, and begins like this.
    pub(super) type_prefix: &'a str,
    pub(super) largest: u64,
    pub(super) good_for: Duration,
}

pub(super) fn sign(storage: &ExternalStorage, wanted: &Wanted<'_>, url: String, now: DateTime<Utc>) -> PostTicket {
    let expires_at = now + wanted.good_for;
    let day = now.format("%Y%m%d").to_string();
    let time = now.format("%Y%m%dT%H%M%SZ").to_string();
    let credential = format!("{}/{day}/{}/s3/aws4_request", storage.access_key_id, storage.region);
    let policy = json!({
        "expiration": expires_at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "conditions": [
            {"bucket": wanted.bucket},
            ["eq", "$key", wanted.key],
            ["starts-with", "$Content-Type", wanted.type_prefix],
            ["content-length-range", 1, wanted.largest],
            {"x-amz-algorithm": ALGORITHM},
            {"x-amz-credential": credential},
            {"x-amz-date": time},
        ],
    });
    let policy = BASE64.encode(policy.to_string().as_bytes());
    let secret = format!("AWS4{}", storage.secret_access_key.expose_secret());
    let key = [&day, &storage.region, "s3", "aws4_request", &policy]
        .into_iter()
        .fold(secret.into_bytes(), |key, part| mac(&key, part));
    let fields = [
        ("key", wanted.key.to_owned()),
        ("policy", policy),
        ("x-amz-algorithm", ALGORITHM.to_owned()),
        ("x-amz-credential", credential),
        ("x-amz-date", time),
        ("x-amz-signature", HEXLOWER.encode(&key)),
    ];
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    PostTicket { url, fields, expires_at }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
