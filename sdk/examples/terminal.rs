//! Signs in, shows the live feed, calls a listener and buys coins when they run low:
//! `cargo run -p saathii-sdk --example terminal [address]`.
//!
//! The login is kept in `saathii-login.json` in the temporary folder. A server in development prints the code, and its
//! demo the phones that one may sign in with.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::{
    error::Error,
    io::{self, Write},
    thread,
};

use saathii_sdk::{
    CallSession, CallState, Client, Failed, FeedFilter, FeedState, FileStore, NewUser, OtpSent, Registration, Verified,
    types::{
        Coins,
        calls::{CallRates, CallType},
        feed::FeedListener,
        payments::Recharge,
        users::Sex,
    },
};
use tokio::{select, sync::mpsc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "http://localhost:8000".to_owned());
    let store = FileStore::new(std::env::temp_dir().join("saathii-login.json"));
    let client = Client::builder().base_url(address).token_store(store).build()?;
    let mut keyboard = Keyboard::listen();
    if !client.is_signed_in().await? {
        sign_in(&client, &mut keyboard).await?;
    }
    client.set_foreground(true);
    let rates = client.calls().rates().await?;
    // The app may have been closed in a call.
    if let Some(call) = client.calls().resume().await? {
        talk(call, &rates, &mut keyboard).await?;
    }
    loop {
        let greeting = greet(&client, &rates).await?;
        let Some(listener) = choose(&client, &greeting, &mut keyboard).await else { return Ok(()) };
        match client.calls().start(listener.user_id, CallType::Audio).await {
            Ok(call) => {
                println!("You talk to {}.", listener.username);
                talk(call, &rates, &mut keyboard).await?;
            }
            Err(error) => {
                println!("{error}");
                if error.missing_coins().is_some()
                    && let Some((rupees, coins)) = cheapest(&rates)
                    && keyboard.ask(&format!("Buy {coins} coins for ₹{rupees}? y")).await? == "y"
                {
                    tell_recharge(client.recharges().buy(rupees, Some("terminal")).await);
                }
            }
        }
        keyboard.ask("Enter to go on").await?;
    }
}

fn cheapest(rates: &CallRates) -> Option<(i64, Coins)> {
    rates.recharge_options.iter().map(|(rupees, coins)| (*rupees, *coins)).min()
}

fn tell_recharge(recharge: Result<Recharge, saathii_sdk::Error>) {
    match recharge {
        Ok(Recharge { order: Some(order), .. }) => {
            println!("To be paid: order {} at {}, whose checkout a terminal has not.", order.order_id, order.provider);
        }
        Ok(recharge) => println!("{}, {} in all.", recharge.message, recharge.new_balance),
        Err(error) => println!("Nothing was bought: {error}"),
    }
}

async fn greet(client: &Client, rates: &CallRates) -> Result<String, saathii_sdk::Error> {
    let (me, coins) = (client.users().me().await?, client.wallet().coins().await?);
    let minute = rates.call_rates.get(&CallType::Audio).map(|rate| rate.rate_per_minute).unwrap_or_default();
    Ok(format!("Hello, {}. You have {} coins, and a minute costs {minute}.", me.username, coins.current_balance))
}

/// Shows who is there until somebody is chosen; `None` to leave.
async fn choose(client: &Client, greeting: &str, keyboard: &mut Keyboard) -> Option<FeedListener> {
    let mut feed = client.feed().live(FeedFilter::default(), 20);
    loop {
        select! {
            state = feed.changed() => show(greeting, &*state?),
            line = keyboard.lines.recv() => {
                let number = line?.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                if let Some(listener) = number.and_then(|number| feed.current().listeners.get(number).cloned()) {
                    return Some(listener);
                }
            }
        }
    }
}

fn show(greeting: &str, state: &FeedState) {
    if !state.is_loaded {
        return;
    }
    // Clears the screen and goes to its beginning.
    print!("\x1b[2J\x1b[H");
    let live = if state.is_live { "live" } else { "connecting …" };
    println!("{greeting}\n{} of {} listeners are free — {live}", state.available_count, state.total_count);
    for (number, listener) in state.listeners.iter().enumerate() {
        let mark = match (listener.is_available, listener.is_online) {
            (true, _) => '●',
            (false, true) => '◐',
            (false, false) => '○',
        };
        println!("{:3} {mark} {:30} {:.1}", number + 1, listener.username, listener.rating);
    }
    println!("A number calls, Ctrl-C leaves.");
}

/// Shows the call until somebody ends it.
async fn talk(mut call: CallSession, rates: &CallRates, keyboard: &mut Keyboard) -> Result<(), saathii_sdk::Error> {
    println!("Enter hangs up, r and Enter buys coins.");
    tell(call.current());
    loop {
        select! {
            state = call.changed() => match state {
                Some(state) => tell(state),
                None => return Ok(()),
            },
            Some(line) = keyboard.lines.recv() => match (line.trim(), cheapest(rates)) {
                ("r", Some((rupees, _))) => tell_recharge(call.recharge(rupees, Some("terminal")).await),
                _ => if let Err(error) = call.end().await {
                    println!("The call goes on: {error}");
                },
            }
        }
    }
}

fn tell(state: CallState) {
    match state {
        CallState::Ongoing { minutes, coins_spent, remaining_coins, low_balance, .. } => {
            let left = remaining_coins.map(|coins| format!(", {coins} left")).unwrap_or_default();
            let warning = if low_balance { " — r buys more" } else { "" };
            println!("Minute {minutes}: {coins_spent} coins{left}{warning}");
        }
        CallState::Ended { cause, duration_seconds, coins_spent, .. } => {
            println!("Over after {duration_seconds} seconds and {coins_spent} coins ({cause}).");
        }
    }
}

async fn sign_in(client: &Client, keyboard: &mut Keyboard) -> Result<(), Box<dyn Error>> {
    let mut sent = client.auth().request_otp(keyboard.ask("Phone").await?).await?;
    loop {
        match sent.verify(&keyboard.ask("Code").await?).await {
            Ok(Verified::SignedIn) => return Ok(()),
            Ok(Verified::NeedsRegistration(registration)) => return register(registration, keyboard).await,
            Err(failed) => sent = again::<OtpSent>(failed)?,
        }
    }
}

async fn register(mut registration: Registration, keyboard: &mut Keyboard) -> Result<(), Box<dyn Error>> {
    loop {
        let user = NewUser::new(keyboard.ask("A name for you").await?, Sex::Other);
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

/// Lines that are typed, whatever else happens meanwhile.
struct Keyboard {
    lines: mpsc::UnboundedReceiver<String>,
}

impl Keyboard {
    fn listen() -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        thread::spawn(move || io::stdin().lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { lines }
    }

    async fn ask(&mut self, what: &str) -> io::Result<String> {
        print!("{what}: ");
        io::stdout().flush()?;
        let line = self.lines.recv().await.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(line.trim().to_owned())
    }
}
