//! The server's own statements as pgbench scripts.

use std::{fs, path::Path, process::Command};

/// The statement of the server that contains all of these.
pub(crate) fn statement(marks: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/.sqlx");
    let found: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let query: serde_json::Value = serde_json::from_str(&text).unwrap();
            query["query"].as_str().unwrap().to_owned()
        })
        .filter(|query| marks.iter().all(|mark| query.contains(mark)))
        .collect();
    assert_eq!(found.len(), 1, "{marks:?}: {found:?}");
    // Without comments, on one line.
    let lines = found[0].lines().map(|line| line.split("--").next().unwrap_or(line).trim());
    lines.collect::<Vec<_>>().join(" ")
}

/// With these in place of `$1`, `$2`, …
pub(crate) fn with(statement: &str, values: &[&str]) -> String {
    let mut text = statement.to_owned();
    for (i, value) in values.iter().enumerate().rev() {
        text = text.replace(&format!("${}", i + 1), value);
    }
    text
}

/// Runs it; transactions a second without the connections' making.
pub(crate) fn run(command: &mut Command) -> f64 {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find(|line| line.starts_with("tps = ")).unwrap_or_else(|| panic!("{text}"));
    line.split_whitespace().nth(2).unwrap().parse().unwrap()
}
