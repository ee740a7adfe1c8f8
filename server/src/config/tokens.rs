//! `JWT_SECRET_KEY`, `JWT_PREVIOUS_SECRET_KEY`, `JWT_ALGORITHM`, `JWT_ACCESS_TOKEN_EXPIRE_MINUTES`,
//! `JWT_REFRESH_TOKEN_EXPIRE_DAYS`, `JWT_SESSION_MAX_DAYS`, `JWT_REFRESH_GRACE_SECONDS`.

use chrono::TimeDelta;
use jsonwebtoken::Algorithm;
use secrecy::{ExposeSecret, SecretString};

use super::{Mode, env::Env};

#[derive(Debug, Clone)]
pub struct Tokens {
    /// Signs. Without one in development, a random key is made once and kept in `DATA_DIR`.
    pub secret: Option<SecretString>,
    /// Still verifies, while tokens signed before a rotation live.
    pub previous_secret: Option<SecretString>,
    pub algorithm: Algorithm,
    pub access_lifetime: TimeDelta,
    pub refresh_lifetime: TimeDelta,
    /// A login ends after this, however often it is refreshed.
    pub session_lifetime: TimeDelta,
    /// How long a used refresh token still answers with the same successor.
    pub refresh_grace: TimeDelta,
}

/// RFC 7518 §3.2: an HMAC key has at least as many bits as the hash.
const SHORTEST_SECRET: usize = 32;

impl Tokens {
    pub(super) fn read(env: &mut Env, mode: Mode) -> Self {
        env.required("JWT_SECRET_KEY", mode.is_production());
        for name in ["JWT_SECRET_KEY", "JWT_PREVIOUS_SECRET_KEY"] {
            let weak = env.secret(name).is_some_and(|secret| is_weak(secret.expose_secret()));
            if weak && mode.is_production() {
                env.problem(format!("{name}: too weak; give {SHORTEST_SECRET} random characters or more"));
            }
        }
        Self {
            secret: env.secret("JWT_SECRET_KEY"),
            previous_secret: env.secret("JWT_PREVIOUS_SECRET_KEY"),
            algorithm: env.one_of(
                "JWT_ALGORITHM",
                &[("HS256", Algorithm::HS256), ("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)],
                Algorithm::HS256,
            ),
            access_lifetime: TimeDelta::minutes(env.number("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", 30, 1..=1440)),
            refresh_lifetime: TimeDelta::days(env.number("JWT_REFRESH_TOKEN_EXPIRE_DAYS", 30, 1..=365)),
            session_lifetime: TimeDelta::days(env.number("JWT_SESSION_MAX_DAYS", 180, 1..=3650)),
            refresh_grace: TimeDelta::seconds(env.number("JWT_REFRESH_GRACE_SECONDS", 60, 1..=600)),
        }
    }
}

/// Short, of few different characters, or a placeholder out of somebody's documentation.
fn is_weak(secret: &str) -> bool {
    let mut characters: Vec<char> = secret.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    let lower = secret.to_ascii_lowercase();
    secret.len() < SHORTEST_SECRET
        || characters.len() < 10
        || ["your-secret", "change-me", "changeme", "secret-key"].iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::is_weak;

    #[test]
    fn placeholders_and_short_secrets_are_weak() {
        assert!(is_weak("your-secret-key"));
        assert!(is_weak("change-me-change-me-change-me-change-me"));
        assert!(is_weak(&"a".repeat(64)));
        assert!(!is_weak("q7Jx2mVt9sKd4Wb8Zr1Ny6Hc3Lp5Gf0A"));
    }
}
