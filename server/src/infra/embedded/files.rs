//! Files that are whole or absent, and for their owner's eyes only.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{Error, account};

/// Makes a folder and those above it; nobody else may list it.
pub(super) fn make_dir(dir: &Path, mode: u32) -> Result<(), Error> {
    let make = || {
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent)?;
        }
        match DirBuilder::new().mode(mode).create(dir) {
            // The umask has its say in `create`, so a new folder is given its mode once more.
            Ok(()) => fs::set_permissions(dir, Permissions::from_mode(mode)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    };
    make().map_err(Error::io(format!("cannot make the folder {}", dir.display())))
}

/// Makes a data folder, and answers its whole path.
pub(super) fn make_data_dir(dir: &Path) -> Result<PathBuf, Error> {
    make_dir(dir, account::folder_mode()?)?;
    dir.canonicalize().map_err(Error::io(format!("cannot enter {}", dir.display())))
}

/// Replaces a file in one step: a reader, or a start after a crash, sees the old text or the new.
pub(super) fn write_whole(path: &Path, mode: u32, text: &str) -> Result<(), Error> {
    let write = || {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        remove_if_there(Path::new(&beside))?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), sync_dir)
    };
    write().map_err(Error::io(format!("cannot write {}", path.display())))
}

/// Makes the names in a folder durable, such as the target of a rename.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
