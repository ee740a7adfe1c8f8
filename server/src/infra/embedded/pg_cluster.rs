//! The files of a private Postgres cluster: made once, configured at every start.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::timeout;

use super::{
    Error,
    account::{Account, give_to},
    files,
    pg_binaries::Binaries,
};

/// The superuser of the cluster, and the name of its database.
pub(super) const NAME: &str = "saathii";

/// How much of a crash the cluster must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// An acknowledged commit is on the disk.
    On,
    /// For tests: a commit is gone with the machine.
    Off,
}

/// The cluster's folder inside the home.
pub(super) fn data(home: &Path) -> PathBuf {
    home.join("pg")
}

/// The major version that wrote the cluster; none where there is no cluster yet.
pub(super) fn major(home: &Path) -> Option<u32> {
    fs::read_to_string(data(home).join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Makes the cluster beside its place and moves it there whole: one that was cut short is never taken for a cluster.
pub(super) async fn create(
    home: &Path,
    binaries: &Binaries,
    account: Option<&Account>,
    durability: Durability,
) -> Result<(), Error> {
    remove_unfinished(home);
    // The name is new each time: the initdb of a killed start may still be writing into the last one.
    let beside = home.join(format!("pg.new-{}", uuid::Uuid::new_v4().simple()));
    files::make_dir(&beside, 0o700)?;
    give_to(account, &beside)?;
    let mut complaint = String::new();
    for locale in locales(binaries.major) {
        let mut initdb = binaries.command("initdb");
        initdb.arg("-D").arg(&beside).args(["-U", NAME, "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject"]);
        initdb.args(*locale).kill_on_drop(true);
        if durability == Durability::Off {
            initdb.arg("--no-sync");
        }
        let output = match timeout(Duration::from_mins(2), initdb.output()).await {
            Ok(output) => output.map_err(Error::io("cannot run initdb"))?,
            Err(_) => return Err(Error::Initdb("it took longer than 2 minutes".into())),
        };
        if output.status.success() {
            return adopt_settings(&beside, home);
        }
        complaint = String::from_utf8_lossy(&output.stderr).trim().into();
    }
    let _ = fs::remove_dir_all(&beside);
    Err(Error::Initdb(complaint))
}

/// One order of text on every machine: by code point, with the letter cases of Unicode where the system has them.
fn locales(major: u32) -> &'static [&'static [&'static str]] {
    if major >= 17 {
        &[&["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    } else {
        &[&["--locale=C.UTF-8"], &["--locale=C"]]
    }
}

fn adopt_settings(beside: &Path, home: &Path) -> Result<(), Error> {
    let finish = || {
        let conf = beside.join("postgresql.conf");
        let mut text = fs::read_to_string(&conf)?;
        text.push_str("\ninclude 'saathii.conf'\n");
        // Written in place, so that it stays the file of the account that runs Postgres.
        fs::write(&conf, text)?;
        fs::File::open(&conf)?.sync_all()?;
        fs::rename(beside, data(home))?;
        files::sync_dir(home)
    };
    finish().map_err(Error::io(format!("cannot finish the cluster in {}", data(home).display())))
}

fn remove_unfinished(home: &Path) {
    let Ok(entries) = fs::read_dir(home) else { return };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with("pg.new-") {
            // An initdb that outlived its server may still be writing there; a later start tries again.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Writes the settings of this start.
pub(super) fn configure(home: &Path, sockets: &Path, durability: Durability) -> Result<(), Error> {
    let durable = match durability {
        Durability::On => "on",
        Durability::Off => "off",
    };
    let text = format!(
        "# Written by saathii at every start.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = {PORT}
max_connections = 200
shared_buffers = 128MB
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
wal_level = minimal
max_wal_senders = 0
max_logical_replication_workers = 0
max_wal_size = 1GB
# Shared memory is small in containers, and the queries are small everywhere.
max_parallel_workers_per_gather = 0
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = off
log_destination = 'stderr'
log_checkpoints = off
log_min_messages = warning
log_line_prefix = '%m [%p] '
",
        sockets = sockets.display(),
    );
    // It holds no secret, its folder is the account's alone, and Postgres must be able to read it.
    files::write_whole(&data(home).join("saathii.conf"), 0o644, &text)
}

/// The number in the socket's name; no TCP port is opened.
pub(super) const PORT: u16 = 5432;
