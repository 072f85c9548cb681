//! Processors, threads, loggers and standard error that fail, and shutdowns at any time.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use llmobs::testing::Collector;
use llmobs::transport::{Transport, TransportError};
use llmobs::{Config, Span};
use llmobs_test_support::{FaultServer, Reply, Script};

use crate::Case;
use crate::outcome::Outcome;
use crate::program::{DELAY, FLUSH_TIMEOUT, RECORDER, SHUTDOWN, intake, spans, timed};

pub(crate) const CASES: &[Case] = &[
    Case::new("C11", "a processor that panics", processor_panics),
    Case::new("C11", "a processor that hangs", processor_hangs),
    Case::new("C11", "a processor that flushes", processor_flushes),
    Case::new("D8", "the guard dropped while spans run", shutdown_while_spans_run),
    Case::new("D8", "spans that end after the guard", late_finishes),
    Case::new("D8", "the guard dropped while another client records", another_client),
    Case::new("D10", "flushes in runtimes and in a drop", flushes),
    Case::new("D14", "spans in the destructors of a thread", thread_locals),
    Case::new("D17", "a transport that panics four times", transport_panics),
    Case::new("D18", "no thread can be started", no_threads)
        .in_shell("RUST_MIN_STACK=35184372088832 exec \"$0\""),
    Case::new("D24", "standard error is closed", stderr_fails).in_shell("exec \"$0\" 2>&-"),
    Case::new("D24", "standard error is full", stderr_fails).in_shell("exec \"$0\" 2>/dev/full"),
    Case::new("D24", "a logger that panics", logger_panics),
    Case::new("D24", "a logger that blocks, while the queue is full", logger_blocks),
    Case::new("D24", "a logger that blocks, while spans are sent", logger_blocks_and_spans_are_sent),
];

fn processor_panics() {
    let server = Script::accepting().start();
    let config = intake(&server).processor(|span| {
        assert!(!span.name.contains("bad"), "in the processor");
        Some(span)
    });
    let _llmobs = config.init().unwrap();
    spans(5, 100);
    for _ in 0..5 {
        llmobs::task("bad").start().annotate(|note| {
            note.input("secret");
        });
    }
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    assert_eq!(report.stripped, 5);
    assert!(!server.posts().iter().any(|post| post.has("secret")));
}

fn processor_hangs() {
    let server = Script::accepting().start();
    let calls = AtomicUsize::new(0);
    let config = intake(&server).processor(move |span| {
        if calls.fetch_add(1, Ordering::Relaxed) == 0 {
            sleep(Duration::from_secs(3));
        }
        Some(span)
    });
    let _llmobs = config.init().unwrap();
    let (report, took) = timed(|| {
        spans(1, 100);
        let report = llmobs::flush(Duration::from_millis(300));
        spans(1000, 100);
        report
    });
    assert_eq!((report.pending(), report.delivered), (1, 0));
    assert!(took < Duration::from_secs(2), "{took:?}");
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 1001).is("1001 delivered, 1001 kept");
}

fn processor_flushes() {
    let server = Script::accepting().start();
    let config = intake(&server).processor(|span| {
        llmobs::flush(FLUSH_TIMEOUT);
        Some(span)
    });
    let _llmobs = config.init().unwrap();
    spans(10, 100);
    let (report, took) = timed(|| llmobs::flush(FLUSH_TIMEOUT));
    Outcome::of(&report, &server, 10).is("10 delivered, 10 kept");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

fn shutdown_while_spans_run() {
    let server = Script::accepting().without_bodies().start();
    let llmobs = intake(&server).timeout(Duration::from_secs(5)).init().unwrap();
    let first = llmobs::task("first").start();
    let context = first.context();
    drop(first);
    let ((), took) = thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| context.enter(|| spans(5000, 100)));
        }
        sleep(Duration::from_millis(20));
        timed(|| drop(llmobs))
    });
    let report = context.enter(|| llmobs::flush(FLUSH_TIMEOUT));
    let outcome = Outcome::of(&report, &server, report.started);
    let (delivered, lost) = (report.delivered, report.dropped_total());
    assert!(took < SHUTDOWN + DELAY, "{took:?}");
    // Spans that start after the shutdown are not recorded. Earlier ones are delivered or counted as dropped.
    outcome.is(&match lost {
        0 => format!("{delivered} delivered, {delivered} kept"),
        _ => format!("{delivered} delivered, {lost} dropped (shutdown), {delivered} kept"),
    });
    assert!((1..=40_001).contains(&report.started), "{report:?}");
}

