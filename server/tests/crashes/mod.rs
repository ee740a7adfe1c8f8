//! The server killed while it meters, and Postgres under it: no minute is paid twice, and none is forgotten.

mod calls;

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use saathii_server::infra::embedded::{Durability, postgres::Postgres};

use self::calls::Calls;
use super::{Folder, Server, saathii, text};

/// A second is a minute: seconds are enough to bill thousands.
const QUICK: (&str, &str) = ("CALL_MINUTE_SECONDS", "1");
const NO_DEMO: (&str, &str) = ("DEMO_DATA", "off");

/// Moments that look random and are the same in every run.
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(150 + (self.0 >> 33) % 1200)
    }
}

/// What an operator asks after a crash.
fn assert_books_close(folder: &Folder, vars: &[(&str, &str)]) {
    let verified = saathii(folder, vars).args(["ledger", "verify"]).output().unwrap();
    assert!(verified.status.success(), "{}", text(&verified));
}

fn send(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// The process that runs the cluster in this folder.
fn postmaster(data: &Path) -> u32 {
    let file = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

/// The URL of the cluster that a running server keeps for its folder, learnt by joining it for a moment.
fn embedded_url(folder: &Folder) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let joined = Postgres::start(&folder.0, Durability::On).await.unwrap();
        let url = joined.url("saathii");
        joined.stop().await;
        url
    })
}

#[test]
fn a_meter_killed_again_and_again_bills_every_minute_once() {
    let folder = Folder::new("metering");
    let vars = [QUICK, NO_DEMO];
    let mut server = Server::start(&folder, &vars);
    let mut calls = Calls::begin(&embedded_url(&folder), 200);
    let mut moments = Moments(7);
    for _ in 0..4 {
        std::thread::sleep(moments.next());
        server.signal("-KILL");
        assert_eq!(server.wait(), None);
        // The killed server's Postgres is there or comes back; nobody meters meanwhile.
        assert_books_close(&folder, &vars);
        server = Server::start(&folder, &vars);
    }
    calls.url = embedded_url(&folder);
    calls.wait_until_billed();
    assert_books_close(&folder, &vars);
    calls.assert_paid();
}

#[test]
fn a_postgres_that_crashes_under_a_meter_loses_no_minute() {
    let folder = Folder::new("postgres");
    let cluster = folder.0.join("cluster");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut started = vec![runtime.block_on(Postgres::start(&cluster, Durability::On)).unwrap()];
    let url = started[0].url("saathii");
    let data = started[0].data_dir();
    let vars = [QUICK, NO_DEMO, ("DATABASE_URL", &url)];
    let server = Server::start(&folder, &vars);
    let calls = Calls::begin(&url, 200);
    let mut moments = Moments(11);
    for _ in 0..3 {
        std::thread::sleep(moments.next());
        let pid = postmaster(&data);
        // `pg_ctl stop -m immediate`: no checkpoint, no farewell.
        send("-QUIT", pid);
        let begun = Instant::now();
        while data.join("postmaster.pid").exists() {
            assert!(begun.elapsed() < Duration::from_secs(20), "Postgres does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(server.get("/livez").map(|(status, _)| status), Some(200));
        std::thread::sleep(moments.next() / 2);
        started.push(runtime.block_on(Postgres::start(&cluster, Durability::On)).unwrap());
        assert_books_close(&folder, &vars);
    }
    calls.wait_until_billed();
    assert_books_close(&folder, &vars);
    calls.assert_paid();
    drop(server);
    for cluster in started {
        runtime.block_on(cluster.stop());
    }
}
