//! Delivery when a backend, a network or a program fails: the rows of the fault matrix, each a separate process against a server that
//! fails on purpose.
//!
//! `cargo test --test faults` prints the matrix at its end: row, case, outcome, and the figures of client and server.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod answers;
mod life;
mod network;
mod outcome;
mod program;
mod soak;
#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;
mod volume;

use std::collections::BTreeMap;
use std::env;
use std::process::{Command, ExitCode, Output};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use llmobs_test_support::CountingAllocator;

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::new();

/// The case that this process runs, instead of all cases.
const CHILD: &str = "LLMOBS_FAULT_CASE";
/// The first word of a program that cannot run on this machine.
const SKIPPED: &str = "skipped";
/// How many cases run at a time. They mostly wait.
const AT_A_TIME: usize = 8;
/// A timeout that no case reaches.
const CASE_TIMEOUT: Duration = Duration::from_secs(70);

/// One program.
struct Case {
    /// The row of the matrix.
    row: &'static str,
    title: &'static str,
    run: fn(),
    /// A script of a shell that starts the program as `"$0"`. If it is empty, no shell is used.
    shell: &'static str,
}

impl Case {
    const fn new(row: &'static str, title: &'static str, run: fn()) -> Self {
        Self { row, title, run, shell: "" }
    }

    const fn in_shell(self, shell: &'static str) -> Self {
        Self { shell, ..self }
    }

    /// The position of its row in the matrix.
    fn position(&self) -> (&'static str, u32) {
        let (part, number) = self.row.split_at(1);
        (part, number.parse().expect("a number"))
    }

    fn name(&self) -> String {
        format!("{} {}", self.row, self.title)
    }
}

/// The longest cases come first.
fn cases() -> impl Iterator<Item = &'static Case> {
    let mut parts = vec![volume::CASES, network::CASES, answers::CASES, life::CASES];
    #[cfg(feature = "tls")]
    parts.push(tls::CASES);
    #[cfg(unix)]
    parts.push(unix::CASES);
    parts.into_iter().flatten()
}

#[expect(clippy::print_stdout, reason = "the matrix is printed for a person")]
fn main() -> ExitCode {
    if let Some(conclusion) = soak::run() {
        return conclusion;
    }
    if let Ok(name) = env::var(CHILD) {
        let case = cases().find(|case| case.name() == name).expect("a case with this name");
        program::prepare(CASE_TIMEOUT);
        (case.run)();
        return ExitCode::SUCCESS;
    }
    let outcomes: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let trials = cases().map(|case| {
        let outcomes = Arc::clone(&outcomes);
        Trial::test(case.name(), move || {
            let output = run(case)?;
            let figures = String::from_utf8_lossy(&output.stdout);
            // A program that repeats an action prints its result each time.
            let figures =
                figures.lines().skip(figures.lines().count().saturating_sub(2)).collect::<Vec<_>>().join(" ");
            let outcome = match output.status.success() {
                true if figures.starts_with(SKIPPED) => "-",
                true => "ok",
                false => "FAILS",
            };
            let line = format!("{:5} {:48} {outcome:5} {}", case.row, case.title, figures);
            outcomes.lock().unwrap().insert(case.name(), line);
            if output.status.success() {
                return Ok(());
            }
            Err(Failed::from(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr))))
        })
    });
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let outcomes = outcomes.lock().unwrap();
    let mut cases: Vec<&Case> = cases().collect();
    cases.sort_by_key(|case| case.position());
    for case in cases {
        outcomes.get(&case.name()).into_iter().for_each(|line| println!("{line}"));
    }
    conclusion.exit_code()
}

/// Runs a case in a process with only the environment variables that programs need to start.
fn run(case: &Case) -> Result<Output, Failed> {
    let program = env::current_exe()?;
    let mut command = if case.shell.is_empty() { Command::new(&program) } else { Command::new("sh") };
    if !case.shell.is_empty() {
        command.arg("-c").arg(case.shell).arg(&program);
    }
    let variables = ["PATH", "LD_LIBRARY_PATH", "SystemRoot", "TMPDIR"];
    let variables = variables.iter().filter_map(|name| env::var_os(name).map(|value| (name, value)));
    Ok(command.env_clear().envs(variables).env(CHILD, case.name()).output()?)
}

/// Starts a thread with a fixed stack size, regardless of `RUST_MIN_STACK`.
fn spawn(run: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().stack_size(1024 * 1024).spawn(run).expect("a thread")
}