fn late_finishes() {
    let server = Script::accepting().start();
    let llmobs = intake(&server).init().unwrap();
    let open: Vec<Span> = (0..10).map(|_| llmobs::task("late").start()).collect();
    let context = open[0].context();
    spans(10, 100);
    drop(llmobs);
    let before = context.enter(llmobs::stats);
    assert_eq!((before.delivered, before.open), (10, 10));
    drop(open);
    let report = context.enter(llmobs::stats);
    Outcome::of(&report, &server, 20).is("10 delivered, 10 dropped (shutdown), 10 kept");
    assert_eq!(report.late_finishes, 10);
}

fn another_client() {
    let server = Script::accepting().start();
    let llmobs = intake(&server).init().unwrap();
    let collector = Collector::new();
    let span = llmobs::task("step").start();
    let context = span.context();
    drop((span, llmobs));
    collector.enter(|| spans(1, 100));
    assert_eq!(collector.spans().len(), 1);
    Outcome::of(&context.enter(llmobs::stats), &server, 1).is("1 delivered, 1 kept");
}

/// Flushes when it is dropped.
struct FlushesAtDrop;

impl Drop for FlushesAtDrop {
    fn drop(&mut self) {
        flush_times_out();
    }
}

const SHORT: Duration = Duration::from_millis(200);

/// Checks that a flush that cannot succeed ends in time.
fn flush_times_out() {
    let (report, took) = timed(|| llmobs::flush(SHORT));
    assert_eq!((report.delivered, report.pending()), (0, 10), "{report:?}");
    assert!(took < SHORT + DELAY, "{took:?}");
}

fn flushes() {
    let server = Script::accepting().at_connection(|number| (number == 0).then(Reply::hang)).start();
    let _llmobs = intake(&server).timeout(Duration::from_secs(5)).init().unwrap();
    spans(10, 100);
    server.wait_for_connections(1);
    let single = tokio::runtime::Builder::new_current_thread().build().unwrap();
    single.block_on(async { flush_times_out() });
    single.block_on(tokio::task::LocalSet::new().run_until(async {
        tokio::task::spawn_local(async { flush_times_out() }).await.unwrap();
    }));
    let several = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    several.block_on(async {
        tokio::spawn(async { flush_times_out() }).await.unwrap();
        tokio::task::spawn_blocking(flush_times_out).await.unwrap();
        tokio::task::block_in_place(flush_times_out);
    });
    pollster::block_on(async { flush_times_out() });
    drop(FlushesAtDrop);
    thread::spawn(|| drop(FlushesAtDrop)).join().unwrap();
    // A span that is open while its thread flushes.
    llmobs::task("outer").start().enter(|| assert_eq!(llmobs::flush(SHORT).open, 1));
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 11).is("11 delivered, 11 kept");
}

thread_local! {
    /// Starts, ends and flushes spans when the thread ends.
    static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
}

struct AtExit(Span);

impl Drop for AtExit {
    fn drop(&mut self) {
        spans(1, 100);
        self.0.enter(|| spans(1, 100));
        let _ = llmobs::stats();
        let _ = llmobs::flush(Duration::ZERO);
    }
}

fn thread_locals() {
    let server = Script::accepting().start();
    let _llmobs = intake(&server).init().unwrap();
    // The thread-local of the program is created before that of llmobs, and after it.
    thread::spawn(|| {
        AT_EXIT.with(|_| {});
        AT_EXIT.set(Some(AtExit(llmobs::task("held").start())));
    })
    .join()
    .unwrap();
    thread::spawn(|| {
        let span = llmobs::task("held").start();
        AT_EXIT.set(Some(AtExit(span)));
    })
    .join()
    .unwrap();
    let report = llmobs::flush(FLUSH_TIMEOUT);
    // The two spans in the thread-local are delivered. Spans that start while the thread ends may be recorded.
    let outcome = Outcome::of(&report, &server, report.started);
    outcome.is(&format!("{0} delivered, {0} kept", report.started));
    assert!((2..=6).contains(&report.started), "{report:?}");
}

