//! Measures the explorer with many traces: fills a store through the intake, fetches each page, and prints a table.
//!
//! ```text
//! benches/explorer [traces] [rounds] [store]
//! benches/explorer load [spans] [spans per request] [connections] [turns] [MiB to keep]
//! ```
//!
//! Creates the store if it does not exist, and measures an existing store without changes. All traffic uses the loopback address.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod explorer;
mod load;
mod pages;
mod random;
mod traces;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use std::{fs, thread};

use explorer::Explorer;
use load::Load;
use traces::{Traces, Wide};

/// The number of traces per request. SDKs send the spans of one second.
const TOGETHER: u64 = 100;
/// The number of concurrent requests.
const SENDERS: usize = 2;
/// A size limit that no store here reaches.
const KEEP_MIB: u64 = 16_384;
/// The number of spans in each of the two large traces.
const LARGE: u64 = 50_000;

type Failed = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().ok_or("the path of the program llmobs is missing")?;
    let mut arguments = arguments.peekable();
    if arguments.next_if(|word| word == "load").is_some() {
        let mut number = |default| arguments.next().map_or(Ok(default), |number| number.parse::<u64>());
        let load = Load {
            spans: number(100_000)?,
            together: usize::try_from(number(300)?)?,
            senders: usize::try_from(number(4)?)?,
            turns: number(load::TURNS)?,
        };
        let keep_mib = number(KEEP_MIB)?;
        let folder = Folder::new()?;
        let store = folder.0.join("traces.db");
        return load.measure(&Explorer::start(Path::new(&program), &store, keep_mib)?, &store);
    }
    let traces = arguments.next().map_or(Ok(100_000), |number| number.parse())?;
    let rounds = arguments.next().map_or(Ok(15), |number| number.parse())?;
    let kept = arguments.next().map(PathBuf::from);
    let folder = Folder::new()?;
    let store = kept.unwrap_or_else(|| folder.0.join("traces.db"));
    measure(Path::new(&program), &store, traces, rounds)
}

/// A folder that is deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failed> {
        let folder = std::env::temp_dir().join(format!("llmobs-measure-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn measure(program: &Path, store: &Path, traces: u64, rounds: usize) -> Result<(), Failed> {
    let filled = store.exists();
    let traces = Traces::new(traces);
    let explorer = Explorer::start(program, store, KEEP_MIB)?;
    if !filled {
        fill(&explorer, &traces, store)?;
        println!("Memory of the explorer afterwards: {}.\n", explorer.memory()?);
    }
    drop(explorer);
    // A new process has empty caches.
    let explorer = Explorer::start(program, store, KEEP_MIB)?;
    pages::measure(&explorer, &traces, rounds)?;
    println!("\nMemory of the explorer afterwards: {}.", explorer.memory()?);
    Ok(())
}

/// Sends all traces and evaluations, and prints the throughput.
fn fill(explorer: &Explorer, traces: &Traces, store: &Path) -> Result<(), Failed> {
    let (next, spans, bytes) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let failed: Mutex<Option<Failed>> = Mutex::new(None);
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(TOGETHER, Ordering::Relaxed);
                    if first >= traces.count() || failed.lock().is_ok_and(|failed| failed.is_some()) {
                        return;
                    }
                    let batch = traces.batch(first..(first + TOGETHER).min(traces.count()));
                    spans.fetch_add(batch.spans, Ordering::Relaxed);
                    bytes.fetch_add(batch.body.len() as u64, Ordering::Relaxed);
                    let sent = explorer.spans(&batch.body).and_then(|()| explorer.metrics(&batch.metrics));
                    if let (Err(error), Ok(mut failed)) = (sent, failed.lock()) {
                        *failed = Some(error);
                    }
                }
            });
        }
    });
    if let Some(error) = failed.into_inner().map_err(|_| "a sender failed")? {
        return Err(error);
    }
    let (spans, bytes) = (spans.into_inner(), bytes.into_inner());
    let seconds = start.elapsed().as_secs_f64();
    let (size, log) = sizes(store)?;
    let size = size + log;
    println!(
        "{} traces of {spans} spans, {} MiB of JSON, accepted in {seconds:.0} s: {:.0} spans/s, with {:.0} s of CPU. \
         The store has {} MiB: {} bytes/span.",
        traces.count(),
        bytes >> 20,
        rate(spans, seconds),
        explorer.work()?.as_secs_f64(),
        size >> 20,
        size / spans.max(1),
    );
    for wide in [Wide::Deep, Wide::Flat] {
        let start = Instant::now();
        for body in traces::large(wide, LARGE) {
            explorer.spans(&body)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{wide:?} trace of {LARGE} spans: accepted in {seconds:.1} s: {:.0} spans/s.",
            rate(LARGE, seconds)
        );
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^52 spans")]
fn rate(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

/// The size of the store, and of its write-ahead log.
fn sizes(store: &Path) -> Result<(u64, u64), Failed> {
    let mut log = store.as_os_str().to_owned();
    log.push("-wal");
    Ok((fs::metadata(store)?.len(), fs::metadata(log).map_or(0, |log| log.len())))
}
