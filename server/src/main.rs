//! The `saathii` command.

mod banner;

use std::{io::Write, net::SocketAddr, process::ExitCode};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use saathii_server::{
    account::{self, DashboardRole, RightsChange},
    app,
    app::App,
    audit::Actor,
    auth,
    config::{Config, ConfigError},
    demo,
    infra::{
        clock::Clock,
        stores::{Purpose, Stores},
        telemetry,
    },
    phone::Phone,
    proof, second_factor,
    state::AppState,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Paid listening calls: the server and its tools. Configured by the environment; see the README.
#[derive(Parser)]
#[command(name = "saathii", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server (the default).
    Serve,
    /// Apply the migrations that are missing, and end.
    Migrate,
    /// Rights of accounts.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// The books.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Fill an empty database with demo people.
    Seed,
    /// Print the OpenAPI document.
    Openapi,
    /// Say whether the configuration is usable.
    CheckConfig,
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Give the role admin to the account with this phone.
    Grant {
        phone: String,
        /// Let it see the dashboard and change nothing, instead.
        #[arg(long)]
        viewer: bool,
    },
    /// Take the role admin from the account with this phone.
    Revoke { phone: String },
    /// Take the second factor from the account with this phone, whose owner has lost it.
    ResetSecondFactor { phone: String },
}

#[derive(Subcommand)]
enum LedgerCommand {
    /// Prove that no coin was lost or made; names what does not agree and ends with 1 otherwise.
    Verify,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not through the log, which may not run yet and is not for the person at the terminal.
            let _ = writeln!(std::io::stderr(), "saathii: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let command = cli.command.unwrap_or(Command::Serve);
    if let Command::Openapi = command {
        return say(&app::openapi().to_pretty_json()?);
    }
    let config = Config::from_env().map_err(|ConfigError(problems)| anyhow::anyhow!(ConfigError(problems)))?;
    if let Command::CheckConfig = command {
        return say("The configuration is usable.");
    }
    telemetry::init_logs(config.server.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve => serve(config).await,
            Command::Migrate => with_app(config, async |_| say("The database is up to date.")).await,
            Command::Seed => with_app(config, async |app| seed(app).await).await,
            Command::Admin(AdminCommand::Grant { phone, viewer }) => {
                let role = if viewer { DashboardRole::Viewer } else { DashboardRole::Admin };
                with_app(config, async |app| change_rights(app, &phone, role, true).await).await
            }
            Command::Admin(AdminCommand::Revoke { phone }) => {
                with_app(config, async |app| change_rights(app, &phone, DashboardRole::Admin, false).await).await
            }
            Command::Admin(AdminCommand::ResetSecondFactor { phone }) => {
                with_app(config, async |app| reset_second_factor(app, &phone).await).await
            }
            Command::Ledger(LedgerCommand::Verify) => with_app(config, async |app| verify_ledger(app).await).await,
            Command::Openapi | Command::CheckConfig => Ok(()),
        }
    })
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let address = SocketAddr::new(config.server.host, config.server.port);
    // Before anything is started: a second server on this port ends here and has touched nothing.
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let metrics = telemetry::init_metrics().context("metrics")?;
    // Boxed: starting the embedded stores is a large future.
    let stores = Box::pin(Stores::open(&config, Purpose::Serve)).await?;
    let served = serve_with(config, &stores, listener, metrics).await;
    stores.close().await;
    served
}

async fn serve_with(
    config: Config,
    stores: &Stores,
    listener: TcpListener,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
) -> anyhow::Result<()> {
    let secret = auth::signing_secret(&config)?;
    let wants_demo = config.demo_data && stores.embeds_database();
    let app = App::start(config, stores, &secret, Clock::system(), metrics).await?;
    let state = app.state.clone();
    let demo = if wants_demo { demo::start(&state).await? } else { None };
    let address = listener.local_addr()?;
    say(&banner::render(&state.config, address, stores, demo.as_ref()))?;
    tokio::spawn(async move {
        match stop_signal().await {
            Ok(name) => tracing::info!(signal = name, "going down"),
            Err(error) => tracing::error!(%error, "cannot hear signals: going down"),
        }
        App::go_down(&state).await;
    });
    app.serve(listener).await
}

async fn stop_signal() -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}

/// Runs a one-off command on the migrated stores, beside a running server on that server's own.
async fn with_app(config: Config, command: impl AsyncFnOnce(&AppState) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let metrics = telemetry::init_metrics().context("metrics")?;
    let stores = Box::pin(Stores::open(&config, Purpose::Command)).await?;
    let secret = auth::signing_secret(&config)?;
    let done = match App::connect_once(config, &stores, &secret, Clock::system(), metrics).await {
        Ok(app) => command(&app).await,
        Err(error) => Err(error),
    };
    stores.close().await;
    done
}

async fn seed(app: &AppState) -> anyhow::Result<()> {
    if app.config.mode.is_production() {
        bail!("production never has demo people");
    }
    match demo::seed(app).await? {
        0 => say("The database has people already; nothing was added."),
        count => say(&format!("{count} demo people were added.")),
    }
}

async fn verify_ledger(app: &AppState) -> anyhow::Result<()> {
    let found = proof::prove(&app.db).await?;
    for discrepancy in &found {
        say(&discrepancy.to_string())?;
    }
    match found.len() {
        0 => say("The books close: every posting has its other side, every balance and every call its postings."),
        count => bail!("the books do not close: {count} discrepancies"),
    }
}

async fn reset_second_factor(app: &AppState, phone: &str) -> anyhow::Result<()> {
    let phone = Phone::parse(phone, &app.config.otp.default_region)?;
    if !second_factor::reset_by_phone(app, Actor::CommandLine, &phone).await? {
        bail!("no account has this phone, or it has no second factor");
    }
    say("The second factor is gone: the phone alone signs in, until another is set up.")
}

async fn change_rights(app: &AppState, phone: &str, role: DashboardRole, grants: bool) -> anyhow::Result<()> {
    let phone = Phone::parse(phone, &app.config.otp.default_region)?;
    let change = RightsChange { role, grants };
    let is_done = account::change_rights_by_phone(app, Actor::CommandLine, &phone, change).await;
    match (is_done.context("nothing was changed")?, role, grants) {
        (true, DashboardRole::Viewer, _) => say("The account may see the dashboard and change nothing."),
        (true, DashboardRole::Admin, true) => say("The role admin is granted."),
        (true, DashboardRole::Admin, false) => say("The role admin is revoked."),
        (false, DashboardRole::Viewer, _) => bail!("no account has this phone, or it may see the dashboard already"),
        (false, DashboardRole::Admin, true) => bail!("no account has this phone, or it holds the role already"),
        (false, DashboardRole::Admin, false) => bail!("no account with this phone holds the role"),
    }
}
