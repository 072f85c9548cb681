//! What is taken, what is dropped, what travels together, and who waits for whom.

#[path = "queue_tests/threads.rs"]
mod threads;

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Number;

use super::{Batch, Item, Limits, Queue, Work};
use crate::annotation::Annotation;
use crate::capture::Captured;
use crate::facts::{Facts, More};
use crate::failure::Failure;
use crate::kind::Kind;
use crate::manifest::{AgentManifest, AgentTool};
use crate::prompt::{Prompt, TemplateMessage};
use crate::record::Record;
use crate::reference::SpanRef;
use crate::report::{DropReason, Report};
use crate::tool::ToolDefinition;

/// Longer than any test. Whatever waits for this much waits for ever.
const HOUR: Duration = Duration::from_secs(3600);
/// Longer than a thread that has nothing to wait for can take.
const PATIENCE: Duration = Duration::from_secs(20);

const UNLIMITED: Limits =
    Limits { bytes: usize::MAX, batch_bytes: usize::MAX, batch_spans: usize::MAX, interval: HOUR };

fn record(name: impl Into<String>) -> Item {
    Item::Span(Box::new(Record::bare(Kind::Task, name.into())))
}

/// The next batch, without waiting for more than a wake-up.
fn take(queue: &Queue) -> Batch {
    take_while(queue, || ())
}

fn take_while(queue: &Queue, meanwhile: impl FnOnce()) -> Batch {
    match soon(queue, || queue.next(), meanwhile) {
        Work::Send(batch) => batch,
        Work::End => panic!("the end instead of a batch"),
    }
}

fn names(batch: &Batch) -> Vec<&str> {
    batch.items.iter().map(name).collect()
}

fn name(item: &Item) -> &str {
    match item {
        Item::Span(record) => &record.name,
        Item::Evaluation(json) => json,
    }
}

/// Settles a whole batch as delivered.
fn deliver(queue: &Queue, batch: &Batch) {
    let outcome = Report { delivered: batch.items.len() as u64, ..Report::default() };
    queue.settle(outcome.delivered, batch.bytes, &outcome);
}

/// The worker: delivers until the end, and hands out what each batch held.
fn work(queue: &Queue) -> Vec<Vec<String>> {
    let mut batches = Vec::new();
    while let Work::Send(batch) = queue.next() {
        assert!(!batch.items.is_empty(), "a batch of nothing");
        batches.push(names(&batch).into_iter().map(str::to_owned).collect());
        deliver(queue, &batch);
    }
    queue.end();
    batches
}

fn report(queue: &Queue) -> String {
    queue.flush(Duration::ZERO).to_string()
}

/// What a thread gives that has nothing to wait for. A wake-up that is missing fails the test here.
fn soon<T: Send>(queue: &Queue, f: impl FnOnce() -> T + Send, meanwhile: impl FnOnce()) -> T {
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        scope.spawn(move || sender.send(f()));
        meanwhile();
        receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            // Lets the thread go, so that the test can end.
            queue.close();
            queue.end();
            panic!("nothing happened for {PATIENCE:?}");
        })
    })
}

#[test]
fn what_finds_no_room_is_dropped_and_counted() {
    let size = record("0").bytes();
    let queue = Queue::new(Limits { bytes: 3 * size, ..UNLIMITED });
    (0..10).for_each(|n| queue.push(record(n.to_string())));
    assert_eq!(report(&queue), "0 delivered, 7 dropped (queue full: 7), 3 pending");
    // What is being sent takes room until it is settled.
    let first = take(&queue);
    assert_eq!((names(&first), first.bytes), (vec!["0", "1", "2"], 3 * size));
    queue.push(record("a"));
    assert_eq!(report(&queue), "0 delivered, 8 dropped (queue full: 8), 3 pending");
    deliver(&queue, &first);
    (0..4).for_each(|n| queue.push(record(n.to_string())));
    assert_eq!(report(&queue), "3 delivered, 9 dropped (queue full: 9), 3 pending");
}

#[test]
fn a_span_larger_than_all_room_is_dropped_alone() {
    let small = record("small").bytes();
    let queue = Queue::new(Limits { bytes: small, ..UNLIMITED });
    queue.push(record("x".repeat(10_000)));
    queue.push(record("small"));
    assert_eq!(report(&queue), "0 delivered, 1 dropped (queue full: 1), 1 pending");
    let queue = Queue::new(Limits { bytes: small - 1, ..UNLIMITED });
    queue.push(record("small"));
    assert_eq!(report(&queue), "0 delivered, 1 dropped (queue full: 1), 0 pending");
}

