//! Commands whose tests are counted while they print.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use anyhow::Context;

/// How many tests of a suite passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// What a closing line of libtest, of Node's TAP reporter or of the story adds.
    fn read(&mut self, line: &str) {
        let words: Vec<&str> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        match words[..] {
            ["test", "result:", _, passed, "passed", failed, "failed", ..] | [passed, "passed,", failed, "failed"] => {
                self.add(Self { passed: passed.parse().unwrap_or(0), failed: failed.parse().unwrap_or(0) });
            }
            ["#", "pass", passed] => self.passed += passed.parse().unwrap_or(0),
            ["#", "fail", failed] => self.failed += failed.parse().unwrap_or(0),
            _ => {}
        }
    }
}

/// Runs a command to its end, printing what it prints. A command that fails has at least one failure.
pub(super) fn run(command: &mut Command) -> anyhow::Result<Counts> {
    println!("$ {}", shown(command));
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {}", shown(command)))?;
    let output = child.stdout.take().context("no output")?;
    let mut counts = Counts::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        counts.read(&line);
        println!("{line}");
    }
    if !child.wait()?.success() && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(counts)
}

/// Runs a command that must succeed and counts for nothing.
pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<()> {
    println!("$ {}", shown(command));
    let status = command.status().with_context(|| format!("cannot run {}", shown(command)))?;
    anyhow::ensure!(status.success(), "failed: {}", shown(command));
    Ok(())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn closing_lines_are_understood() {
        let mut counts = Counts::default();
        counts.read(
            "test result: FAILED. 72 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 17.29s",
        );
        counts.read("19 passed, 0 failed");
        counts.read("# pass 4");
        counts.read("# fail 1");
        counts.read("test login::a_phone ... ok");
        assert_eq!(counts, Counts { passed: 95, failed: 4 });
    }
}
