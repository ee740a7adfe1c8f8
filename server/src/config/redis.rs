//! `REDIS_URL`, `REDIS_PREFIX`.

use secrecy::SecretString;

use super::{Mode, env::Env};

#[derive(Debug, Clone)]
pub struct Redis {
    /// Without one, the embedded Redis.
    pub url: Option<SecretString>,
    /// Stands before every key and channel, so that several deployments may share one Redis.
    pub prefix: String,
}

impl Redis {
    pub(super) fn read(env: &mut Env, mode: Mode) -> Self {
        let url = env.required("REDIS_URL", mode.is_production());
        if url.as_ref().is_some_and(|url| {
            !url.starts_with("redis://") && !url.starts_with("rediss://") && !url.starts_with("unix://")
        }) {
            env.problem("REDIS_URL: must begin with redis:// or rediss://");
        }
        Self { url: url.map(SecretString::from), prefix: env.text("REDIS_PREFIX").unwrap_or_else(|| "saathii".into()) }
    }
}
