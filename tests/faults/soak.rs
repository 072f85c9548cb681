//! A long-running program against a server that fails every twentieth request. `benches/soak.sh` starts it.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use llmobs::{Config, Report};
use llmobs_test_support::{FaultServer, Reply, Script};

use crate::HEAP;
use crate::program::{KEY, TIMEOUT, spans};

/// How many seconds to run.
const SECONDS: &str = "LLMOBS_SOAK_SECONDS";
/// The URL of the server, in the process of the client.
const SERVER: &str = "LLMOBS_SOAK_SERVER";
const SPANS_PER_SECOND: usize = 2000;
const BYTES: usize = 500;
/// How often figures are printed.
const FIGURES: Duration = Duration::from_secs(30);

/// Runs if the environment variable is set.
pub(crate) fn run() -> Option<ExitCode> {
    let seconds = Duration::from_secs(env::var(SECONDS).ok()?.parse().expect("a number of seconds"));
    Some(match env::var(SERVER) {
        Ok(url) => client(&url, seconds),
        Err(_) => server(),
    })
}

/// Starts the server, and the client in a separate process, so that its figures are those of llmobs only.
#[expect(clippy::print_stdout, reason = "the figures are printed for a person")]
fn server() -> ExitCode {
    let server = Script::new(|request| match request.number % 100 {
        3 => Reply::status(503),
        23 => Reply::with_header(429, "retry-after", "1"),
        43 => Reply::close(),
        63 => Reply::hang().kept(),
        _ => Reply::accepted(),
    })
    .at_head(|request| (request.number % 100 == 83).then(|| Reply::close().after_bytes(100)))
    .without_bodies()
    .start();
    let mut client = Command::new(env::current_exe().expect("a program"))
        .env(SERVER, server.url())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a client");
    let mut last = String::new();
    for line in BufReader::new(client.stdout.take().expect("its output")).lines() {
        last = line.expect("a line");
        println!("{last}");
    }
    let ended = client.wait().expect("its end");
    let is_exact = ended.success() && agrees(&last, &server);
    println!(
        "the server has {} of them and {} copies, from {} requests over {} connections: {}",
        server.events(),
        server.duplicates(),
        server.post_count(),
        server.connections(),
        if is_exact { "the account is exact" } else { "THE ACCOUNT IS WRONG" }
    );
    if is_exact { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether the server has all delivered events and no lost ones. The last line of the client is `made delivered unknown`.
fn agrees(line: &str, server: &FaultServer) -> bool {
    let numbers: Vec<usize> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
    let [_, delivered, unknown] = numbers[..] else { return false };
    (delivered..=delivered + unknown).contains(&server.events())
}

#[expect(clippy::print_stdout, reason = "the server's process reads the output")]
fn client(url: &str, time: Duration) -> ExitCode {
    let config =
        Config::new().agentless(true).api_key(KEY).override_origin(url).ml_app("soak").timeout(TIMEOUT);
    let _llmobs = config.init().expect("a client");
    let began = Instant::now();
    let (mut made, mut next_figures) = (0, Duration::ZERO);
    while began.elapsed() < time {
        let due = began.elapsed().as_millis() as usize * SPANS_PER_SECOND / 1000;
        spans(due - made, BYTES);
        made = due;
        if began.elapsed() >= next_figures {
            println!("{}", figures(began, &llmobs::stats()));
            next_figures += FIGURES;
        }
        sleep(Duration::from_millis(5));
    }
    let report = llmobs::flush(Duration::from_secs(60));
    println!("{}", figures(began, &report));
    let Report { started, open, queued, sending, delivered, unknown, .. } = report;
    println!("{made} {delivered} {unknown}");
    let sum = open + queued + sending + delivered + unknown + report.dropped_total();
    let is_exact = (started, started) == (sum, made as u64);
    if is_exact { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Memory, threads, descriptors and the report.
fn figures(began: Instant, report: &Report) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("-").trim().to_owned();
    let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    format!(
        "{:4} s: resident {}, heap {} KiB, at most {} KiB, {} threads, {descriptors} descriptors; {} started, {report}",
        began.elapsed().as_secs(),
        of("VmRSS:"),
        HEAP.in_use() / 1024,
        HEAP.take_peak() / 1024,
        of("Threads:"),
        report.started,
    )
}
