use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use saathii_shared_types::auth::TokenPair;
use serde::{Deserialize, Serialize};

/// The tokens of one login, as a [`TokenStore`](crate::TokenStore) keeps them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Lets its bearer act as the user, for minutes.
    pub access_token: String,
    /// Renews the login, once.
    pub refresh_token: String,
    /// When the access token ends, in seconds since the Unix epoch by this device's own clock, however wrong that
    /// is; `None` where the token does not tell.
    #[serde(default)]
    pub access_ends_at: Option<u64>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("access_ends_at", &self.access_ends_at).finish_non_exhaustive()
    }
}

/// How long before its end an access token is renewed.
const MARGIN: u64 = 60;

impl Tokens {
    pub(super) fn received(pair: TokenPair) -> Self {
        // The lifetime counts from the arrival: the server's clock and this one need not agree.
        let access_ends_at = lifetime(&pair.access_token).map(|lifetime| now() + lifetime);
        Self { access_token: pair.access_token, refresh_token: pair.refresh_token, access_ends_at }
    }

    /// Ended, or about to.
    pub(super) fn is_due(&self) -> bool {
        self.access_ends_at.is_some_and(|end| now() + MARGIN >= end)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.access_ends_at.is_some_and(|end| now() >= end)
    }
}

/// Wall time: a monotonic clock stands still while a phone sleeps.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[derive(Deserialize)]
struct Claims {
    iat: u64,
    exp: u64,
}

/// How many seconds a token lives (RFC 7519); its signature is the server's business.
fn lifetime(token: &str) -> Option<u64> {
    let claims = token.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    claims.exp.checked_sub(claims.iat)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(iat: u64, exp: u64) -> String {
        format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"iat":{iat},"exp":{exp}}}"#)))
    }

    fn received(access_token: String) -> Tokens {
        Tokens::received(TokenPair { access_token, refresh_token: "r".into() })
    }

    #[test]
    fn a_wrong_clock_changes_nothing() {
        for server_now in [0, now() - 86_400, now() + 86_400] {
            assert!(!received(access(server_now, server_now + 1800)).is_due());
            let ending = received(access(server_now, server_now + 30));
            assert!(ending.is_due() && !ending.has_ended());
            assert!(received(access(server_now, server_now)).has_ended());
        }
    }

    #[test]
    fn a_token_that_tells_no_end_is_used_until_it_is_refused() {
        for opaque in ["opaque", "a.b.c", "e30.e30.c2ln"] {
            assert_eq!(received(opaque.into()).access_ends_at, None);
            assert!(!received(opaque.into()).is_due());
        }
    }

    #[test]
    fn tokens_are_not_printed() {
        let printed = format!("{:?}", received("secret-a".into()));
        assert!(!printed.contains("secret-a") && !printed.contains("\"r\""), "{printed}");
    }
}
