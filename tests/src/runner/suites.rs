//! The suites.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context;
use saathii_server::infra::embedded::{Durability, postgres::Postgres};

use super::{
    counted::{Counts, run, succeed},
    tools,
};

pub(super) fn rust() -> anyhow::Result<Counts> {
    let mut counts = run(tools::cargo().args(["test", "--quiet", "--no-fail-fast"]))?;
    // By itself, because the `uniffi` feature that it switches on in shared-types is nobody else's.
    counts.add(run(tools::cargo().args(["test", "--quiet", "--package", "saathii-sdk-ffi"]))?);
    Ok(counts)
}

pub(super) fn real_redis() -> anyhow::Result<Counts> {
    let server = RedisServer::start()?;
    run(tools::cargo()
        .args(["test", "--quiet", "--package", "tests", "--test", "flows"])
        .env("TEST_REDIS_URL", server.url()))
}

pub(super) fn other_s3() -> anyhow::Result<Counts> {
    let moto = Moto::start()?;
    run(tools::cargo()
        .args(["test", "--quiet", "--package", "tests", "--test", "flows", "verification"])
        .env("TEST_S3_ENDPOINT", moto.url()))
}

pub(super) fn pages() -> anyhow::Result<Counts> {
    let chromium = tools::debian("chromium", "chromium")?;
    let node = tools::debian("node", "nodejs")?;
    let folder = tools::root().join("tests/browser");
    tools::npm(&folder)?;
    succeed(tools::cargo().args(["build", "--quiet", "--package", "saathii-server"]))?;
    let target = tools::target()?;
    run(Command::new(node)
        .args(["--test", "--test-reporter=tap"])
        .current_dir(&folder)
        .env("CHROMIUM", chromium)
        .env("SAATHII", target.join("debug/saathii"))
        .env("SCREENSHOTS", target.join("screenshots")))
}

pub(super) fn queries() -> anyhow::Result<Counts> {
    prepare(&["--check"])?;
    Ok(Counts { passed: 1, failed: 0 })
}

pub(super) fn prepare_queries() -> anyhow::Result<()> {
    prepare(&[])
}

/// `cargo sqlx prepare` on a database of our own, with the migrations as they lie in the folder: this program may be
/// older than they are.
fn prepare(words: &[&str]) -> anyhow::Result<()> {
    let options = ["--no-default-features", "--features", "postgres,rustls"];
    let cargo_sqlx = tools::cargo_tool("cargo-sqlx", "sqlx-cli@0.9.0", &options)?;
    let folder = tools::target()?.join("test-stores").join(format!("queries-{}", std::process::id()));
    let runtime = tokio::runtime::Runtime::new()?;
    let cluster = runtime.block_on(Postgres::start(&folder, Durability::Off)).context("Postgres did not start")?;
    let url = cluster.url("saathii");
    let mut migrate = Command::new(cargo_sqlx.with_file_name("sqlx"));
    migrate.args(["migrate", "run", "--source"]).arg(tools::root().join("migrations")).env("DATABASE_URL", &url);
    let mut prepare = tools::cargo();
    prepare.args(["sqlx", "prepare"]).args(words).current_dir(tools::root().join("server"));
    prepare.env("PATH", tools::path_with(&cargo_sqlx)?);
    let prepared =
        succeed(&mut migrate).and_then(|()| succeed(prepare.env("DATABASE_URL", &url).env_remove("SQLX_OFFLINE")));
    runtime.block_on(cluster.stop());
    std::fs::remove_dir_all(folder)?;
    prepared
}

/// An S3 of other hands, in Python; it keeps objects in memory and checks no signature, and ends with this.
struct Moto {
    child: Child,
    port: u16,
}

impl Moto {
    fn start() -> anyhow::Result<Self> {
        let program = tools::python_tool("moto_server", "moto[server,s3]==5.2.5")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self { child, port };
        wait_for_port(port, "moto_server")?;
        Ok(server)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn wait_for_port(port: u16, name: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        anyhow::ensure!(begun.elapsed() < Duration::from_secs(20), "{name} does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A redis-server that keeps nothing and ends with this.
struct RedisServer {
    child: Child,
    port: u16,
}

impl RedisServer {
    fn start() -> anyhow::Result<Self> {
        let program = tools::debian("redis-server", "redis-server")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self { child, port };
        wait_for_port(port, "redis-server")?;
        Ok(server)
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
