//! A private Postgres: started, shared by the processes that use its folder, stopped by the last of them.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use sqlx::{
    Connection, Executor, PgConnection, Row,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use super::{
    Error,
    account::Account,
    files,
    folder_lock::{ClusterLocks, Starting},
    pg_binaries::{Binaries, Search},
    pg_cluster::{self, Durability, NAME, PORT},
    pg_postmaster::Postmaster,
    pg_sockets,
};

const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Recovery after a crash can take long, and a first start may be fetching programs.
const START_PATIENCE: Duration = Duration::from_mins(10);
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// How long the sessions of a killed postmaster may hold its memory.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(30);
/// The log is begun anew, and the last one kept, where a start finds it larger.
const LARGEST_LOG: u64 = 8 << 20;

#[derive(Debug)]
pub struct Postgres {
    home: PathBuf,
    sockets: PathBuf,
    binaries: Binaries,
    locks: ClusterLocks,
    /// Held until the start is over, so that one given up half-way can stop what it began.
    starting: Option<Starting>,
    /// None for a postmaster that another process started.
    child: Option<Child>,
    note: String,
    left: bool,
}

impl Postgres {
    /// Makes the cluster of a folder where there is none, and starts it where it is not running.
    pub async fn start(dir: &Path, durability: Durability) -> Result<Self, Error> {
        Self::start_with(dir, durability, Search::Everywhere).await
    }

    pub(super) async fn start_with(dir: &Path, durability: Durability, search: Search) -> Result<Self, Error> {
        let place = Place::choose(dir)?;
        let (home, account) = (place.home, place.account.as_ref());
        let locks = ClusterLocks::open(&home)?;
        let starting = locks.begin(START_PATIENCE).await?;
        locks.join(&starting)?;
        let cluster_major = pg_cluster::major(&home);
        let binaries = Binaries::find(&home, account, cluster_major, search).await?;
        if cluster_major.is_none() {
            pg_cluster::create(&home, &binaries, account, durability).await?;
        }
        let note = match place.why {
            Some(why) => format!("PostgreSQL {} in {}, because {why}", binaries.version, home.display()),
            None => format!("PostgreSQL {} in {}", binaries.version, home.display()),
        };
        let sockets = pg_sockets::prepare(&home, account)?;
        let mut this =
            Self { home, sockets, binaries, locks, starting: Some(starting), child: None, note, left: false };
        let mut connection = match this.find_running().await? {
            Some(connection) => connection,
            None => this.launch(durability).await?,
        };
        make_database(&mut connection).await?;
        let _ = connection.close().await;
        this.starting = None;
        Ok(this)
    }

    /// The URL of a database of this cluster, complete: no `PG*` variable changes where it leads.
    pub fn url(&self, database: &str) -> String {
        let sockets: String =
            url::form_urlencoded::byte_serialize(self.sockets.as_os_str().as_encoded_bytes()).collect();
        let sockets = sockets.replace('+', "%20");
        format!("postgres://{NAME}@localhost:{PORT}/{database}?host={sockets}&sslmode=disable")
    }

    /// Where its files lie: not always in the folder that was asked for, see [`note`](Self::note).
    pub fn data_dir(&self) -> PathBuf {
        pg_cluster::data(&self.home)
    }

    /// Which version runs where, and why there.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Stops the cluster in order, unless another process uses it too.
    pub async fn stop(mut self) {
        match self.locks.begin(STOP_PATIENCE).await {
            Ok(starting) => {
                self.left = true;
                if self.locks.leave(&starting) {
                    self.shut_down().await;
                }
            }
            Err(error) => tracing::warn!(%error, "PostgreSQL is left running"),
        }
    }

