//! The contract script: one story that every binding of the SDK plays against a real server.
//!
//! The host is a child process. It asks for what an app cannot do by itself (the code of an SMS, coins, a server that
//! goes down) by a line `@{"ask":"…", …}` on its stdout, and reads one line of JSON for it: `{"ok":…}` or
//! `{"error":"…"}`. Its last ask is `{"ask":"done","passed":["…", …]}`; then it ends with 0.
#![allow(clippy::print_stdout, reason = "it talks to the person, or the log, that runs it")]

mod ask;
mod conversation;
mod host;
mod proxy;
mod world;

use std::process::ExitCode;

use self::world::World;

/// Plays the story of the named host; the last line counts its steps.
pub async fn run(words: &[String]) -> ExitCode {
    let [name] = words else {
        println!("whose story? There are: {}", host::NAMES.join(", "));
        return ExitCode::FAILURE;
    };
    let (passed, failed) = match play(name).await {
        Ok(passed) => {
            for step in &passed {
                println!("ok {step}");
            }
            (passed.len(), 0)
        }
        Err(error) => {
            println!("{name}: {error:#}");
            (0, 1)
        }
    };
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The steps that passed; all of them, or it is an error.
async fn play(name: &str) -> anyhow::Result<Vec<String>> {
    let command = host::command(name)?;
    let mut world = World::create().await?;
    conversation::hold(command, &mut world).await
}
