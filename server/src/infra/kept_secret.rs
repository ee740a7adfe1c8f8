//! Random secrets of a developer's machine, made once and kept in `DATA_DIR`.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use data_encoding::HEXLOWER;
use rand::RngCore;
use secrecy::SecretString;

/// 32 random bytes in hex, the same at every start on this folder.
pub fn kept_secret(data_dir: &Path, name: &str) -> anyhow::Result<SecretString> {
    let path = data_dir.join(name);
    fs::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    // Written whole under another name and linked: of two that start at once the first wins, and none reads half.
    let draft = data_dir.join(format!("{name}.{}", std::process::id()));
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
