//! `DATABASE_URL`, `DATABASE_MAX_CONNECTIONS`.

use secrecy::SecretString;

use super::{Mode, env::Env};

#[derive(Debug, Clone)]
pub struct Database {
    /// Without one, the embedded Postgres.
    pub url: Option<SecretString>,
    pub max_connections: u32,
}

impl Database {
    pub(super) fn read(env: &mut Env, mode: Mode) -> Self {
        let url = env.required("DATABASE_URL", mode.is_production());
        if url.as_ref().is_some_and(|url| !url.starts_with("postgres://") && !url.starts_with("postgresql://")) {
            env.problem("DATABASE_URL: must begin with postgresql://");
        }
        Self { url: url.map(SecretString::from), max_connections: env.number("DATABASE_MAX_CONNECTIONS", 20, 2..=1000) }
    }
}
