//! What a transport is given, request by request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::config::{Config, Settings};
use crate::context::{Context, Slot};
use crate::id::SpanId;
use crate::reference::SpanRef;
use crate::transport::{Event, Intake, Refused, Transport};

const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps the events of each request.
#[derive(Clone, Default)]
struct Requests(Arc<Mutex<Vec<Vec<Value>>>>);

impl Transport for Requests {
    fn send(&mut self, _: Intake, events: &[Event]) -> Result<(), Refused> {
        let events = events.iter().map(|event| serde_json::from_str(&event.json).unwrap());
        self.0.lock().unwrap().push(events.collect());
        Ok(())
    }
}

/// Runs `program` under a client, and has all sent.
fn run<R>(
    config: &Config,
    set: impl FnOnce(&mut Settings),
    transport: Box<dyn Transport>,
    program: impl FnOnce() -> R,
) -> R {
    let mut settings = config.settings().clone();
    settings.interval = PATIENCE;
    set(&mut settings);
    let client = Client::start(&settings, transport).unwrap();
    let done = Context(Slot::Client(client.sender())).enter(program);
    client.flush(PATIENCE);
    done
}

/// What is sent of some spans, with these settings.
fn sent(set: impl FnOnce(&mut Settings), count: usize) -> Vec<Vec<Value>> {
    let requests = Requests::default();
    run(&Config::without_env(), set, Box::new(requests.clone()), || spans(count));
    std::mem::take(&mut requests.0.lock().unwrap())
}

fn spans(count: usize) {
    for number in 0..count {
        let span = crate::task(format!("step {number}")).start();
        span.annotate(|span| span.input("x".repeat(1000)).metadata("kept", 1));
    }
}

#[test]
fn requests_are_as_large_as_the_settings_let_them_be() {
    let counts = |limit| {
        let requests = sent(|settings| settings.request_limit = limit, 5);
        requests.iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(counts(1 << 20), [5]);
    assert_eq!(counts(4000), [2, 2, 1]);
    // What is larger than a request may be has one of its own.
    assert_eq!(counts(1), [1, 1, 1, 1, 1]);
}

#[test]
fn an_event_larger_than_the_settings_let_it_be_goes_out_without_input_and_output() {
    for (limit, errors) in [(5000, Value::Null), (1000, json!(["dropped_io"]))] {
        let requests = sent(|settings| settings.event_limit = limit, 1);
        let event = &requests[0][0];
        assert_eq!(event["collection_errors"], errors);
        assert_eq!(event["meta"]["input"]["value"].as_str().unwrap().len() == 1000, errors.is_null());
        assert_eq!(event["meta"]["metadata"], json!({ "kept": 1 }));
    }
}

/// Notes the outermost span of each that is sent, and those that ended.
#[derive(Clone, Default)]
struct Roots(Arc<Mutex<Vec<String>>>);

impl Transport for Roots {
    fn send(&mut self, _: Intake, events: &[Event]) -> Result<(), Refused> {
        let note = |event: &Event| {
            let span: Value = serde_json::from_str(&event.json).unwrap();
            let root = event.root.map_or("none".to_owned(), |root| root.to_string());
            format!("{} in {root}", span["name"].as_str().unwrap_or("evaluation"))
        };
        self.0.lock().unwrap().extend(events.iter().map(note));
        Ok(())
    }

    fn ended(&mut self, roots: &[SpanId]) {
        self.0.lock().unwrap().extend(roots.iter().map(|root| format!("{root} ended")));
    }
}

/// Runs `program`, which returns names for the ids of spans, and tells what was noted.
fn noted(program: impl FnOnce() -> Vec<(SpanRef, &'static str)>) -> Vec<String> {
    let config = Config::without_env().processor(|span| (span.name != "dropped").then_some(span));
    let roots = Roots::default();
    let names = run(&config, |_| (), Box::new(roots.clone()), program);
    let notes = std::mem::take(&mut *roots.0.lock().unwrap());
    let with_names =
        |note: String| names.iter().fold(note, |note, (span, name)| note.replace(&span.span_id, name));
    notes.into_iter().map(with_names).collect()
}

#[test]
fn outermost_spans_end_though_they_continue_others_or_are_dropped() {
    let begun_here = noted(|| {
        let root = crate::workflow("dropped").start();
        root.enter(|| crate::task("child").start().finish());
        crate::Evaluation::score("l", 1).of(root.export()).submit().unwrap();
        vec![(root.export().unwrap(), "root")]
    });
    assert_eq!(begun_here, ["child in root", "root ended", "evaluation in none"]);
    let headers = [
        ("x-datadog-trace-id", "1"),
        ("x-datadog-parent-id", "2"),
        ("x-datadog-tags", "_dd.p.llmobs_parent_id=7"),
    ];
    let continued = noted(|| {
        let [one, two] = ["one", "two"]
            .map(|name| crate::extract(headers.as_slice()).enter(|| crate::workflow(name).start()));
        two.enter(|| crate::task("child of two").start().finish());
        one.finish();
        vec![(one.export().unwrap(), "ONE"), (two.export().unwrap(), "TWO")]
    });
    assert_eq!(continued, ["child of two in TWO", "one in ONE", "two in TWO", "ONE ended", "TWO ended"]);
}
