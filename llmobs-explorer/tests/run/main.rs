//! `llmobs run`: a program runs as it would without `llmobs`, and its traces are printed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod command_line;
mod environment;
mod passing;
#[path = "../served/mod.rs"]
mod served;
mod signals;
mod traces;

use std::process::{Command, Output};

use served::LLMOBS;

/// `llmobs run` with options and a script.
fn run(options: &[&str], script: &str) -> Command {
    let mut command = Command::new(LLMOBS);
    command
        .arg("run")
        .args(["--port", "0", "--store", ":memory:"])
        .args(options)
        .args(["--", "sh", "-c", script]);
    for name in ["LLMOBS_STORE", "DD_LLMOBS_ML_APP", "DD_SERVICE", "RUST_LOG"] {
        command.env_remove(name);
    }
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The lines that `llmobs` printed, without those of the program.
fn printed(output: &Output) -> Vec<String> {
    let lines = text(&output.stderr);
    lines.lines().filter(|line| line.starts_with("llmobs: ")).map(str::to_owned).collect()
}
