//! The key that signs.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
};

use anyhow::Context;
use data_encoding::HEXLOWER;
use rand::RngCore;
use secrecy::SecretString;

use crate::config::Config;

/// `JWT_SECRET_KEY`, or where there is none a random key, made once and kept in `DATA_DIR`.
pub fn signing_secret(config: &Config) -> anyhow::Result<SecretString> {
    if let Some(secret) = &config.tokens.secret {
        return Ok(secret.clone());
    }
    let path = config.data_dir.join("jwt-secret");
    fs::create_dir_all(&config.data_dir).with_context(|| format!("cannot make {}", config.data_dir.display()))?;
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    // Written whole under another name and linked: of two that start at once the first wins, and none reads half.
    let draft = config.data_dir.join(format!("jwt-secret.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(HEXLOWER.encode(&bytes).as_bytes())?;
    file.sync_all()?;
    match fs::hard_link(&draft, &path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
    fs::remove_file(&draft)?;
    let secret = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(secret.into())
}
