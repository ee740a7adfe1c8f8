//! The configuration, read once from the environment; every section names its variables.
//!
//! Everything that is wrong is reported at once, not one variable per start.

mod calls;
mod database;
mod describe;
mod env;
mod margin;
mod otp;
mod payments;
mod payouts;
mod redis;
mod server;
mod storage;
mod tokens;

use std::{collections::HashMap, path::PathBuf};

use self::env::Env;
pub use self::{
    calls::{Calls, ListenerVerification, Rate},
    database::Database,
    otp::{Otp, Sender, TestNumber},
    payments::{Payments, Provider},
    payouts::Payouts,
    redis::Redis,
    server::{LogFormat, Server},
    storage::{ExternalStorage, Storage},
    tokens::Tokens,
};

/// `APP_ENV`: `production` asks for every URL and secret; anything else is a developer's machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Development,
    Production,
}

impl Mode {
    pub fn is_production(self) -> bool {
        self == Self::Production
    }
}

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    pub mode: Mode,
    /// `DATA_DIR`: where the embedded stores and the development secret lie.
    pub data_dir: PathBuf,
    /// `ADMIN_PHONES`: these accounts hold the role admin.
    pub admin_phones: Vec<String>,
    /// `ADMIN_SECOND_FACTOR`: whether the dashboard lets nobody work who has set up none.
    pub second_factor_required: bool,
    /// `ADJUSTMENT_SECOND_ADMIN_FROM`: from so many coins or earnings on, another admin applies an adjustment than the
    /// one who asked for it.
    pub adjustment_second_admin_from: i64,
    /// `DEMO_DATA`: believable people on an empty embedded database; never in production.
    pub demo_data: bool,
    pub calls: Calls,
    pub payments: Payments,
    pub payouts: Payouts,
    pub server: Server,
    pub database: Database,
    pub redis: Redis,
    pub storage: Storage,
    pub tokens: Tokens,
    pub otp: Otp,
}

/// What is wrong with the configuration, a line each.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not usable:\n  - {}", .0.join("\n  - "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(std::env::vars().collect())
    }

    /// Reads the configuration from these variables instead of the process's own.
    pub fn read(vars: HashMap<String, String>) -> Result<Self, ConfigError> {
        let mut env = Env::new(vars);
        let mode = env.one_of(
            "APP_ENV",
            &[("development", Mode::Development), ("production", Mode::Production)],
            Mode::Development,
        );
        let otp = Otp::read(&mut env, mode);
        let config = Self {
            mode,
            data_dir: env.text("DATA_DIR").unwrap_or_else(|| "./.saathii".into()).into(),
            admin_phones: env
                .list("ADMIN_PHONES")
                .into_iter()
                .filter_map(|phone| env.check("ADMIN_PHONES", crate::phone::Phone::parse(&phone, &otp.default_region)))
                .map(|phone| phone.as_str().to_owned())
                .collect(),
            second_factor_required: env.one_of(
                "ADMIN_SECOND_FACTOR",
                &[("required", true), ("optional", false)],
                mode.is_production(),
            ),
            adjustment_second_admin_from: env.number("ADJUSTMENT_SECOND_ADMIN_FROM", 1_000, 1..=1_000_000_000),
            demo_data: env.switch("DEMO_DATA", !mode.is_production()),
            calls: Calls::read(&mut env),
            payments: Payments::read(&mut env, mode),
            payouts: Payouts::read(&mut env, mode),
            server: Server::read(&mut env, mode),
            database: Database::read(&mut env, mode),
            redis: Redis::read(&mut env, mode),
            storage: Storage::read(&mut env, mode),
            tokens: Tokens::read(&mut env, mode),
            otp,
        };
        if mode.is_production() && config.demo_data {
            env.problem("DEMO_DATA: production never has demo people; leave it unset or `off`");
        }
        env.finish(config)
    }
}
