//! The `saathii` command as a process: its start, its end, its tools.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]
#![cfg(feature = "embedded")]

mod crashes;

use std::{
    collections::HashMap,
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// 32 bytes in base64.
const PAYOUT_KEY: &str = "YS1rZXktb2YtdGhlLXRlc3RzLTMyLWJ5dGVzLWxvbmc=";

/// A folder of this test's, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn saathii(folder: &Folder, vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saathii"));
    let kept: HashMap<_, _> =
        std::env::vars().filter(|(name, _)| ["PATH", "HOME", "PG_BIN"].contains(&name.as_str())).collect();
    command.env_clear().envs(kept).env("DATA_DIR", &folder.0).env("RUST_LOG", "debug").env("LOG_FORMAT", "json");
    command.envs(vars.iter().copied());
    command
}

/// A running server, killed when the test ends before it.
struct Server {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Server {
    fn start(folder: &Folder, vars: &[(&str, &str)]) -> Self {
        // Free a moment ago; two tests never ask for the same.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = |name: &str| {
            Stdio::from(fs::OpenOptions::new().append(true).create(true).open(folder.0.join(name)).unwrap())
        };
        let child = saathii(folder, vars)
            .env("PORT", port.to_string())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .unwrap();
        let server = Self { child, port, folder: folder.0.clone() };
        let begun = Instant::now();
        while server.get("/readyz").is_none_or(|(status, _)| status != 200) {
            assert!(begun.elapsed() < Duration::from_mins(1), "not ready: {}", server.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn output(&self) -> String {
        fs::read_to_string(self.folder.join("out")).unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("err")).unwrap()
    }

    fn get(&self, path: &str) -> Option<(u16, String)> {
        self.send("GET", path, "", "")
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> Value {
        let (status, text) = self.send("POST", path, token, &body.to_string()).unwrap();
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// HTTP by hand: what this file needs of it is three lines.
    fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits for the end; its exit code.
    fn wait(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "still there: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The code that the console sender printed last.
    fn last_code(&self) -> String {
        let begun = Instant::now();
        loop {
            let output = self.output();
            if let Some(line) = output.lines().rfind(|line| line.starts_with("OTP for ")) {
                return line.rsplit(' ').next().unwrap().to_owned();
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "no code: {output}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn sign_in(&self, phone: &str) -> Value {
        self.post("/auth/request_otp", "", &serde_json::json!({"phone": phone}));
        self.post("/auth/verify", "", &serde_json::json!({"phone": phone, "otp": self.last_code()}))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.signal("-TERM");
            drop(self.child.wait());
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn one_command_starts_everything_says_so_once_and_ends_in_order() {
    let folder = Folder::new("whole");
    let mut server = Server::start(&folder, &[("SHUTDOWN_DELAY_SECONDS", "1")]);
    let output = server.output();
    let base = format!("http://localhost:{}", server.port);
    for line in [
        &base,
        &format!("{base}/docs"),
        &format!("{base}/admin"),
        &folder.0.display().to_string(),
        "PostgreSQL, Redis, S3",
    ] {
        assert!(output.contains(line), "{line} is not in {output}");
    }
    assert!(output.contains("40 people; log in with +919000000001"), "{output}");
    assert_eq!(server.get("/readyz").unwrap().1, r#"{"ready":true,"down":[],"draining":false}"#);

    // The demo person signs in with what the start said, and finds the feed alive.
    let signed_in = server.sign_in("+919000000001");
    let access = signed_in["access_token"].as_str().unwrap();
    let (status, feed) = server.send("GET", "/feed/stats", access, "").unwrap();
    let feed: Value = serde_json::from_str(&feed).unwrap();
    assert_eq!((status, &feed["total_listeners"]), (200, &serde_json::json!(24)));
    assert!(feed["online_listeners"].as_i64().unwrap() > 0, "{feed}");

    server.signal("-TERM");
    // Requests are still taken while the balancer learns.
    let begun = Instant::now();
    while server.get("/readyz").unwrap() != (503, r#"{"ready":false,"down":[],"draining":true}"#.to_owned()) {
        assert!(begun.elapsed() < Duration::from_secs(1), "readiness stays green");
    }
    assert_eq!(server.send("GET", "/users/me", access, "").unwrap().0, 200);
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    assert!(!folder.0.join("pg/postmaster.pid").exists(), "Postgres was left behind");
}

#[test]
fn the_demo_lives_at_any_price_and_with_minutes_of_any_length() {
    for (name, minute, packs) in [("short", "1", "100:70"), ("long", "3600", "150:300,500:100000")] {
        let folder = Folder::new(name);
        let prices = [("CALL_MINUTE_SECONDS", minute), ("CALL_VIDEO_COINS", "300"), ("RECHARGE_OPTIONS", packs)];
        let server = Server::start(&folder, &prices);
        assert!(server.output().contains("40 people"), "{}", server.output());
    }
}

#[test]
fn the_log_tells_no_phone_no_code_no_token_and_no_bank_account() {
    let folder = Folder::new("log");
    let server = Server::start(&folder, &[("DEMO_DATA", "off")]);
    let phone = "+919812345678";
    let proven = server.sign_in(phone);
    let code = server.last_code();
    let registration = proven["registration_token"].as_str().unwrap();
    let body = serde_json::json!({"registration_token": registration, "username": "secretive", "sex": "male"});
    let tokens = server.post("/auth/register", "", &body);
    let access = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    server.send("GET", &format!("/ws/feed?token={access}"), "", "").unwrap();
    server.post("/auth/refresh", "", &serde_json::json!({"refresh_token": refresh}));
    let bank = serde_json::json!({
        "method": "bank", "account_holder": "Secretive Person", "account_number": "918273645546", "ifsc": "HDFC0001234"
    });
    assert_eq!(server.send("PUT", "/wallet/bank-details", access, &bank.to_string()).unwrap().0, 200);
    server.post("/auth/logout", access, &Value::Null);
    let log = server.log();
    assert!(log.contains("\"path\":\"/auth/verify\""), "{log}");
    for secret in [
        "9812345678",
        "918273645546",
        "Secretive",
        &format!("\"{code}"),
        &format!(" {code}"),
        registration,
        access,
        refresh,
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_the_first_goes_on() {
    let folder = Folder::new("two");
    let first = Server::start(&folder, &[("DEMO_DATA", "off")]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let second = saathii(&folder, &[]).env("PORT", port.to_string()).output().unwrap();
    assert!(!second.status.success());
    assert!(text(&second).contains(&first.child.id().to_string()), "{}", text(&second));
    let port_taken = saathii(&Folder::new("port"), &[]).env("PORT", first.port.to_string()).output().unwrap();
    assert!(text(&port_taken).contains("cannot listen on"), "{}", text(&port_taken));
    assert_eq!(first.get("/readyz").unwrap().0, 200);
}

#[test]
fn after_kill_9_people_are_still_signed_in() {
    let folder = Folder::new("killed");
    let mut server = Server::start(&folder, &[]);
    let signed_in = server.sign_in("+919000000001");
    server.signal("-KILL");
    assert_eq!(server.wait(), None);
    let server = Server::start(&folder, &[]);
    let access = signed_in["access_token"].as_str().unwrap();
    assert_eq!(server.send("GET", "/users/me", access, "").unwrap().0, 200);
    let refresh = serde_json::json!({"refresh_token": signed_in["refresh_token"]});
    server.post("/auth/refresh", "", &refresh);
}

#[test]
fn admin_grant_and_revoke_work_beside_a_running_server() {
    let folder = Folder::new("grant");
    let server = Server::start(&folder, &[]);
    let access = server.sign_in("+919000000002")["access_token"].as_str().unwrap().to_owned();
    let grant = |phone: &str| saathii(&folder, &[]).args(["admin", "grant", phone]).output().unwrap();
    let granted = grant("+91 90000 00002");
    assert!(granted.status.success(), "{}", text(&granted));
    // The token from before the grant is dead at once: the command reached the server's own Redis.
    assert_eq!(server.send("GET", "/users/me", &access, "").unwrap().0, 401);
    assert!(!grant("+91 90000 00002").status.success());
    assert!(!grant("+919999999999").status.success());
    assert!(!grant("nonsense").status.success());
    let revoke = || saathii(&folder, &[]).args(["admin", "revoke", "+919000000002"]).output().unwrap();
    let revoked = revoke();
    assert!(revoked.status.success(), "{}", text(&revoked));
    assert!(!revoke().status.success());
}

#[test]
fn production_lists_everything_that_is_missing_or_weak() {
    let folder = Folder::new("production");
    let bare = saathii(&folder, &[("APP_ENV", "production")]).arg("check-config").output().unwrap();
    assert!(!bare.status.success());
    for name in [
        "DATABASE_URL",
        "REDIS_URL",
        "JWT_SECRET_KEY",
        "AWS_ACCESS_KEY_ID",
        "S3_BUCKET_NAME",
        "OTP_SENDER",
        "PAYMENT_PROVIDER",
        "PAYOUT_ENCRYPTION_KEY",
    ] {
        assert!(text(&bare).contains(name), "{name} is not in {}", text(&bare));
    }
    let full = [
        ("APP_ENV", "production"),
        ("DATABASE_URL", "postgresql://saathii@db.internal/saathii"),
        ("REDIS_URL", "redis://cache.internal:6379"),
        ("JWT_SECRET_KEY", "q7Jx2mVt9sKd4Wb8Zr1Ny6Hc3Lp5Gf0A"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("S3_BUCKET_NAME", "saathii-audio"),
        ("OTP_SENDER", "msg91"),
        ("MSG91_AUTH_KEY", "key"),
        ("MSG91_TEMPLATE_ID", "template"),
        ("PAYMENT_PROVIDER", "sandbox"),
        ("PAYOUT_ENCRYPTION_KEY", PAYOUT_KEY),
    ];
    let usable = saathii(&folder, &full).arg("check-config").output().unwrap();
    assert!(usable.status.success(), "{}", text(&usable));
    for (name, value, complaint) in [
        ("JWT_SECRET_KEY", "your-secret-key", "too weak"),
        ("OTP_SENDER", "console", "prints codes"),
        ("DEMO_DATA", "on", "never has demo people"),
        ("PORT", "eighty", "PORT"),
        ("JWT_ALGORITHM", "none", "JWT_ALGORITHM"),
        ("CALL_MINUTE_SECONDS", "0", "CALL_MINUTE_SECONDS"),
        ("ADMIN_PHONES", "12", "ADMIN_PHONES"),
        ("TRUSTED_PROXIES", "everybody", "TRUSTED_PROXIES"),
        ("PAYMENT_PROVIDER", "", "gives coins away"),
        ("PAYMENT_PROVIDER", "razorpay", "RAZORPAY_WEBHOOK_SECRET"),
        ("PAYOUT_ENCRYPTION_KEY", "short", "32 bytes in base64"),
        ("RECHARGE_OPTIONS", "150=300", "rupees:coins"),
    ] {
        let refused = saathii(&folder, &full).env(name, value).arg("check-config").output().unwrap();
        assert!(!refused.status.success() && text(&refused).contains(complaint), "{name}={value}: {}", text(&refused));
    }
}

/// Every variable that the configuration reads, as its source names them.
fn variables() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config");
    let mut names = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for quoted in source.split('"').skip(1).step_by(2) {
            let is_name =
                quoted.len() > 3 && quoted.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            if is_name && !quoted.starts_with("HS") {
                names.push(quoted.to_owned());
            }
        }
    }
    assert!(names.len() > 30, "{names:?}");
    names
}

#[test]
fn the_readme_tells_of_every_variable() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    for name in variables() {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_example_of_production_is_usable_once_it_is_filled_in() {
    let example = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/.env.example")).unwrap();
    let lines = example.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let vars: Vec<_> = lines.collect();
    let optional = ["ADMIN_PHONES", "TRUSTED_PROXIES", "CORS_ORIGINS"];
    let filled = vars.iter().map(|(name, value)| match *value {
        "" if optional.contains(name) => (*name, ""),
        "" if *name == "PAYOUT_ENCRYPTION_KEY" => (*name, PAYOUT_KEY),
        "" => (*name, "q7Jx2mVt9sKd4Wb8Zr1Ny6Hc3Lp5Gf0A"),
        value => (*name, value),
    });
    let folder = Folder::new("example");
    let output = saathii(&folder, &filled.collect::<Vec<_>>()).arg("check-config").output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let empty = saathii(&folder, &vars).arg("check-config").output().unwrap();
    assert!(text(&empty).contains("JWT_SECRET_KEY"), "{}", text(&empty));
}

#[test]
fn the_document_is_printed_without_any_store() {
    let output = saathii(&Folder::new("openapi"), &[]).arg("openapi").output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}
