//! `cargo suites [NAME…]`: runs every suite, or the named ones.

use std::process::ExitCode;

fn main() -> ExitCode {
    tests::runner::run(&std::env::args().skip(1).collect::<Vec<_>>())
}
