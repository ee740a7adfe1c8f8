//! `cargo run -p tests --bin simulate -- [--seeds N] [--first SEED] [--steps N] [--verbose]`: the billing engine under
//! any number of seeds. A seed that fails is printed and played again, which must fail in the same way.
#![allow(clippy::print_stdout, reason = "it talks to the person who runs it")]

use std::{process::ExitCode, time::Instant};

use tests::simulation;

struct Wish {
    seeds: u64,
    first: u64,
    steps: usize,
    verbose: bool,
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Wish, String> {
    let mut wish = Wish { seeds: 100, first: 1, steps: simulation::STEPS, verbose: false };
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse::<u32>().ok()).ok_or(format!("{word}: how many?"));
        match word.as_str() {
            "--seeds" => wish.seeds = number()?.into(),
            "--first" => wish.first = number()?.into(),
            "--steps" => wish.steps = number()? as usize,
            "--verbose" => wish.verbose = true,
            _ => return Err(format!("{word}? There are --seeds, --first, --steps and --verbose.")),
        }
    }
    Ok(wish)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let wish = match read(std::env::args().skip(1)) {
        Ok(wish) => wish,
        Err(problem) => {
            println!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let began = Instant::now();
    let (mut steps, mut failed) = (0, Vec::new());
    for seed in wish.first..wish.first + wish.seeds {
        match simulation::play(seed, wish.steps).await {
            Ok(trace) => {
                steps += trace.len();
                let played = seed - wish.first + 1;
                if played % 100 == 0 {
                    println!("{played} seeds played in {:.0} s", began.elapsed().as_secs_f64());
                }
                if wish.verbose {
                    println!("seed {seed}:\n  {}", trace.join("\n  "));
                }
            }
            Err(failure) => {
                println!("{failure}");
                let again = simulation::play(seed, wish.steps).await;
                let is_same = again.is_err_and(|again| again.to_string() == failure.to_string());
                println!("played again: {}\n", if is_same { "the same, to the letter" } else { "NOT the same" });
                failed.push(seed);
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{} seeds from {}, {steps} lines of trace in {seconds:.0} s ({:.1} seeds/s): {} failed {failed:?}",
        wish.seeds,
        wish.first,
        f64::from(u32::try_from(wish.seeds).unwrap_or(u32::MAX)) / seconds,
        failed.len()
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
