//! The folder of a cluster's socket: in its home, or in the temp folder where that path would be too long.

use std::{
    env,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    Error,
    account::{Account, check_private, give_to},
    files,
    pg_cluster::PORT,
};

/// What every system takes for the path of a socket, its closing zero left out.
const LONGEST: usize = 103;

/// Makes the private folder for the socket.
pub(super) fn prepare(home: &Path, account: Option<&Account>) -> Result<PathBuf, Error> {
    let beside = home.join("pg-run");
    if fits(&beside) {
        files::make_dir(&beside, 0o700)?;
        give_to(account, &beside)?;
        return Ok(beside);
    }
    let name = format!("saathii-{}", short_hash(home));
    let folders = [env::temp_dir(), PathBuf::from("/tmp")];
    let dir = folders
        .iter()
        .map(|folder| folder.join(&name))
        .find(|dir| {
            fits(dir) && account.is_none_or(|account| dir.parent().is_some_and(|folder| account.can_enter(folder)))
        })
        .ok_or_else(|| Error::Io {
            what: format!(
                "no folder for a socket: the paths of {} and of the temp folder are too long",
                home.display()
            ),
            source: std::io::ErrorKind::InvalidFilename.into(),
        })?;
    files::make_dir(&dir, 0o700)?;
    check_private(account, &dir)?;
    give_to(account, &dir)?;
    Ok(dir)
}

/// Removes the socket of a postmaster that is gone. Postgres would not: it takes the number in the socket's lock file
/// for a living process while a zombie bears it, and in a container without an init that is for good.
pub(super) fn clear(dir: &Path) -> Result<(), Error> {
    for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
        let path = dir.join(name);
        files::remove_if_there(&path).map_err(Error::io(format!("cannot remove {}", path.display())))?;
    }
    Ok(())
}

/// Whether a socket in this folder has a path short enough, and one that Postgres' list of folders cannot misread.
fn fits(dir: &Path) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-@+ ".contains(&byte);
    let path = dir.join(format!(".s.PGSQL.{PORT}"));
    let bytes = path.as_os_str().as_bytes();
    bytes.len() <= LONGEST && bytes.iter().copied().all(plain)
}

/// A short name that stands for a folder.
pub(super) fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    data_encoding::HEXLOWER.encode(&digest[..8])
}
