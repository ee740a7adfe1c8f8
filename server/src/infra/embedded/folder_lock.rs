//! Who uses a data folder: one server, or one command at a time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::Error;

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// What the holder of a folder is; it decides whether one waits for it or gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Server,
    /// Over within seconds, so worth waiting for.
    Command,
}

/// The use of a folder. The system gives it up with the process, however that ends.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

/// Who has the folder, as its lock file says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) pid: u32,
    pub(super) holder: Holder,
}

impl FolderLock {
    /// The lock, or who holds it; nobody known where the holder has not written itself down yet.
    pub(super) fn try_take(data_dir: &Path, holder: Holder) -> Result<Result<Self, Option<Owner>>, Error> {
        let path = data_dir.join("server.lock");
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => {
                let text = match holder {
                    Holder::Server => format!("{} server\n", std::process::id()),
                    Holder::Command => format!("{} command\n", std::process::id()),
                };
                // Written in place: replacing the file would leave the lock on one that nobody opens any more.
                fs::write(&path, text).map_err(Error::io(format!("cannot write {}", path.display())))?;
                Ok(Ok(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => Ok(Err(read_owner(&path))),
            Err(TryLockError::Error(error)) => {
                Err(Error::Io { what: format!("cannot lock {}", path.display()), source: error })
            }
        }
    }
}

fn read_owner(path: &Path) -> Option<Owner> {
    let text = fs::read_to_string(path).ok()?;
    let (pid, holder) = text.trim().split_once(' ')?;
    let holder = if holder == "command" { Holder::Command } else { Holder::Server };
    Some(Owner { pid: pid.parse().ok()?, holder })
}

/// The two locks of one Postgres cluster: `start` for as long as somebody starts or stops it, `in_use` shared by
/// everybody who uses it. With one lock alone, the last to leave could stop what the next has just found running.
#[derive(Debug)]
pub(super) struct ClusterLocks {
    start: PathBuf,
    in_use: File,
}

/// Held while the cluster is started or stopped.
#[derive(Debug)]
pub(super) struct Starting {
    _file: File,
}

impl ClusterLocks {
    pub(super) fn open(home: &Path) -> Result<Self, Error> {
        Ok(Self { start: home.join("pg-start.lock"), in_use: open(&home.join("pg-use.lock"))? })
    }

    /// Waits for those who are starting or stopping it; a first start may be fetching programs.
    pub(super) async fn begin(&self, patience: Duration) -> Result<Starting, Error> {
        let file = open(&self.start)?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Starting { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(LOOK_AGAIN).await,
                Err(error) => {
                    let what = format!("somebody else is still starting PostgreSQL ({})", self.start.display());
                    return Err(Error::Io { what, source: error.into() });
                }
            }
        }
    }

    /// The same for a destructor, which cannot wait: none where somebody is at it.
    pub(super) fn begin_now(&self) -> Option<Starting> {
        let file = open(&self.start).ok()?;
        file.try_lock().ok()?;
        Some(Starting { _file: file })
    }

    /// Counts among the users from now on.
    pub(super) fn join(&self, _starting: &Starting) -> Result<(), Error> {
        self.in_use.lock_shared().map_err(Error::io("cannot share the use of the cluster"))
    }

    /// Stops being a user, and says whether that was the last one.
    pub(super) fn leave(&self, _starting: &Starting) -> bool {
        self.in_use.try_lock().is_ok()
    }
}

fn open(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(Error::io(format!("cannot open {}", path.display())))
}