#[test]
fn every_text_of_a_span_counts() {
    let text = "x".repeat(1000);
    let captured = || Captured::value(format!("\"{text}\"").into_boxed_str().into_string());
    let failure = |kind: &str, message: &str, stack: &str| {
        let [kind, message, stack] = [kind, message, stack].map(str::to_owned);
        Some(Failure { kind, message, stack })
    };
    let bare = || Record::bare(Kind::Task, "");
    #[rustfmt::skip]
    let spans = [
        (1000, Record::bare(Kind::Task, text.clone())),
        (1000, Record { session_id: Some(text.as_str().into()), ..bare() }),
        (1000, Record { facts: Facts { model_name: Some(text.clone()), ..Facts::default() }, ..bare() }),
        (1000, Record { facts: Facts { model_provider: Some(text.clone()), ..Facts::default() }, ..bare() }),
        (1002, Record { facts: Facts { input: Some(captured()), ..Facts::default() }, ..bare() }),
        (1002, Record { facts: Facts { output: Some(captured()), ..Facts::default() }, ..bare() }),
        (2002, Record { facts: Facts { metadata: [(text.clone(), captured())].into(), ..Facts::default() }, ..bare() }),
        (2000, Record { facts: Facts { tags: [(text.clone(), text.clone())].into(), ..Facts::default() }, ..bare() }),
        (1000 + size_of::<Number>(), Record { facts: Facts { metrics: [(text.clone(), 1.into())].into(), ..Facts::default() }, ..bare() }),
        (1000, Record { facts: Facts { failure: failure(&text, "", ""), ..Facts::default() }, ..bare() }),
        (1000, Record { facts: Facts { failure: failure("", &text, ""), ..Facts::default() }, ..bare() }),
        (1000, Record { facts: Facts { failure: failure("", "", &text), ..Facts::default() }, ..bare() }),
    ];
    for (bytes, span) in spans {
        assert_eq!(span.bytes() - bare().bytes(), bytes, "{bytes}");
    }
    assert_eq!(Item::Evaluation(text).bytes(), 1000);
}

#[test]
fn what_spans_share_counts_about_once() {
    let prompt = Arc::new(Prompt::new("x".repeat(12_000)));
    let facts =
        |prompt| Facts { more: Some(Box::new(More { prompt, ..More::default() })), ..Facts::default() };
    let share = || {
        let facts = facts(Some(Arc::clone(&prompt)));
        (facts.bytes(), facts)
    };
    let shares: Vec<(usize, Facts)> = (0..4).map(|_| share()).collect();
    let charged: Vec<usize> = shares.iter().map(|(bytes, _)| bytes - facts(None).bytes()).collect();
    assert_eq!(charged, [12_000, 6000, 4000, 3000]);
}

#[test]
fn what_few_spans_say_counts_too() {
    let text = "x".repeat(1000);
    let said = |say: &dyn Fn(Annotation) -> Annotation| {
        Record { facts: say(Annotation::new(usize::MAX)).facts, ..Record::bare(Kind::Task, "") }.bytes()
    };
    let least = said(&|span| span.intent(""));
    let (one, value) = (|| text.as_str(), size_of::<serde_json::Value>());
    #[rustfmt::skip]
    let cases: [(usize, &dyn Fn(Annotation) -> Annotation); 14] = [
        (1000, &|span| span.intent(one())),
        (1000, &|span| span.cost_tag(one())),
        (2000, &|span| span.link(SpanRef::new(one(), one()))),
        (5000, &|span| span.prompt(Prompt::new(one()).version(one()).label(one()).uuid(one()).version_uuid(one()))),
        (1000, &|span| span.prompt(Prompt::default().template(one()))),
        (3000, &|span| span.prompt(Prompt::default().chat_template([TemplateMessage::new(one(), one()), TemplateMessage::placeholder(one())]))),
        (2000 + value, &|span| span.prompt(Prompt::default().variable(one(), one()))),
        (2000, &|span| span.prompt(Prompt::default().tag(one(), one()))),
        (2000, &|span| span.prompt(Prompt::default().context_variables([one()]).query_variables([one()]))),
        (3000, &|span| span.tool_definitions([ToolDefinition::new(one()).description(one()).version(one())])),
        (1001 + value, &|span| span.tool_definitions([ToolDefinition::new("n").schema(BTreeMap::from([(one(), 1)]))])),
        (4000, &|span| span.agent(AgentManifest::new().name(one()).version(one()).model(one()).instructions(one()))),
        (1004 + value, &|span| span.agent(AgentManifest::new().model_setting("seed", one()))),
        (2000, &|span| span.agent(AgentManifest::new().tool(AgentTool::new(one()).description(one())))),
    ];
    for (index, (bytes, say)) in cases.into_iter().enumerate() {
        assert_eq!(said(say) - least, bytes, "{index}");
    }
}

#[test]
fn batches_keep_the_order_and_the_limit_of_spans() {
    let queue = Queue::new(Limits { batch_spans: 10, ..UNLIMITED });
    (0..25).for_each(|n| queue.push(record(n.to_string())));
    queue.close();
    let batches = work(&queue);
    let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 5]);
    let expected: Vec<String> = (0..25).map(|n| n.to_string()).collect();
    assert_eq!(batches.concat(), expected);
    assert_eq!(report(&queue), "25 delivered, 0 dropped, 0 pending");
}

