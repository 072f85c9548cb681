//! When a transport is notified of the end of outermost spans.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use super::{Recorder, Request, TIMEOUT, start};
use crate::SpanRef;
use crate::config::Config;

/// Returns the requests to a transport as text, with names in place of span ids.
fn recorded(recorder: &Recorder, names: &[(SpanRef, &str)]) -> Vec<String> {
    let mut words = Vec::new();
    for request in recorder.requests() {
        match request {
            Request::Spans(spans) => {
                words.extend(spans.iter().map(|(name, root)| format!("{name} in {root}")));
            }
            Request::Ended(roots) => words.extend(roots.iter().map(|root| format!("{root} ended"))),
            Request::Evaluations(metrics) => words.extend(metrics.iter().map(|_| "evaluation".to_owned())),
            Request::Events(_) | Request::Close => {}
        }
    }
    let with_names =
        |word: String| names.iter().fold(word, |word, (span, name)| word.replace(&span.span_id, name));
    words.into_iter().map(with_names).collect()
}

/// Runs `program`, which returns names for span ids, with a processor that drops spans named `dropped`.
fn run(program: impl FnOnce() -> Vec<(SpanRef, &'static str)>) -> Vec<String> {
    let config = Config::new().processor(|span| (span.name != "dropped").then_some(span));
    let recorder = Recorder::default();
    let client = start(&config, |_| (), recorder.transport(None));
    let names = client.context().enter(program);
    client.flush(TIMEOUT);
    recorded(&recorder, &names)
}

#[test]
fn the_end_of_a_dropped_outermost_span_is_announced() {
    let begun_here = run(|| {
        let root = crate::workflow("dropped").start();
        root.enter(|| crate::task("child").start().finish());
        crate::eval::Evaluation::score("l", 1).for_span(root.export()).submit().unwrap();
        vec![(root.export().unwrap(), "root")]
    });
    assert_eq!(begun_here, ["child in root", "root ended", "evaluation"]);
}

#[test]
fn the_end_of_an_outermost_span_of_a_propagated_trace_is_announced() {
    let headers = [
        ("x-datadog-trace-id", "1"),
        ("x-datadog-parent-id", "2"),
        ("x-datadog-tags", "_dd.p.llmobs_parent_id=7"),
    ];
    let continued = run(|| {
        let [one, two] = ["one", "two"]
            .map(|name| crate::extract(headers.as_slice()).enter(|| crate::workflow(name).start()));
        two.enter(|| crate::task("child of two").start().finish());
        let references = vec![(one.export().unwrap(), "ONE"), (two.export().unwrap(), "TWO")];
        one.finish();
        references
    });
    assert_eq!(continued, ["child of two in TWO", "one in ONE", "two in TWO", "ONE ended", "TWO ended"]);
}

#[test]
fn the_end_of_an_outermost_span_is_announced_after_late_children() {
    let ((here, root_is_read), (go, gate)) = (channel(), channel());
    let gate = Mutex::new((here, gate));
    let config = Config::new().processor(move |span| {
        if span.name == "root" {
            let (here, gate) = &*gate.lock().unwrap();
            here.send(()).unwrap();
            gate.recv_timeout(TIMEOUT).unwrap();
        }
        Some(span)
    });
    let recorder = Recorder::default();
    let client = start(&config, |_| (), recorder.transport(None));
    let root = client.context().enter(|| crate::workflow("root").start());
    let child = root.enter(|| crate::task("child").start());
    let reference = root.export().unwrap();
    root.finish();
    std::thread::scope(|scope| {
        let flush = scope.spawn(|| client.flush(TIMEOUT));
        root_is_read.recv_timeout(TIMEOUT).unwrap();
        child.finish();
        let evaluation = crate::eval::Evaluation::score("l", 1).for_span(reference.clone());
        client.context().enter(|| evaluation.submit()).unwrap();
        go.send(()).unwrap();
        flush.join().unwrap();
    });
    let expected = ["root in ROOT", "child in ROOT", "ROOT ended", "evaluation"];
    assert_eq!(recorded(&recorder, &[(reference, "ROOT")]), expected);
}
