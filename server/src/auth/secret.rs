//! The key that signs.

use secrecy::SecretString;

use crate::{config::Config, infra::kept_secret::kept_secret};

/// `JWT_SECRET_KEY`, or where there is none a random key, made once and kept in `DATA_DIR`.
pub fn signing_secret(config: &Config) -> anyhow::Result<SecretString> {
    match &config.tokens.secret {
        Some(secret) => Ok(secret.clone()),
        None => kept_secret(&config.data_dir, "jwt-secret"),
    }
}
