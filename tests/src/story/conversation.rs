//! The lines between the harness and its host.

use std::{process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use serde_json::json;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    process::Command,
    time::timeout,
};

use super::world::World;

/// Longer than any step takes: a host that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs the host to its end; the steps that it says have passed.
pub(super) async fn hold(mut command: Command, world: &mut World) -> anyhow::Result<Vec<String>> {
    let shown = format!("{:?}", command.as_std());
    println!("$ {shown}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {shown}"))?;
    let output = BufReader::new(child.stdout.take().context("no output")?);
    let answers = child.stdin.take().context("no input")?;
    listen(output, answers, world).await?;
    let status = timeout(PATIENCE, child.wait()).await.context("the host does not end")??;
    ensure!(status.success(), "the host ended with {status}");
    world.passed().map(<[String]>::to_vec).context("the host ended without having said so")
}

/// Answers until the host has no more to say.
async fn listen(
    mut output: impl AsyncBufRead + Unpin,
    mut answers: impl AsyncWrite + Unpin,
    world: &mut World,
) -> anyhow::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = timeout(PATIENCE, output.read_until(b'\n', &mut line)).await.context("the host is silent")??;
        if length == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        let Some(ask) = text.strip_prefix('@') else {
            println!("{}", text.trim_end());
            continue;
        };
        ensure!(world.passed().is_none(), "the host goes on after its end: {}", ask.trim_end());
        let answer = match serde_json::from_str(ask) {
            Ok(ask) => world.answer(ask).await,
            Err(error) => json!({"error": error.to_string()}),
        };
        let sent = answers.write_all(format!("{answer}\n").as_bytes()).await;
        // Who is done need not listen any more.
        if world.passed().is_none() {
            sent.context("the host does not listen")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The answers to these lines.
    async fn say(world: &mut World, lines: &[&str]) -> Vec<Value> {
        let mut answers = Vec::new();
        listen(lines.join("\n").as_bytes(), &mut answers, world).await.expect("the world answers");
        let answers = String::from_utf8(answers).expect("answers are text");
        answers.lines().map(|line| serde_json::from_str(line).expect("answers are JSON")).collect()
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn what_cannot_be_granted_is_told_and_nothing_ends() {
        let mut world = World::create().await.expect("a world");
        let answers = say(
            &mut world,
            &[
                "a line of the log",
                "@no JSON",
                r#"@{"ask":"fly"}"#,
                r#"@{"ask":"phone","colour":"red"}"#,
                r#"@{"ask":"code"}"#,
                r#"@{"ask":"code","phone":"+910"}"#,
                r#"@{"ask":"set_status","user_id":9,"is_online":true,"is_busy":false}"#,
                r#"@{"ask":"other","username":"jane","role":"listener"}"#,
                r#"@{"ask":"other","username":"jane","role":"listener"}"#,
                r#"@{"ask":"start_server"}"#,
                r#"@{"ask":"stop_server"}"#,
                r#"@{"ask":"phone"}"#,
                r#"@{"ask":"stop_server"}"#,
                r#"@{"ask":"done","passed":[]}"#,
                r#"@{"ask":"start_server"}"#,
                r#"@{"ask":"done","passed":["one"]}"#,
                "a last line of the log",
            ],
        )
        .await;
        let is_granted = |answer: &&Value| answer.get("ok").is_some();
        let granted: Vec<usize> =
            (1..).zip(&answers).filter(|(_, answer)| is_granted(answer)).map(|(at, _)| at).collect();
        assert_eq!((answers.len(), granted), (15, vec![7, 10, 14, 15]), "{answers:?}");
        assert!(answers.iter().all(|answer| answer.get("ok").is_some() != answer["error"].is_string()), "{answers:?}");
        assert!(answers[1]["error"].as_str().is_some_and(|error| error.contains("fly")), "{answers:?}");
    }

    #[tokio::test]
    async fn people_talk_and_their_minutes_are_paid() {
        let mut world = World::create().await.expect("a world");
        let answers = say(
            &mut world,
            &[
                r#"@{"ask":"other","username":"jane","role":"listener"}"#,
                r#"@{"ask":"other","username":"john","role":"user"}"#,
                r#"@{"ask":"fund","user_id":2,"coins":45}"#,
                r#"@{"ask":"set_status","user_id":1,"is_online":true,"is_busy":false}"#,
                r#"@{"ask":"call","from":2,"to":1}"#,
                r#"@{"ask":"talk","seconds":61}"#,
                r#"@{"ask":"balance","user_id":2}"#,
                r#"@{"ask":"talk","seconds":180}"#,
                r#"@{"ask":"balance","user_id":2}"#,
                r#"@{"ask":"calls_of","user_id":1}"#,
                r#"@{"ask":"call","from":2,"to":1}"#,
            ],
        )
        .await;
        assert_eq!(answers[..2], [json!({"ok": {"user_id": 1}}), json!({"ok": {"user_id": 2}})]);
        assert_eq!([&answers[6], &answers[8], &answers[9]], [&json!({"ok": 25}), &json!({"ok": 5}), &json!({"ok": 1})]);
        assert!(answers[10]["error"].as_str().is_some_and(|error| error.contains("insufficient_coins")), "{answers:?}");
    }

    #[tokio::test]
    async fn only_a_host_that_says_so_and_ends_well_has_passed() {
        let done = r#"echo '@{"ask":"phone"}'; read -r answer; echo "$answer"; echo '@{"ask":"done","passed":["a"]}'"#;
        let mut world = World::create().await.expect("a world");
        assert_eq!(hold(shell(done), &mut world).await.expect("a story"), ["a"]);
        for bad in [format!("{done}; exit 3"), format!("{done}; {done}"), "echo a story".into(), "exit 1".into()] {
            let mut world = World::create().await.expect("a world");
            assert!(hold(shell(&bad), &mut world).await.is_err(), "{bad}");
        }
    }
}