    /// A connection to the postmaster that runs on this cluster already, such as one that outlived its server.
    async fn find_running(&mut self) -> Result<Option<PgConnection>, Error> {
        let data = pg_cluster::data(&self.home);
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            let Some(postmaster) = Postmaster::find(&data)? else { return Ok(None) };
            // Where its socket is, as it says itself: it may be of a start with another temp folder.
            let stale = match connect(&postmaster.sockets).await {
                Ok(mut connection) => {
                    let serves: String = connection.fetch_one("SHOW data_directory").await?.get(0);
                    if Path::new(&serves) == data {
                        postmaster.sockets.clone_into(&mut self.sockets);
                        tracing::info!(pid = postmaster.pid, "PostgreSQL was running already");
                        return Ok(Some(connection));
                    }
                    // This folder is a copy of a running one.
                    true
                }
                // It is starting, recovering or stopping.
                Err(sqlx::Error::Database(_)) => false,
                Err(_) => !postmaster.is_alive(),
            };
            if stale {
                postmaster.forget_stale()?;
                return Ok(None);
            }
            if Instant::now() > deadline {
                return Err(self.failed(format!("process {} does not answer", postmaster.pid)));
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn launch(&mut self, durability: Durability) -> Result<PgConnection, Error> {
        pg_sockets::clear(&self.sockets)?;
        pg_cluster::configure(&self.home, &self.sockets, durability)?;
        let began = Instant::now();
        loop {
            let log_start = self.spawn()?;
            if let Some(connection) = self.wait_until_ready(began).await? {
                return Ok(connection);
            }
            let reason = read_from(&self.log(), log_start);
            // The sessions of a postmaster that was killed end by themselves, a moment after it.
            if !reason.contains("pre-existing shared memory block") || began.elapsed() > ORPHAN_PATIENCE {
                return Err(self.failed(reason));
            }
            sleep(LOOK_AGAIN * 10).await;
        }
    }

    /// Starts the postmaster and answers where its part of the log begins.
    fn spawn(&mut self) -> Result<u64, Error> {
        let path = self.log();
        let open = || {
            if fs::metadata(&path).is_ok_and(|meta| meta.len() > LARGEST_LOG) {
                fs::rename(&path, path.with_extension("log.1"))?;
            }
            let log = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
            let start = log.metadata()?.len();
            Ok((log.try_clone()?, log, start))
        };
        let (out, err, start) = open().map_err(Error::io(format!("cannot open {}", path.display())))?;
        let mut command = self.binaries.command("postgres");
        command.arg("-D").arg(pg_cluster::data(&self.home)).stdout(out).stderr(err);
        // A group of its own: Ctrl-C in the terminal is for the server, which stops Postgres when it is done with it.
        command.process_group(0);
        self.child = Some(command.spawn().map_err(Error::io("cannot run postgres"))?);
        Ok(start)
    }

    /// A connection, or none where the postmaster has given up.
    async fn wait_until_ready(&mut self, began: Instant) -> Result<Option<PgConnection>, Error> {
        loop {
            if let Ok(connection) = connect(&self.sockets).await {
                return Ok(Some(connection));
            }
            if let Some(child) = &mut self.child
                && child.try_wait().map_err(Error::io("cannot wait for postgres"))?.is_some()
            {
                self.child = None;
                return Ok(None);
            }
            if began.elapsed() > START_PATIENCE {
                return Err(self.failed("it takes too long".into()));
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Asks the postmaster to end its sessions and stop, and waits for it.
    async fn shut_down(&mut self) {
        for mode in ["fast", "immediate"] {
            let asked = self.stop_command(mode).status().await;
            if timeout(STOP_PATIENCE, self.stopped()).await.is_ok() {
                return;
            }
            tracing::warn!(?asked, mode, "PostgreSQL does not stop");
        }
    }

    async fn stopped(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.wait().await;
            return;
        }
        let data = pg_cluster::data(&self.home);
        while Postmaster::read(&data).is_some_and(|postmaster| postmaster.is_alive()) {
            sleep(LOOK_AGAIN).await;
        }
    }

    fn stop_command(&self, mode: &str) -> Command {
        let mut command = self.binaries.command("pg_ctl");
        command.arg("stop").arg("-D").arg(pg_cluster::data(&self.home)).args(["-m", mode, "-W", "-s"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn log(&self) -> PathBuf {
        self.home.join("pg.log")
    }

    fn failed(&self, reason: String) -> Error {
        Error::Postgres { reason, log: self.log() }
    }
}

impl Drop for Postgres {
    /// Without `stop`, as in a panic or a start that was given up, the postmaster is told to stop and not waited for.
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let starting = self.starting.take().or_else(|| self.locks.begin_now());
        if starting.is_some_and(|starting| self.locks.leave(&starting)) {
            let _ = self.stop_command("fast").as_std_mut().status();
        }
    }
}

/// Where the files of a cluster lie and whose they are.
struct Place {
    home: PathBuf,
    account: Option<Account>,
    /// Why that is not the folder that was asked for.
    why: Option<String>,
}

impl Place {
    fn choose(dir: &Path) -> Result<Self, Error> {
        let dir = files::make_data_dir(dir)?;
        let account = Account::for_cluster(&pg_cluster::data(&dir))?;
        match account {
            Some(user) if !user.can_enter(&dir) => {
                let home = Path::new("/var/lib/saathii").join(pg_sockets::short_hash(&dir));
                files::make_dir(&home, 0o711)?;
                let account = Account::for_cluster(&pg_cluster::data(&home))?;
                let why =
                    format!("PostgreSQL cannot run as root, and user {} cannot enter {}", user.name, dir.display());
                Ok(Self { home, account, why: Some(why) })
            }
            account => Ok(Self { home: dir, account, why: None }),
        }
    }
}

async fn connect(sockets: &Path) -> Result<PgConnection, sqlx::Error> {
    let options = PgConnectOptions::new_without_pgpass()
        .socket(sockets)
        .port(PORT)
        .username(NAME)
        .database("postgres")
        .ssl_mode(PgSslMode::Disable);
    match timeout(Duration::from_secs(5), PgConnection::connect_with(&options)).await {
        Ok(connected) => connected,
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

async fn make_database(connection: &mut PgConnection) -> Result<(), Error> {
    let found = connection.fetch_optional("SELECT 1 FROM pg_database WHERE datname = 'saathii'").await?;
    if found.is_none() {
        connection.execute("CREATE DATABASE saathii").await?;
    }
    Ok(())
}

/// What a file holds from a place on, up to its last few lines.
fn read_from(path: &Path, start: u64) -> String {
    let read = || {
        let mut file = fs::File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        let mut text = String::new();
        file.take(64 << 10).read_to_string(&mut text)?;
        Ok::<_, std::io::Error>(text)
    };
    let text = read().unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" ")
}
