//! What a transport is given, request by request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::config::{Config, Settings};
use crate::context::{Context, Slot};
use crate::transport::{Intake, Refused, Transport};

const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps the events of each request.
#[derive(Clone, Default)]
struct Requests(Arc<Mutex<Vec<Vec<Value>>>>);

impl Transport for Requests {
    fn send(&mut self, _: Intake, events: &[String]) -> Result<(), Refused> {
        let events = events.iter().map(|event| serde_json::from_str(event).unwrap());
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
