//! `HOST`, `PORT`, `CORS_ORIGINS`, `TRUSTED_PROXIES`, `METRICS_TOKEN`, `LOG_FORMAT`, `SHUTDOWN_DELAY_SECONDS`.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;
use secrecy::SecretString;

use super::{Mode, env::Env};

#[derive(Debug, Clone)]
pub struct Server {
    pub host: IpAddr,
    pub port: u16,
    /// Origins of browsers that may call; without a list, any localhost origin in development and none in production.
    pub cors_origins: Vec<String>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Asked of `/metrics` as a bearer token; in production `/metrics` is closed without one.
    pub metrics_token: Option<SecretString>,
    pub log_format: LogFormat,
    /// How long requests are still taken after SIGTERM, while `/readyz` is red.
    pub shutdown_delay: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

impl Server {
    pub(super) fn read(env: &mut Env, mode: Mode) -> Self {
        let log_format = if mode.is_production() { LogFormat::Json } else { LogFormat::Pretty };
        let proxies = env.list("TRUSTED_PROXIES");
        Self {
            host: env
                .parse("HOST")
                .unwrap_or_else(|| if mode.is_production() { [0, 0, 0, 0].into() } else { [127, 0, 0, 1].into() }),
            port: env.parse("PORT").unwrap_or(8000),
            cors_origins: env.list("CORS_ORIGINS"),
            trusted_proxies: proxies
                .iter()
                .filter_map(|text| {
                    let net = text
                        .parse::<IpNet>()
                        .or_else(|error| text.parse::<IpAddr>().map(IpNet::from).map_err(|_| error));
                    env.check("TRUSTED_PROXIES", net)
                })
                .collect(),
            shutdown_delay: Duration::from_secs(env.number(
                "SHUTDOWN_DELAY_SECONDS",
                if mode.is_production() { 3 } else { 0 },
                0..=5,
            )),
            metrics_token: env.secret("METRICS_TOKEN"),
            log_format: env.one_of(
                "LOG_FORMAT",
                &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)],
                log_format,
            ),
        }
    }
}
