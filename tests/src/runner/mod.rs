//! Runs every suite, installs or fetches what a suite needs and the machine lacks, and says so. Nothing is skipped:
//! a suite whose tools cannot be had has failed.
#![allow(clippy::print_stdout, reason = "it talks to the person, or the log, that runs it")]

pub(crate) mod bindings;
pub(crate) mod counted;
mod suites;
pub(crate) mod tools;

use std::{process::ExitCode, time::Instant};

use self::counted::Counts;
pub use self::tools::pgbench;

/// One kind of tests.
struct Suite {
    name: &'static str,
    about: &'static str,
    run: fn() -> anyhow::Result<Counts>,
}

/// What runs where nothing is named.
const SUITES: [Suite; 6] = [
    Suite { name: "rust", about: "every test that needs Rust alone", run: suites::rust },
    Suite { name: "redis", about: "the flows again, on a real redis-server", run: suites::real_redis },
    Suite { name: "storage", about: "verification again, on another S3 (moto)", run: suites::other_s3 },
    Suite {
        name: "pages",
        about: "the documents and the dashboard in a browser without a network",
        run: suites::pages,
    },
    Suite {
        name: "bindings",
        about: "generated sources compared, and the contract script in Python",
        run: bindings::suite,
    },
    Suite { name: "queries", about: "every SQL statement against the migrated schema", run: suites::queries },
];

/// What takes too long for every run: by name only.
const SLOW: [Suite; 1] =
    [Suite { name: "kotlin", about: "the contract script in Kotlin, compiled first", run: bindings::kotlin }];

/// Runs the named suites, or all; the last line counts the tests.
pub fn run(names: &[String]) -> ExitCode {
    if names == ["prepare"] {
        return report(suites::prepare_queries());
    }
    if names == ["generate"] {
        return report(bindings::generate());
    }
    let unknown = names.iter().find(|name| SUITES.iter().chain(&SLOW).all(|suite| suite.name != **name));
    if let Some(unknown) = unknown {
        println!("no suite `{unknown}`; there are:");
        for suite in &SUITES {
            println!("  {:<8} {}", suite.name, suite.about);
        }
        println!("slow ones, which run only where they are named:");
        for suite in &SLOW {
            println!("  {:<8} {}", suite.name, suite.about);
        }
        println!(
            "and `prepare`, which writes server/.sqlx anew, and `generate`, which does so with the sources of bindings"
        );
        return ExitCode::FAILURE;
    }
    let mut total = Counts::default();
    let is_named = |suite: &&Suite| names.iter().any(|name| name == suite.name);
    let chosen: Vec<&Suite> =
        if names.is_empty() { SUITES.iter().collect() } else { SUITES.iter().chain(&SLOW).filter(is_named).collect() };
    for suite in chosen {
        println!("\n== {}: {}", suite.name, suite.about);
        let begun = Instant::now();
        let counts = (suite.run)().unwrap_or_else(|error| {
            println!("{}: {error:#}", suite.name);
            Counts { passed: 0, failed: 1 }
        });
        println!("== {}: {} passed, {} failed in {:.0?}", suite.name, counts.passed, counts.failed, begun.elapsed());
        total.add(counts);
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 && total.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
