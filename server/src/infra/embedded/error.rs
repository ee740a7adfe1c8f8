//! What can stop a local store from starting, in words that say what to do.

use std::{io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "{} is in use by another server (process {pid}); stop it, or give this one a DATA_DIR of its own",
        .data_dir.display()
    )]
    InUse { data_dir: PathBuf, pid: u32 },

    #[error("the server running on {} (process {pid}) has no local {store} to share", .data_dir.display())]
    NotShared { data_dir: PathBuf, pid: u32, store: &'static str },

    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },

    #[error(
        "no PostgreSQL server programs were found, and fetching them failed: {tried}. Install them ({install}), \
         point PG_BIN at their folder, or set DATABASE_URL"
    )]
    NoBinaries { tried: String, install: &'static str },

    #[error(
        "the data in {} was written by PostgreSQL {cluster}, but only {found} was found. Nothing was touched. Point \
         PG_BIN at the programs of PostgreSQL {cluster}, or dump with them and restore into a new DATA_DIR",
        .dir.display()
    )]
    OtherMajor { dir: PathBuf, cluster: u32, found: String },

    #[error(
        "PostgreSQL does not run as root, and this system has neither a user `postgres` nor a user `nobody`; set \
         DATABASE_URL or start as another user"
    )]
    NoUser,

    #[error("the cluster in {} belongs to the user with the id {uid}; start as that user or as root", .dir.display())]
    ForeignCluster { dir: PathBuf, uid: u32 },

    #[error("initdb failed: {0}")]
    Initdb(String),

    #[error("PostgreSQL did not start: {reason}; its log is {}", .log.display())]
    Postgres { reason: String, log: PathBuf },

    #[error("the local PostgreSQL: {0}")]
    Sql(#[from] sqlx::Error),

    #[error("the local Redis: {0}")]
    Redis(String),

    #[error("the local object store: {0}")]
    ObjectStore(String),
}

impl Error {
    /// For `map_err`: the error of the file system, with what was being done.
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