#[test]
fn batches_keep_the_limit_of_bytes() {
    let size = record("aa").bytes();
    let queue = Queue::new(Limits { batch_bytes: 2 * size, ..UNLIMITED });
    let large = "L".repeat(3 * size);
    for name in ["aa", "bb", "cc", &large, "d", "e", "f"] {
        queue.push(record(name));
    }
    queue.close();
    // Two fit exactly. What alone is larger than a batch goes alone. Shorter names leave no room for a third.
    assert_eq!(work(&queue), [vec!["aa", "bb"], vec!["cc"], vec![&large], vec!["d", "e"], vec!["f"]]);
}

#[test]
fn a_full_batch_goes_before_its_time() {
    let size = record("0").bytes();
    for limits in [Limits { batch_spans: 3, ..UNLIMITED }, Limits { batch_bytes: 3 * size, ..UNLIMITED }] {
        let queue = Queue::new(limits);
        let first = take_while(&queue, || (0..3).for_each(|n| queue.push(record(n.to_string()))));
        assert_eq!(names(&first), ["0", "1", "2"]);
    }
}

#[test]
fn a_batch_that_is_not_full_goes_when_its_oldest_span_is_due() {
    let interval = Duration::from_millis(30);
    let queue = Queue::new(Limits { interval, ..UNLIMITED });
    let begun = Instant::now();
    queue.push(record("0"));
    queue.push(record("1"));
    let first = take(&queue);
    assert_eq!(names(&first), ["0", "1"]);
    assert!(begun.elapsed() >= interval);
}

#[test]
fn flush_without_anybody_at_work_says_what_is_pending() {
    let queue = Queue::new(UNLIMITED);
    assert_eq!(report(&queue), "0 delivered, 0 dropped, 0 pending");
    queue.push(record("0"));
    queue.push(record("1"));
    let timeout = Duration::from_millis(30);
    let begun = Instant::now();
    let report = soon(&queue, || queue.flush(timeout), || ());
    assert!(begun.elapsed() >= timeout);
    assert_eq!(report.to_string(), "0 delivered, 0 dropped, 2 pending");
    // Whoever comes to work after that finds the flush still wanted, an hour before the spans are due.
    assert_eq!(names(&take(&queue)), ["0", "1"]);
}

#[test]
fn flush_waits_for_what_was_finished_before_it_and_for_no_more() {
    let queue = Queue::new(Limits { batch_spans: 2, ..UNLIMITED });
    (0..5).for_each(|n| queue.push(record(n.to_string())));
    let report = soon(
        &queue,
        || queue.flush(PATIENCE),
        || {
            for _ in 0..2 {
                deliver(&queue, &take(&queue));
            }
            // Wakes for the flush alone: one span is no full batch.
            let last = take(&queue);
            assert_eq!(names(&last), ["4"]);
            queue.push(record("after"));
            let mut outcome = Report::default();
            outcome.drop_spans(DropReason::Rejected, 1);
            queue.settle(1, last.bytes, &outcome);
        },
    );
    assert_eq!(report.to_string(), "4 delivered, 1 dropped (rejected: 1), 1 pending");
}

#[test]
fn a_closed_queue_gives_what_it_has_and_takes_no_more() {
    let queue = Queue::new(UNLIMITED);
    queue.push(record("0"));
    assert!(queue.close());
    assert!(!queue.close());
    (0..3).for_each(|_| queue.push(record("late")));
    assert_eq!(report(&queue), "0 delivered, 3 dropped (shutdown: 3), 1 pending");
    assert_eq!(work(&queue), [["0"]]);
    queue.push(record("later"));
    assert_eq!(report(&queue), "1 delivered, 4 dropped (shutdown: 4), 0 pending");
    assert!(matches!(queue.next(), Work::End));
}

#[test]
fn closing_wakes_the_worker_in_whatever_wait() {
    let queue = Queue::new(UNLIMITED);
    let ended = soon(&queue, || matches!(queue.next(), Work::End), || assert!(queue.close()));
    assert!(ended);
    let queue = Queue::new(UNLIMITED);
    queue.push(record("waits an hour"));
    let first = take_while(&queue, || assert!(queue.close()));
    assert_eq!(names(&first), ["waits an hour"]);
    let queue = Queue::new(UNLIMITED);
    assert!(queue.pause(Duration::ZERO));
    assert!(queue.pause(Duration::from_millis(1)));
    assert!(!soon(&queue, || queue.pause(HOUR), || assert!(queue.close())));
    assert!(!queue.pause(HOUR));
}

#[test]
fn the_end_of_the_worker_can_be_waited_for() {
    let queue = Queue::new(UNLIMITED);
    let begun = Instant::now();
    queue.wait_for_end(Duration::from_millis(20));
    assert!(begun.elapsed() >= Duration::from_millis(20));
    soon(&queue, || queue.wait_for_end(HOUR), || queue.end());
    queue.wait_for_end(HOUR);
}
