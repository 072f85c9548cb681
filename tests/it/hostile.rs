//! Code of the user that misbehaves when llmobs calls it: loggers, formatters and values. The program continues as without
//! llmobs, and all other values are captured.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, SystemTime};

use expect_test::expect;
use llmobs::testing::Collector;
use llmobs::{Config, Exporter};
use serde::{Serialize, Serializer};

/// Panics at every message, like a logger that prints to a closed pipe.
struct Hostile;

impl log::Log for Hostile {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "llmobs"
    }

    fn log(&self, record: &log::Record<'_>) {
        panic!("no room for {}", record.args());
    }

    fn flush(&self) {}
}

fn set_hostile_logger() {
    log::set_logger(&Hostile).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
}

#[llmobs::task]
fn one() -> u8 {
    1
}

#[test]
fn panicking_logger_does_not_stop_the_worker_or_the_program() {
    own_process!();
    set_hostile_logger();
    // Port 9 refuses connections, so that each batch ends with a warning.
    let config = Config::from_env().exporter(Exporter::Http).agentless(true).api_key("key");
    let config = config.override_origin("http://127.0.0.1:9").timeout(Duration::from_millis(100));
    let guard = config.clone().init().unwrap();
    for lost in 1..=2 {
        assert_eq!(one(), 1);
        let report = llmobs::flush(Duration::from_secs(60));
        assert_eq!((report.dropped_total(), report.pending()), (lost, 0));
    }
    drop(guard);
    // A queue without room causes a warning on the thread of the program.
    let guard = config.max_queue_bytes(0).init().unwrap();
    assert_eq!(one(), 1);
    assert_eq!(llmobs::flush(Duration::from_secs(60)).dropped_total(), 1);
    drop(guard);
    // So does init itself.
    drop(llmobs::init());
}

#[derive(Serialize)]
struct State {
    hits: Mutex<u8>,
    name: &'static str,
}

#[llmobs::task]
fn counts(state: &State, misses: &RwLock<u8>, rest: Arc<Mutex<u8>>) -> u8 {
    drop(rest);
    state.name.len().try_into().unwrap_or_else(|_| *misses.read().unwrap())
}

#[test]
fn capture_does_not_wait_for_a_lock_of_the_caller() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let collector = Collector::new();
        let (state, misses) = (State { hits: Mutex::new(0), name: "main" }, RwLock::new(1));
        let rest = Arc::new(Mutex::new(2));
        let _held = (state.hits.lock().unwrap(), misses.write().unwrap(), rest.lock().unwrap());
        collector.enter(|| assert_eq!(counts(&state, &misses, Arc::clone(&rest)), 4));
        done.send(collector.tree()).unwrap();
    });
    expect![[r#"
        task counts  in {"state":{"hits":"<std::sync::poison::mutex::Mutex<u8>: not captured, because reading it may wait for a lock>","name":"main"},"misses":"<std::sync::poison::rwlock::RwLock<u8>: not captured, because reading it may wait for a lock>","rest":"<alloc::sync::Arc<std::sync::poison::mutex::Mutex<u8>>: not captured, because reading it may wait for a lock>"}  out 4
    "#]]
    .assert_eq(&is_done.recv_timeout(Duration::from_secs(60)).expect("the call waits for the lock"));
}

/// The payload of a panic, which panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

struct Loaded;

impl fmt::Debug for Loaded {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::panic::panic_any(Bomb)
    }
}

#[llmobs::task]
fn takes_loaded(loaded: &Loaded) -> u8 {
    let Loaded = loaded;
    1
}

#[test]
fn payload_that_panics_when_it_is_dropped_does_not_reach_the_program() {
    let collector = Collector::new();
    let returned = collector.enter(|| catch_unwind(AssertUnwindSafe(|| takes_loaded(&Loaded))));
    assert!(matches!(returned, Ok(1)));
    let tree = "task takes_loaded  in {\"loaded\":\"<it::hostile::Loaded: panicked while being captured>\"}  out 1\n";
    assert_eq!(collector.tree(), tree);
}

/// Writes text without end.
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            f.write_str("and so on ")?;
        }
    }
}

#[llmobs::task(name = Endless, session_id = Endless)]
fn endless_texts() -> Result<(), Endless> {
    llmobs::annotate(|note| {
        note.tag("tag", Endless);
    });
    Err(Endless)
}

#[test]
fn texts_without_end_are_truncated() {
    let collector = Collector::new();
    collector.enter(|| assert!(endless_texts().is_err()));
    let event = collector.events()[0].to_string();
    assert!((100_000..400_000).contains(&event.len()), "{} bytes", event.len());
}

/// Serializes as the time of its capture, in nanoseconds of Unix time.
struct Clock;

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        serializer.serialize_u64(u64::try_from(time.as_nanos()).unwrap())
    }
}

#[llmobs::task]
fn returns_clock() -> Clock {
    Clock
}

#[test]
fn capturing_the_output_is_not_part_of_the_duration() {
    let collector = Collector::new();
    collector.enter(returns_clock);
    let event = &collector.events()[0];
    let end = event["start_ns"].as_u64().unwrap() + event["duration"].as_u64().unwrap();
    let captured: u64 = event["meta"]["output"]["value"].as_str().unwrap().parse().unwrap();
    assert!(end <= captured, "it ended at {end} and was captured at {captured}");
}

#[derive(Debug)]
struct Annotated;

impl fmt::Display for Annotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("annotated")
    }
}

impl std::error::Error for Annotated {}

#[llmobs::task]
fn annotates_its_error() -> Result<(), &'static str> {
    llmobs::annotate(|note| {
        note.error(&Annotated);
    });
    Err("returned")
}

