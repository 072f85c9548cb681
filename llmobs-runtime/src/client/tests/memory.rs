//! Which data is dropped at the memory limit.

use serde_json::{Value, json};

use super::{Recorder, Settings, TIMEOUT, events, names, start};
use crate::config::Config;
use crate::deliver::report::{DropReason, Report};
use crate::deliver::transport::Framing;
use crate::trace::frame::Frame;

fn limited(bytes: usize) -> impl FnOnce(&mut Settings) {
    move |settings| settings.queue_limit = bytes
}

/// Checks that the counts add up.
fn assert_adds_up(report: &Report) {
    let known = report.open
        + report.queued
        + report.sending
        + report.delivered
        + report.unknown
        + report.dropped_total();
    assert_eq!(report.started, known, "{report:?}");
}

#[test]
fn without_memory_open_spans_lose_content_but_are_delivered() {
    let recorder = Recorder::default();
    let client = start(&Config::new(), limited(1 << 20), recorder.transport(Some(Framing::Array)));
    let content = "x".repeat(100_000);
    client.context().enter(|| {
        let root = crate::workflow("root").start();
        let inside = |number: usize| {
            let span = root.enter(|| crate::task(format!("step {number}")).start());
            span.annotate(|note| {
                note.input(&content).tag("number", number).metric("number", number);
            });
            span
        };
        let open: Vec<_> = (0..50).map(inside).collect();
        // Open spans reserve memory, so that a span that ends meanwhile has none.
        crate::task("meanwhile").start().annotate(|note| {
            note.input(&content).tag("number", 50).metric("number", 50);
        });
        let report = client.flush(TIMEOUT);
        assert_eq!((report.started, report.open, report.stripped), (52, 51, 1));
        drop(open);
        root.annotate(|note| {
            note.output("done");
        });
    });
    let report = client.flush(TIMEOUT);
    assert_adds_up(&report);
    // Nine spans of 100 kB fit, because a tenth of the memory is reserved.
    assert_eq!(report.to_string(), "52 delivered, 0 dropped, 0 pending, 42 stripped");
    let bodies = recorder.bodies();
    let events: Vec<_> = bodies.iter().flat_map(|body| events(body)).collect();
    for event in &events {
        let is_root = event["name"] == "root";
        assert_eq!(event["metrics"]["number"].is_u64(), !is_root);
        assert_eq!(event["meta"]["output"]["value"] == "done", is_root);
        // The event reports the dropped content.
        let has_all = is_root || event["meta"]["input"]["value"] == content;
        let errors = if has_all { Value::Null } else { json!(["dropped_io"]) };
        assert_eq!(event["collection_errors"], errors);
    }
    assert_eq!(bodies.iter().flat_map(|body| names(body)).next_back().as_deref(), Some("root"));
}

#[test]
fn unfinished_spans_take_no_more_than_the_limit() {
    let recorder = Recorder::default();
    let fits = 100;
    let limit = limited(fits * Frame::BYTES);
    let client = start(&Config::new(), limit, recorder.transport(Some(Framing::Array)));
    client.context().enter(|| {
        let root = crate::workflow("root").start();
        for _ in 0..1000 {
            std::mem::forget(root.enter(|| crate::task("leaked").start()));
        }
        let report = client.flush(TIMEOUT);
        assert_adds_up(&report);
        // A twentieth is reserved for root spans.
        assert_eq!((report.started, report.open), (1001, 95));
        assert_eq!(report.dropped[&DropReason::QueueFull], 906);
        crate::workflow("another root").start().finish();
        root.finish();
    });
    let report = client.flush(TIMEOUT);
    assert_adds_up(&report);
    assert_eq!((report.delivered, report.open), (2, 94));
}

#[test]
fn replaced_annotations_take_no_memory() {
    let recorder = Recorder::default();
    let client = start(&Config::new(), limited(1 << 18), recorder.transport(Some(Framing::Array)));
    client.context().enter(|| {
        let span = crate::task("step").start();
        for number in 0..20_000 {
            span.annotate(|note| {
                note.metadata(format!("key {number}"), "x".repeat(100));
            });
            // Later values replace earlier ones and take no additional memory.
            span.annotate(|note| {
                note.input("x".repeat(1000));
            });
        }
        span.finish();
    });
    let report = client.flush(TIMEOUT);
    assert_adds_up(&report);
    assert_eq!((report.delivered, report.stripped), (1, 0), "{report:?}");
    assert!(recorder.bodies()[0].len() < 1 << 18);
}

#[test]
fn discarded_spans_and_spans_of_other_threads_release_memory() {
    let recorder = Recorder::default();
    let client = start(&Config::new(), limited(64 * 1024), recorder.transport(Some(Framing::Array)));
    for turn in 0..200 {
        let span = client.context().enter(|| crate::task("step").start());
        span.annotate(|note| {
            note.input("x".repeat(20_000));
        });
        std::thread::scope(|scope| {
            scope.spawn(|| span.finish());
        });
        let call =
            client.context().enter(|| crate::integration::ModelCall::begin(crate::Kind::Llm, "none", "test"));
        call.discard();
        let report = client.flush(TIMEOUT);
        assert_adds_up(&report);
        assert_eq!((report.delivered, report.stripped), (turn + 1, 0), "{report:?}");
    }
}

#[test]
fn rejected_spans_take_no_memory() {
    let recorder = Recorder::default();
    let limit = 100 * Frame::BYTES;
    let client = start(&Config::new(), limited(limit), recorder.transport(Some(Framing::Array)));
    client.context().enter(|| {
        let root = crate::workflow("root").start();
        let open: Vec<_> = (0..500)
            .map(|_| root.enter(|| crate::task("step").tag("large", "x".repeat(2000)).start()))
            .collect();
        drop((open, root));
        client.flush(TIMEOUT);
        let before = client.flush(TIMEOUT).stripped;
        crate::task("last").start().annotate(|note| {
            note.input("x".repeat(limit * 4 / 5));
        });
        let report = client.flush(TIMEOUT);
        assert_adds_up(&report);
        assert_eq!(report.stripped, before, "{report:?}");
    });
}
