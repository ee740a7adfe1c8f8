//! What billing costs, beside what Postgres can do: `cargo bench -p tests --bench billing [-- quick]`.
//!
//! Both sides run in turns on one durable database (fsync on) of this machine, and pgbench runs the server's own
//! statements as they lie in `server/.sqlx`, so that the ratio is what our code costs and nothing else. Absolute numbers
//! are this machine's.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement stops where it fails, and prints")]

mod crowd;
mod lateness;
mod meter;
mod pairs;
mod pgbench;
mod place;

use self::place::Place;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// Live calls whose minutes are billed in every round.
    calls: i64,
    rounds: u32,
    /// Calls started and ended in every round.
    pairs: usize,
    live: [i64; 2],
}

const FULL: Size = Size { calls: 50_000, rounds: 3, pairs: 6_000, live: [10_000, 100_000] };
const QUICK: Size = Size { calls: 5_000, rounds: 1, pairs: 500, live: [1_000, 5_000] };

fn main() {
    let size = if std::env::args().any(|word| word == "quick") { QUICK } else { FULL };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let place = Place::start().await;
        println!("{} on {} cores\n", place.postgres.note(), std::thread::available_parallelism().unwrap());
        println!("{:<44}{:>12}{:>12}{:>8}", "", "saathii", "pgbench", "ratio");
        meter::measure(&place, size).await;
        pairs::measure(&place, size).await;
        println!("\n{:<44}{:>12}{:>12}{:>12}{:>8}", "lateness of a minute's payment", "p50", "p99", "worst", "bills/s");
        for live in size.live {
            lateness::measure(&place, live).await;
        }
        place.stop().await;
    });
}

/// A line of the table.
fn print(what: &str, ours: f64, theirs: f64) {
    println!("{what:<44}{ours:>12.0}{theirs:>12.0}{:>7.0}%", 100.0 * ours / theirs);
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
