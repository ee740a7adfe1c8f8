//! Codes of the app, and those for when it is lost.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use rand::RngCore;
use sha2::{Digest, Sha256};
use totp_rs::{Builder, Totp};

/// As many bits as the hash has (RFC 4226 §4).
pub(super) const SECRET: usize = 20;
/// 80 bits each: not to be guessed, nor found from their hash.
const RECOVERY: usize = 10;
const RECOVERY_CODES: usize = 10;
const ISSUER: &str = "Saathii";

pub(super) fn random_secret() -> [u8; SECRET] {
    let mut secret = [0; SECRET];
    rand::rng().fill_bytes(&mut secret);
    secret
}

/// As apps expect it where they are told nothing: SHA-1, six digits, 30 seconds; a step more on either side, for clocks.
fn totp(secret: &[u8], account: &str) -> Totp {
    // Apps separate issuer and account by a colon.
    let account = account.replace(':', " ");
    Builder::new()
        .with_secret(secret.to_vec())
        .with_account_name(account)
        .with_issuer(Some(ISSUER))
        .with_skew(1)
        .build_noncompliant()
}

/// What the QR code says.
pub(super) fn url(secret: &[u8], account: &str) -> String {
    totp(secret, account).to_url().unwrap_or_default()
}

/// What one types who cannot scan.
pub(super) fn text(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// The time step that this code is of, if it is one of now.
pub(super) fn step_of(secret: &[u8], code: &str, now: DateTime<Utc>) -> Option<i64> {
    let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    let now = u64::try_from(now.timestamp()).ok()?;
    let step = is_code.then(|| totp(secret, "").check(code, now)).flatten()?;
    i64::try_from(step).ok()
}

/// Codes for when the app is lost, and what is kept of them.
pub(super) fn recovery_codes() -> (Vec<String>, Vec<Vec<u8>>) {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let mut bytes = [0; RECOVERY];
        rand::rng().fill_bytes(&mut bytes);
        let text = BASE32_NOPAD.encode(&bytes).to_lowercase();
        codes.push([&text[..4], &text[4..8], &text[8..12], &text[12..]].join("-"));
    }
    let hashes = codes.iter().map(|code| hash(code)).collect();
    (codes, hashes)
}

/// Of a recovery code, however it is spelt.
pub(super) fn hash(code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::digest(plain.to_ascii_lowercase()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, to six digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(step_of(secret, code, at), Some(seconds / 30), "{code}");
            for away in [-30, 30] {
                let at = DateTime::from_timestamp(seconds + away, 0).unwrap();
                assert_eq!(step_of(secret, code, at), Some(seconds / 30), "{code}, {away} s away");
            }
            let later = DateTime::from_timestamp(seconds + 60, 0).unwrap();
            assert_eq!(step_of(secret, code, later), None, "{code}");
        }
        for nonsense in ["", "28708", "2870822", "28708x", "２８７０８２"] {
            assert_eq!(step_of(secret, nonsense, DateTime::from_timestamp(59, 0).unwrap()), None, "{nonsense}");
        }
    }

    #[test]
    fn an_app_reads_the_address() {
        let url = url(b"12345678901234567890", "a:b");
        assert!(url.starts_with("otpauth://totp/Saathii:a%20b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{url}");
        assert!(url.contains("issuer=Saathii"), "{url}");
        assert_eq!(text(b"12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_spelt() {
        let (codes, hashes) = recovery_codes();
        assert_eq!((codes.len(), hashes.len()), (10, 10));
        assert_eq!(hash(&codes[0].to_uppercase().replace('-', " ")), hashes[0]);
        assert_ne!(codes[0], codes[1]);
    }
}
