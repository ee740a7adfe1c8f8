//! What suites need beside Rust: found, or installed by the machine's own package clients.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::counted::succeed;

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The target folder that this very program was built in.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.parent().and_then(Path::parent).context("no target folder")?;
    Ok(target.to_owned())
}

/// By its name: where rustup stands before cargo, it chooses the toolchain for everything below.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command
}

/// A program of a Debian package.
pub(crate) fn debian(program: &str, package: &str) -> anyhow::Result<PathBuf> {
    if let Some(path) = find(program) {
        return Ok(path);
    }
    println!("{program} is not here");
    debian_package(package)?;
    find(program).with_context(|| format!("{package} brought no {program}"))
}

/// What a package brings is looked for by whoever needs it.
pub(crate) fn debian_package(package: &str) -> anyhow::Result<()> {
    println!("installing Debian's {package}");
    let is_root = Command::new("id").arg("-u").output()?.stdout.starts_with(b"0\n");
    let apt = |words: &[&str]| {
        let mut command = if is_root { Command::new("apt-get") } else { Command::new("sudo") };
        if !is_root {
            command.args(["-n", "apt-get"]);
        }
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        succeed(&mut command)
    };
    apt(&["update"])
        .and_then(|()| apt(&["install", "--yes", "--no-install-recommends", package]))
        .with_context(|| format!("install {package} by hand: apt-get install {package}"))
}

/// The benchmark that comes with PostgreSQL.
pub fn pgbench() -> anyhow::Result<PathBuf> {
    let installed = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        versions.map(|version| version.path().join("bin/pgbench")).find(|path| path.is_file()).or(find("pgbench"))
    };
    match installed() {
        Some(path) => Ok(path),
        None => debian("pgbench", "postgresql").or_else(|error| installed().ok_or(error)),
    }
}

/// A tool of the Rust registry, built once beside the target folder's other contents.
pub(super) fn cargo_tool(program: &str, package: &str, words: &[&str]) -> anyhow::Result<PathBuf> {
    let folder = target()?.join("tools");
    let path = folder.join("bin").join(program);
    if path.exists() {
        return Ok(path);
    }
    println!("{program} is not here: building {package}");
    let mut install = cargo();
    install.args(["install", "--quiet", "--locked", "--root"]).arg(&folder).arg(package).args(words);
    succeed(&mut install)?;
    Ok(path)
}

/// A program of a Python package, in an environment of its own beside the target folder's other contents.
pub(super) fn python_tool(program: &str, package: &str) -> anyhow::Result<PathBuf> {
    let folder = target()?.join("tools").join(program);
    let path = folder.join("bin").join(program);
    if path.exists() {
        return Ok(path);
    }
    println!("{program} is not here: installing {package} from PyPI");
    let python = debian("python3", "python3")?;
    let pip = ["install", "--quiet", "--disable-pip-version-check", package];
    let install = || {
        succeed(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&folder))?;
        succeed(Command::new(folder.join("bin/pip")).args(pip))
    };
    if install().is_err() {
        // Debian's Python makes environments with a package of its own only.
        debian_package("python3-venv")?;
        install()?;
    }
    Ok(path)
}

/// The packages of an npm folder, as its lock file has them.
pub(crate) fn npm(folder: &Path) -> anyhow::Result<()> {
    let marker = folder.join("node_modules/.package-lock.json");
    let is_current = match (marker.metadata(), folder.join("package-lock.json").metadata()) {
        (Ok(installed), Ok(locked)) => installed.modified()? >= locked.modified()?,
        _ => false,
    };
    if is_current {
        return Ok(());
    }
    let npm = debian("npm", "npm")?;
    println!("installing the npm packages of {}", folder.display());
    succeed(Command::new(npm).args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

/// `PATH` with the folder of a tool in front, for tools that cargo has to find.
pub(super) fn path_with(tool: &Path) -> anyhow::Result<OsString> {
    let paths = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(tool.parent().map(Path::to_owned).into_iter().chain(env::split_paths(&paths)))?)
}

fn find(program: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths)
        .chain(["/usr/bin".into(), "/usr/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}
