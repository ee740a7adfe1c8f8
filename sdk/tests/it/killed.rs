//! A process that is killed while it renews its login.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use saathii_sdk::{Client, FileStore, SessionState, TokenStore};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::support::{Answer, Seen, Server, access, done, ok, refused, tokens};

const REFRESH: &str = "POST /auth/refresh";
const ADDRESS: &str = "SAATHII_TEST_ADDRESS";
const FILE: &str = "SAATHII_TEST_FILE";

/// Rotates as the server does: the token that was used last is answered with the same successor again, and one of
/// before that ends the login.
#[derive(Default)]
struct Rotation {
    /// The latest is `r-N`.
    issued: u32,
    is_ended: bool,
    /// The server does its part, and nobody hears of it.
    is_mute: bool,
}

impl Rotation {
    fn refresh(&mut self, seen: &Seen) -> Answer {
        let token = seen.body["refresh_token"].as_str().unwrap();
        let number: u32 = token.strip_prefix("r-").unwrap().parse().unwrap();
        if number == self.issued {
            self.issued += 1;
        }
        self.is_ended |= number + 1 != self.issued;
        match self {
            Self { is_ended: true, .. } => refused(401, "token_reused"),
            Self { is_mute: true, .. } => Answer::Silence,
            Self { issued, .. } => {
                let access_token = access(&issued.to_string(), 1800);
                ok(json!({"access_token": access_token, "refresh_token": format!("r-{issued}")}))
            }
        }
    }
}

/// What the child is: an app that renews its login again and again.
#[tokio::test]
#[ignore = "the child of the other test"]
async fn child() {
    #[expect(clippy::disallowed_methods, reason = "what the other test tells its child")]
    let (address, file) = (std::env::var(ADDRESS).unwrap(), std::env::var(FILE).unwrap());
    let client = Client::builder().base_url(address).token_store(FileStore::new(file)).build().unwrap();
    loop {
        client.auth().refresh().await.unwrap();
    }
}

fn start_child(server: &Server, file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--ignored"])
        .env(ADDRESS, &server.url)
        .env(FILE, file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn kill(mut child: Child) {
    spawn_blocking(move || {
        child.kill().unwrap();
        child.wait().unwrap()
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_process_killed_in_the_middle_of_a_refresh_is_signed_in_at_its_next_start() {
    let rotation = Arc::<Mutex<Rotation>>::default();
    let rotating = rotation.clone();
    let server = Server::start(move |seen| match seen.what.as_str() {
        REFRESH => rotating.lock().unwrap().refresh(seen),
        _ => done(),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("login.json");
    FileStore::new(&file).save(&tokens("a-0", 0)).unwrap();

    for round in 0..12 {
        // Killed before it hears the answer, or wherever it is after some of them: reading one, saving it, asking again.
        let (is_mute, refreshes) = if round % 3 == 0 { (true, 1) } else { (false, 1 + round) };
        rotation.lock().unwrap().is_mute = is_mute;
        let before = server.seen(REFRESH).len();
        let child = start_child(&server, &file);
        server.sees(REFRESH, before + refreshes).await;
        kill(child).await;

        rotation.lock().unwrap().is_mute = false;
        let client = server.client().token_store(FileStore::new(&file)).build().unwrap();
        client.auth().refresh().await.unwrap();
        client.presence().send_heartbeat().await.unwrap();
        assert_eq!(client.session().state(), SessionState::SignedIn);
        assert!(!rotation.lock().unwrap().is_ended, "no token is used twice");
    }
}
