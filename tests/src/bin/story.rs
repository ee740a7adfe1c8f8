//! `story HOST`: the contract script of one host against a real server of this process.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    tests::story::run(&std::env::args().skip(1).collect::<Vec<_>>()).await
}