#[test]
fn annotated_error_wins() {
    let collector = Collector::new();
    collector.enter(|| assert_eq!(annotates_its_error(), Err("returned")));
    assert_eq!(collector.tree(), "task annotates_its_error  error it::hostile::Annotated: annotated\n");
}

#[test]
fn span_of_a_closed_client_starts_no_children_in_another_client() {
    let closed = Collector::new();
    let span = closed.enter(|| llmobs::workflow("of the closed").start());
    drop(closed);
    let open = Collector::new();
    span.enter(|| {
        assert!(!llmobs::enabled());
        one();
    });
    assert_eq!(open.tree(), "");
}

/// Writes a text, and then fails or panics.
struct Broken {
    panics: bool,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("so far")?;
        assert!(!self.panics, "in the middle");
        Err(fmt::Error)
    }
}

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[llmobs::task(name = broken, session_id = broken, tags(tag = broken))]
fn broken_texts(broken: Broken) -> Result<(), Broken> {
    llmobs::annotate(|note| {
        note.tag("annotated", &broken);
    });
    Err(broken)
}

#[test]
fn failing_texts_are_kept_in_part_and_panicking_ones_are_omitted() {
    let collector = Collector::new();
    collector.enter(|| {
        for panics in [false, true] {
            broken_texts(Broken { panics }).map_err(|broken| broken.panics).unwrap_err();
        }
    });
    expect![[r#"
        task so far  in {"broken":"<it::hostile::Broken: cannot be captured: an error occurred when formatting an argument>"}  error it::hostile::Broken: so far
        task broken_texts  in {"broken":"<it::hostile::Broken: panicked while being captured>"}  error it::hostile::Broken: <it::hostile::Broken: panicked while being captured>
    "#]]
    .assert_eq(&collector.tree());
    let texts = collector.events().into_iter().map(|event| {
        let tags = event["tags"].as_array().unwrap().iter().filter_map(|tag| tag.as_str());
        let tags = tags.filter(|tag| tag.ends_with("so far")).collect::<Vec<_>>().join(", ");
        format!("{}, {tags}", event["session_id"])
    });
    assert_eq!(
        texts.collect::<Vec<_>>(),
        ["\"so far\", annotated:so far, session_id:so far, tag:so far", "null, "]
    );
}

/// The state of a fold, whose code starts spans.
#[derive(Serialize)]
struct Traced(u8);

impl Default for Traced {
    fn default() -> Self {
        Self(one())
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        one();
    }
}

/// The state of a fold, whose default panics.
#[derive(Serialize)]
struct Unborn;

impl Default for Unborn {
    fn default() -> Self {
        panic!("no default");
    }
}

#[llmobs::task(fold = |sum: &mut Traced, _| sum.0 += one())]
fn folds_traced(to: u8) -> impl Iterator<Item = u8> {
    0..to
}

#[llmobs::task(fold = |sum: &mut Traced, number: &u8| sum.0 /= number)]
fn panics_in_fold(to: u8) -> impl Iterator<Item = Result<u8, String>> {
    (0..to).map(Ok).chain([Err("an error all the same".to_owned())])
}

#[llmobs::task(fold = |_: &mut Unborn, _| ())]
fn folds_unborn(to: u8) -> impl Iterator<Item = u8> {
    0..to
}

#[test]
fn state_of_a_fold_starts_no_spans_and_does_not_stop_the_program() {
    let collector = Collector::new();
    collector.enter(|| {
        assert_eq!((folds_traced(2).sum::<u8>(), folds_unborn(2).sum::<u8>()), (1, 1));
        assert_eq!(panics_in_fold(2).filter_map(Result::ok).sum::<u8>(), 1);
    });
    expect![[r#"
        task folds_traced  in {"to":2}  out 3
        task folds_unborn  in {"to":2}
        task panics_in_fold  in {"to":2}  error alloc::string::String: an error all the same
    "#]]
    .assert_eq(&collector.tree());
}

/// Annotates and finishes the span that is annotated with it.
struct Meddling(Cell<Option<llmobs::Span>>);

impl Serialize for Meddling {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let span = self.0.take().unwrap();
        span.annotate(|note| {
            note.output(["by Serialize"]);
        });
        span.finish();
        serializer.serialize_str("too late")
    }
}

#[test]
fn value_can_annotate_and_finish_its_own_span_without_a_deadlock() {
    let collector = Collector::new();
    collector.enter(|| {
        let span = llmobs::workflow("meddled with").start();
        span.context().annotate(|note| {
            note.input(Meddling(Some(span).into()));
        });
    });
    expect![[r#"
        workflow meddled with  out ["by Serialize"]
    "#]]
    .assert_eq(&collector.tree());
}

#[llmobs::task]
fn items() -> impl Iterator<Item = u8> + Send {
    (1..4).inspect(|_| assert_eq!(one(), 1))
}

#[test]
fn iterator_that_outlives_its_client_continues_on_another_thread() {
    own_process!();
    set_hostile_logger();
    let path = std::env::temp_dir().join(format!("llmobs-hostile-{}.jsonl", std::process::id()));
    let guard = Config::from_env().exporter(Exporter::File(path.clone())).init().unwrap();
    let mut items = items();
    assert_eq!(items.next(), Some(1));
    drop(guard);
    let rest = std::thread::spawn(move || items.by_ref().take(1).collect::<Vec<_>>()).join().unwrap();
    assert_eq!(rest, [2]);
    let delivered = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    // Only the first item was recorded.
    assert_eq!(delivered.matches("\"name\":\"one\"").count(), 1, "{delivered}");
    assert!(!delivered.contains("\"name\":\"items\""), "{delivered}");
}
