//! The Postgres server programs of this machine, fetched where there are none.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use super::{Error, account::Account, pg_fetch};

/// The oldest Postgres that the migrations and settings are written for.
const OLDEST: u32 = 14;

/// Folders of server programs by system; `*` stands for a version, and the newest comes first.
const USUAL: [&str; 9] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/local/lib/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// Server programs that run here, under the account that will run them.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    bin: PathBuf,
    /// Of packages that were unpacked without being installed.
    libraries: Vec<PathBuf>,
    account: Option<Account>,
    /// As the programs say it, such as `15.18`.
    pub(super) version: String,
    pub(super) major: u32,
}

/// Where [`Binaries::find`] may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// `PG_BIN` alone where it is set, else PATH, the usual folders, what was fetched before, and fetching.
    Everywhere,
    /// Nothing but what an earlier start fetched into the folder.
    #[cfg(test)]
    FetchedOnly,
}

impl Binaries {
    /// Finds programs that can open a cluster of `cluster_major`, or the best there are for a new one.
    pub(super) async fn find(
        home: &Path,
        account: Option<&Account>,
        cluster_major: Option<u32>,
        search: Search,
    ) -> Result<Self, Error> {
        let given = env::var_os("PG_BIN").filter(|value| !value.is_empty() && search == Search::Everywhere);
        let candidates = match &given {
            Some(given) => vec![PathBuf::from(given)],
            None if search == Search::Everywhere => {
                let mut all = on_path();
                all.extend(USUAL.iter().flat_map(|pattern| expand(Path::new(pattern))));
                all.extend(pg_fetch::fetched(home));
                all
            }
            None => pg_fetch::fetched(home),
        };
        let mut others = Vec::new();
        for candidate in candidates {
            let Some(found) = Self::probe(candidate, home, account).await else { continue };
            if found.major >= OLDEST && cluster_major.is_none_or(|major| major == found.major) {
                return Ok(found);
            }
            others.push(format!("{} in {}", found.version, found.bin.display()));
        }
        if let Some(given) = given {
            let wrong = if others.is_empty() {
                format!("PG_BIN={} has no initdb, postgres and pg_ctl that run here", Path::new(&given).display())
            } else {
                format!("PG_BIN has PostgreSQL {}", others.join(", "))
            };
            return Err(no_fit(home, cluster_major, &others, wrong));
        }
        let mut tried = Vec::new();
        for source in [pg_fetch::Source::Npm, pg_fetch::Source::Debian] {
            if source == pg_fetch::Source::Npm && cluster_major.is_some_and(|major| major != pg_fetch::MAJOR) {
                continue;
            }
            match Self::fetch(home, account, source).await {
                Ok(found) if cluster_major.is_none_or(|major| major == found.major) => return Ok(found),
                Ok(found) => others.push(format!("{} in {}", found.version, found.bin.display())),
                Err(error) => tried.push(error),
            }
        }
        Err(no_fit(home, cluster_major, &others, tried.join("; ")))
    }

    /// Fetches programs and tries them.
    pub(super) async fn fetch(
        home: &Path,
        account: Option<&Account>,
        source: pg_fetch::Source,
    ) -> Result<Self, String> {
        tracing::info!(?source, "fetching PostgreSQL's server programs, once for this data folder");
        let bin = pg_fetch::fetch(home, source).await?;
        let shown = bin.display().to_string();
        Self::probe(bin, home, account)
            .await
            .ok_or_else(|| format!("the programs fetched into {shown} do not run here"))
    }

    /// Whether a folder has the programs and this account can run them.
    async fn probe(bin: PathBuf, home: &Path, account: Option<&Account>) -> Option<Self> {
        if !["initdb", "postgres", "pg_ctl"].iter().all(|program| bin.join(program).is_file()) {
            return None;
        }
        let libraries = pg_fetch::libraries(home, &bin);
        let mut found = Self { bin, libraries, account: account.cloned(), version: String::new(), major: 0 };
        let output = found.command("postgres").arg("--version").stderr(Stdio::null()).output().await.ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        found.version = text.trim().strip_prefix("postgres (PostgreSQL) ")?.split(' ').next()?.into();
        let digits = found.version.split(|c: char| !c.is_ascii_digit()).next()?;
        found.major = digits.parse().ok()?;
        Some(found)
    }

    /// A program under the account, with an environment of its own: neither secrets nor `PG*` settings reach it.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        if !self.libraries.is_empty()
            && let Ok(path) = env::join_paths(&self.libraries)
        {
            command.env("LD_LIBRARY_PATH", path);
        }
        if let Some(account) = &self.account {
            let (uid, gid) = account.ids();
            command.uid(uid).gid(gid);
        }
        // A folder that every account can enter; the one we stand in may not be.
        command.current_dir("/");
        command
    }
}

fn no_fit(home: &Path, cluster_major: Option<u32>, others: &[String], tried: String) -> Error {
    match cluster_major {
        Some(cluster) if !others.is_empty() => {
            Error::OtherMajor { dir: home.to_owned(), cluster, found: others.join(", ") }
        }
        _ => Error::NoBinaries { tried, install: install_command() },
    }
}

fn install_command() -> &'static str {
    let has = |program: &str| on_path_any(program);
    if has("apt-get") {
        "sudo apt-get install -y postgresql"
    } else if has("dnf") {
        "sudo dnf install -y postgresql-server postgresql-contrib"
    } else if has("apk") {
        "sudo apk add postgresql postgresql-contrib"
    } else if cfg!(target_os = "macos") {
        "brew install postgresql@17"
    } else {
        "with this system's package manager"
    }
}

fn path_folders() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

fn on_path_any(program: &str) -> bool {
    path_folders().iter().any(|folder| folder.join(program).is_file())
}

fn on_path() -> Vec<PathBuf> {
    path_folders().into_iter().filter(|folder| folder.is_absolute() && folder.join("postgres").is_file()).collect()
}

/// The folders a pattern with one `*` stands for, the highest version first.
pub(super) fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut parts = pattern.components();
    let mut parent = PathBuf::new();
    let starred = loop {
        match parts.next() {
            Some(part) if part.as_os_str().to_string_lossy().contains('*') => {
                break part.as_os_str().to_string_lossy().into_owned();
            }
            Some(part) => parent.push(part),
            None => return vec![parent],
        }
    };
    let (before, after) = starred.split_once('*').unwrap_or((&starred, ""));
    let rest = parts.as_path();
    let Ok(entries) = fs::read_dir(&parent) else { return Vec::new() };
    let mut found: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let version = name.strip_prefix(before)?.strip_suffix(after)?;
            let numbers = version.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
            Some((numbers, parent.join(&name).join(rest)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first_by_number() {
        let dir = env::temp_dir().join(format!("saathii-expand-{}", std::process::id()));
        for version in ["9.6", "15", "17", "8"] {
            fs::create_dir_all(dir.join(format!("pgsql-{version}/bin"))).unwrap();
        }
        let found = expand(&dir.join("pgsql-*/bin"));
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(&dir).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["pgsql-17/bin", "pgsql-15/bin", "pgsql-9.6/bin", "pgsql-8/bin"]);
        fs::remove_dir_all(&dir).unwrap();
    }
}
