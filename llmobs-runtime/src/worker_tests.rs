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

/// Runs `program` under a client with these settings, and tells what was sent.
fn sent(set: impl FnOnce(&mut Settings), program: impl FnOnce()) -> Vec<Vec<Value>> {
    let mut settings = Config::without_env().settings().clone();
    settings.interval = PATIENCE;
    set(&mut settings);
    let requests = Requests::default();
    let client = Client::start(&settings, Box::new(requests.clone())).unwrap();
    Context(Slot::Client(client.sender())).enter(program);
    client.flush(PATIENCE);
    let sent = std::mem::take(&mut *requests.0.lock().unwrap());
    sent
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
        let sent = sent(|settings| settings.request_limit = limit, || spans(5));
        sent.iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(counts(1 << 20), [5]);
    assert_eq!(counts(4000), [2, 2, 1]);
    // What is larger than a request may be has one of its own.
    assert_eq!(counts(1), [1, 1, 1, 1, 1]);
}

#[test]
fn an_event_larger_than_the_settings_let_it_be_goes_out_without_input_and_output() {
    for (limit, errors) in [(5000, Value::Null), (1000, json!(["dropped_io"]))] {
        let sent = sent(|settings| settings.event_limit = limit, || spans(1));
        let event = &sent[0][0];
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
    let mut settings = config.settings().clone();
    settings.interval = PATIENCE;
    let roots = Roots::default();
    let client = Client::start(&settings, Box::new(roots.clone())).unwrap();
    let names = Context(Slot::Client(client.sender())).enter(program);
    client.flush(PATIENCE);
    let named = |note: &String| {
        names.iter().fold(note.clone(), |note, (span, name)| note.replace(&span.span_id, name))
    };
    let noted = roots.0.lock().unwrap();
    noted.iter().map(named).collect()
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
