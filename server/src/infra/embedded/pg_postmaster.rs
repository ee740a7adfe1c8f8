//! The process that a cluster's `postmaster.pid` names, and whether it is what the file says.

use std::{
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Error, files};

#[derive(Debug)]
pub(super) struct Postmaster {
    pub(super) pid: u32,
    pub(super) sockets: PathBuf,
    data: PathBuf,
}

impl Postmaster {
    /// None without the file. One that names nobody, as a crash of the machine can leave it, is removed: Postgres would
    /// not start over it.
    pub(super) fn find(data: &Path) -> Result<Option<Self>, Error> {
        let path = data.join("postmaster.pid");
        // A postmaster writes it in one go right after making it, so a second look tells one from the other.
        for _ in 0..2 {
            if let Some(found) = Self::read(data) {
                return Ok(Some(found));
            }
            if !path.exists() {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        files::remove_if_there(&path).map_err(Error::io(format!("cannot remove {}", path.display())))?;
        Ok(None)
    }

    pub(super) fn read(data: &Path) -> Option<Self> {
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().trim_start_matches('-').parse().ok()?;
        // After it the data folder, the time of the start and the port.
        let sockets = lines.nth(3).unwrap_or_default().into();
        Some(Self { pid, sockets, data: data.to_owned() })
    }

    /// Whether the process lives and runs this cluster: its number may have passed to another since a crash, and the
    /// file may have been copied along from a running cluster.
    pub(super) fn is_alive(&self) -> bool {
        if cfg!(target_os = "linux") {
            // Its arguments are all that root in a container may read of another user's process; a zombie has none.
            let Ok(line) = fs::read(format!("/proc/{}/cmdline", self.pid)) else { return false };
            let mut args = line.split(|byte| *byte == 0);
            return args.next().is_some_and(|program| program.ends_with(b"postgres"))
                && args.any(|arg| arg == self.data.as_os_str().as_bytes());
        }
        let asked = std::process::Command::new("ps")
            .args(["-ww", "-o", "stat=,command=", "-p", &self.pid.to_string()])
            .output();
        let line = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
        !line.starts_with('Z') && line.contains("postgres") && line.contains(&*self.data.to_string_lossy())
    }

    /// Removes the file of a process that is gone or another's: Postgres itself refuses to start while the number it
    /// names belongs to any process of its user.
    pub(super) fn forget_stale(&self) -> Result<(), Error> {
        tracing::warn!(pid = self.pid, "PostgreSQL ended without being stopped; it recovers now");
        let path = self.data.join("postmaster.pid");
        if process_exists(self.pid) {
            files::remove_if_there(&path).map_err(Error::io(format!("cannot remove {}", path.display())))?;
        }
        Ok(())
    }
}

fn process_exists(pid: u32) -> bool {
    if cfg!(target_os = "linux") {
        return Path::new(&format!("/proc/{pid}")).exists();
    }
    std::process::Command::new("ps").args(["-p", &pid.to_string()]).output().is_ok_and(|output| output.status.success())
}
