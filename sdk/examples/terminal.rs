//! Signs in and shows the live feed: `cargo run -p saathii-sdk --example terminal [address]`.
//!
//! The login is kept in `saathii-login.json` in the temporary folder. A server in development prints the code.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::{
    error::Error,
    io::{self, Write},
};

use saathii_sdk::types::users::Sex;
use saathii_sdk::{Client, Failed, FeedFilter, FeedState, FileStore, NewUser, OtpSent, Registration, Verified};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "http://localhost:8000".to_owned());
    let store = FileStore::new(std::env::temp_dir().join("saathii-login.json"));
    let client = Client::builder().base_url(address).token_store(store).build()?;
    if !client.is_signed_in().await? {
        sign_in(&client).await?;
    }
    println!("Hello, {}. Ctrl-C to leave.", client.users().me().await?.username);

    client.set_foreground(true);
    let mut feed = client.feed().live(FeedFilter::default(), 20);
    let watching = async {
        while let Some(state) = feed.changed().await {
            if state.is_loaded {
                show(&state);
            }
        }
        println!("The login is over.");
    };
    tokio::select! {
        () = watching => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}

async fn sign_in(client: &Client) -> Result<(), Box<dyn Error>> {
    let mut sent = client.auth().request_otp(ask("Phone")?).await?;
    loop {
        match sent.verify(&ask("Code")?).await {
            Ok(Verified::SignedIn) => return Ok(()),
            Ok(Verified::NeedsRegistration(registration)) => return register(registration).await,
            Err(failed) => sent = again::<OtpSent>(failed)?,
        }
    }
}

async fn register(mut registration: Registration) -> Result<(), Box<dyn Error>> {
    loop {
        let user = NewUser::new(ask("A name for you")?, Sex::Other);
        match registration.register(&user).await {
            Ok(()) => return Ok(()),
            Err(failed) => registration = again::<Registration>(failed)?,
        }
    }
}

fn again<S>(failed: Failed<S>) -> Result<S, saathii_sdk::Error> {
    println!("{failed}");
    failed.again.ok_or(failed.error)
}

fn ask(what: &str) -> io::Result<String> {
    print!("{what}: ");
    io::stdout().flush()?;
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim().to_owned())
}

fn show(state: &FeedState) {
    // Clears the screen and goes to its beginning.
    print!("\x1b[2J\x1b[H");
    let live = if state.is_live { "live" } else { "connecting …" };
    println!("{} of {} listeners are free — {live}", state.available_count, state.total_count);
    for listener in &state.listeners {
        let mark = match (listener.is_available, listener.is_online) {
            (true, _) => '●',
            (false, true) => '◐',
            (false, false) => '○',
        };
        println!("{mark} {:30} {:.1}", listener.username, listener.rating);
    }
}