/// Panics four times, then accepts all spans.
struct Panics(Arc<AtomicUsize>);

impl Transport for Panics {
    fn spans(&mut self, _: &str) -> Result<(), TransportError> {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) >= 4, "in the transport");
        Ok(())
    }

    fn evaluations(&mut self, _: &str) -> Result<(), TransportError> {
        Ok(())
    }
}

fn transport_panics() {
    let calls = Arc::<AtomicUsize>::default();
    let shared = Arc::clone(&calls);
    let config = Config::new().ml_app("app").transport(move || Panics(Arc::clone(&shared)));
    let _llmobs = config.init().unwrap();
    let mut report = llmobs::stats();
    let ((), took) = timed(|| {
        for _ in 0..6 {
            spans(1, 100);
            report = llmobs::flush(FLUSH_TIMEOUT);
        }
    });
    let server = Script::accepting().absent();
    let outcome = Outcome::of(&report, &server, 6);
    assert_eq!((report.started, report.pending(), report.open), (6, 0, 0));
    assert_eq!(report.delivered + report.dropped_total(), 6);
    // Each span that is lost to a panic is counted. Later spans arrive.
    assert!(report.delivered >= 2, "{report:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(outcome);
}

fn no_threads() {
    let server = Script::accepting().start();
    match intake(&server).init() {
        Ok(llmobs) => {
            spans(10, 100);
            let report = llmobs::flush(Duration::from_secs(2));
            let outcome = Outcome::of(&report, &server, 10);
            outcome.is_exact();
            assert!(report.delivered == 10 || report.delivered == 0, "{report:?}");
            let ((), took) = timed(|| drop(llmobs));
            assert!(took < Duration::from_secs(2) + DELAY, "{took:?}");
        }
        Err(error) => {
            assert!(error.to_string().contains("thread"), "{error}");
            spans(10, 100);
            Outcome::of(&llmobs::stats(), &server, 0).is("");
        }
    }
}

/// Rejects the first request, then accepts the others.
fn one_rejection() -> FaultServer {
    Script::new(|request| if request.number == 0 { Reply::status(400) } else { Reply::accepted() }).start()
}

/// All writes to standard error fail.
fn stderr_fails() {
    let server = one_rejection();
    let _llmobs = intake(&server).init().unwrap();
    spans(1, 100);
    llmobs::flush(FLUSH_TIMEOUT);
    spans(1, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 2).is("1 delivered, 1 dropped (rejected), 1 kept");
}

fn logger_panics() {
    let server = one_rejection();
    let _llmobs = intake(&server).init().unwrap();
    RECORDER.panic();
    spans(1, 100);
    llmobs::flush(FLUSH_TIMEOUT);
    spans(1, 100);
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 2).is("1 delivered, 1 dropped (rejected), 1 kept");
    assert!(!RECORDER.warnings().is_empty());
}

fn logger_blocks_and_spans_are_sent() {
    let server = one_rejection();
    let _llmobs = intake(&server).init().unwrap();
    RECORDER.block();
    spans(1, 100);
    llmobs::flush(Duration::from_secs(1));
    spans(1, 100);
    let report = llmobs::flush(Duration::from_secs(1));
    // The logger is still busy with the first message, about the destination of spans.
    assert_eq!(RECORDER.warnings(), [] as [&str; 0]);
    assert!(RECORDER.text().contains("spans of app go to"));
    Outcome::of(&report, &server, 2).is("1 delivered, 1 dropped (rejected), 1 kept");
}

fn logger_blocks() {
    // Nothing is sent, and the queue fills.
    let server = Script::accepting().absent();
    let llmobs = intake(&server).max_queue_bytes(100_000).init().unwrap();
    RECORDER.block();
    let ((), made) = timed(|| {
        llmobs::annotate(|note| {
            note.tag("no span", 1);
        });
        spans(1000, 1000);
    });
    assert!(made < Duration::from_secs(1), "{made:?}");
    let (report, flushed) = timed(|| llmobs::flush(SHORT));
    assert!(flushed < SHORT + DELAY, "{flushed:?}");
    let ((), dropped) = timed(|| drop(llmobs));
    assert!(dropped < SHUTDOWN + DELAY, "{dropped:?}");
    Outcome::of(&report, &server, 1000).is_exact();
}
