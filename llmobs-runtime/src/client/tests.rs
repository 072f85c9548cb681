//! The requests that a transport receives, and the counts of a report.

mod failures;
mod memory;
mod roots;

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender as Signal, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::id::SpanId;
use crate::client::Client;
use crate::config::Config;
use crate::deliver::report::{DropReason, Report};
use crate::deliver::sender::Sender;
use crate::deliver::settings::Settings;
use crate::deliver::transport::{Failure, FailureKind, Framing, Payload, Transport};

/// A timeout that no test reaches.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A request to a transport.
#[derive(Clone, Debug, PartialEq)]
enum Request {
    /// Send this body.
    Events(String),
    /// Send spans with these names, each with the id of its outermost span.
    Spans(Vec<(String, SpanId)>),
    Evaluations(Vec<String>),
    Ended(Vec<SpanId>),
    Close,
}

/// How a transport answers a request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Accept,
    TryAgain,
    Unanswered,
    TooLarge,
    Invalid,
    Denied,
    Never,
    Panic,
}

/// The requests to a transport, and its answers. Requests without an answer are accepted.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    requests: Vec<Request>,
    answers: VecDeque<Answer>,
    /// Bodies that contain this text are invalid.
    invalid_text: Option<String>,
    /// Longer bodies are too large.
    most_bytes: Option<usize>,
    panics_at_ended: bool,
    /// Signals the next request, and waits for a message before the answer.
    gate: Option<(Signal<()>, Receiver<()>)>,
}

/// A transport that records its requests.
struct RecordingTransport(Recorder, Option<Framing>);

impl Recorder {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap()
    }

    fn transport(&self, framing: Option<Framing>) -> Box<dyn Transport> {
        Box::new(RecordingTransport(self.clone(), framing))
    }

    fn answering(answers: &[Answer]) -> Self {
        let recorder = Self::default();
        recorder.held().answers = answers.iter().copied().collect();
        recorder
    }

    fn requests(&self) -> Vec<Request> {
        self.held().requests.clone()
    }

    /// The bodies of the requests, one for each attempt.
    fn bodies(&self) -> Vec<String> {
        let requests = self.requests().into_iter();
        let bodies = requests
            .filter_map(|request| if let Request::Events(body) = request { Some(body) } else { None });
        bodies.collect()
    }
}

impl Transport for RecordingTransport {
    fn framing(&self) -> Option<Framing> {
        self.1
    }

    fn send(&mut self, payload: Payload<'_>) -> Result<(), Failure> {
        let request = match payload {
            Payload::Events(body) => Request::Events(body.to_owned()),
            Payload::Spans(spans) => {
                Request::Spans(spans.drain(..).map(|span| (span.name.clone(), span.fixed.root)).collect())
            }
            Payload::Evaluations(metrics) => Request::Evaluations(metrics.to_vec()),
        };
        let mut held = self.0.held();
        let body = if let Request::Events(body) = &request { body.as_str() } else { "" };
        let is_invalid = held.invalid_text.as_ref().is_some_and(|invalid_text| body.contains(invalid_text));
        let is_large = held.most_bytes.is_some_and(|most| body.len() > most);
        held.requests.push(request);
        let answer = held.answers.pop_front();
        let answer =
            answer.or(is_invalid.then_some(Answer::Invalid)).or(is_large.then_some(Answer::TooLarge));
        let gate = held.gate.take();
        drop(held);
        if let Some((here, go)) = gate {
            here.send(()).unwrap();
            go.recv_timeout(TIMEOUT).unwrap();
        }
        let failure = |kind| Err(Failure::new(kind, "no"));
        match answer {
            None | Some(Answer::Accept) => Ok(()),
            Some(Answer::TryAgain) => failure(FailureKind::Unavailable),
            Some(Answer::Unanswered) => failure(FailureKind::Unanswered),
            Some(Answer::TooLarge) => failure(FailureKind::TooLarge),
            Some(Answer::Invalid) => failure(FailureKind::Invalid),
            Some(Answer::Denied) => failure(FailureKind::Denied),
            Some(Answer::Never) => failure(FailureKind::Permanent(DropReason::Rejected)),
            Some(Answer::Panic) => panic!("the transport panicked, as the test expects"),
        }
    }

    fn ended(&mut self, roots: &[SpanId]) {
        let mut held = self.0.held();
        held.requests.push(Request::Ended(roots.to_vec()));
        let panics = held.panics_at_ended;
        drop(held);
        assert!(!panics, "the transport panicked, as the test expects");
    }

    fn close(&mut self) {
        self.0.held().requests.push(Request::Close);
    }
}

/// Starts a client that sends spans on flush, with short waits between attempts.
fn start(config: &Config, set: impl FnOnce(&mut Settings), transport: Box<dyn Transport>) -> Client {
    let mut settings = config.settings().clone();
    settings.interval = TIMEOUT;
    settings.timeout = Duration::from_millis(10);
    set(&mut settings);
    Client::start(&settings, transport).unwrap()
}

/// Runs `program` with a client that sends to this transport, shuts the client down, and returns the report of a flush.
fn run(recorder: &Recorder, set: impl FnOnce(&mut Settings), program: impl FnOnce()) -> Report {
    let client = start(&Config::new(), set, recorder.transport(Some(Framing::Array)));
    client.context().enter(program);
    let report = client.flush(TIMEOUT);
    let sender = sender(&client);
    drop(client);
    sender.queue.wait_for_end(TIMEOUT);
    report
}

fn sender(client: &Client) -> Arc<Sender> {
    client.context().0.sender().unwrap()
}

fn spans(count: usize) {
    for number in 0..count {
        let span = crate::task(format!("step {number}")).start();
        span.annotate(|note| {
            note.input("x".repeat(1000)).metadata("kept", 1);
        });
    }
}

/// Returns the events in the body of a request.
fn events(body: &str) -> Vec<Value> {
    let wrapped: Vec<Value> = serde_json::from_str(body).unwrap();
    wrapped.into_iter().map(|mut event| event["spans"][0].take()).collect()
}

fn names(body: &str) -> Vec<String> {
    events(body).iter().map(|event| event["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn requests_are_filled_up_to_the_limit() {
    let bodies = |limit| {
        let recorder = Recorder::default();
        let report = run(&recorder, |settings| settings.request_limit = limit, || spans(5));
        assert_eq!(report.to_string(), "5 delivered, 0 dropped, 0 pending");
        let bodies = recorder.bodies();
        assert_eq!(
            bodies.iter().flat_map(|body| names(body)).collect::<Vec<_>>(),
            ["step 0", "step 1", "step 2", "step 3", "step 4"]
        );
        bodies
    };
    let counts = |bodies: &[String]| bodies.iter().map(|body| events(body).len()).collect::<Vec<_>>();
    let whole = bodies(1 << 20);
    assert_eq!(counts(&whole), [5]);
    assert_eq!(counts(&bodies(4000)), [2, 2, 1]);
    // A span above the limit has a separate request.
    assert_eq!(counts(&bodies(1)), [1, 1, 1, 1, 1]);
    // Each request is at most as large as the limit, and the next event would not have fitted.
    for limit in (3000..8000).step_by(501) {
        let bodies = bodies(limit);
        assert!(bodies.iter().all(|body| body.len() <= limit), "{limit}");
        for pair in bodies.windows(2) {
            let first: Vec<&str> = pair[1].split(",{\"_dd.stage\"").collect();
            let next = first[0].trim_end_matches(']').len();
            assert!(pair[0].len() + next > limit, "{limit}");
        }
    }
}

#[test]
fn requests_have_at_most_a_thousand_events() {
    let recorder = Recorder::default();
    let report = run(&recorder, |_| (), || (0..2500).for_each(|_| crate::task("t").start().finish()));
    assert_eq!(report.to_string(), "2500 delivered, 0 dropped, 0 pending");
    let counts: Vec<usize> = recorder.bodies().iter().map(|body| events(body).len()).collect();
    assert_eq!(counts, [1000, 1000, 500]);
}

#[test]
fn each_line_is_one_event() {
    let recorder = Recorder::default();
    let client = start(&Config::new(), |_| (), recorder.transport(Some(Framing::Lines)));
    client.context().enter(|| spans(2));
    client.flush(TIMEOUT);
    let [body] = &*recorder.bodies() else { panic!("one request") };
    assert!(body.ends_with("}\n"));
    let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&Value> = lines.iter().map(|line| &line["spans"][0]["name"]).collect();
    assert_eq!(names, ["step 0", "step 1"]);
}

#[test]
fn events_above_the_limit_are_shortened() {
    let outcomes = [(5000, Value::Null), (1500, json!(["trimmed_io"])), (1000, json!(["dropped_io"]))];
    for (limit, errors) in outcomes {
        let recorder = Recorder::default();
        run(&recorder, |settings| settings.event_limit = limit, || spans(1));
        let event = &events(&recorder.bodies()[0])[0];
        assert_eq!(event["collection_errors"], errors);
        assert_eq!(event["meta"]["input"]["value"].as_str().unwrap().len() == 1000, errors.is_null());
        assert_eq!(event["meta"]["metadata"], json!({ "kept": 1 }));
    }
}

#[test]
fn evaluations_are_sent_after_spans_with_the_same_limit() {
    let labels = |limit| {
        let recorder = Recorder::default();
        let program = || {
            let span = crate::task("judged").start();
            for number in 0..5 {
                crate::eval::Evaluation::score(format!("label {number}"), 1)
                    .for_span(span.export())
                    .submit()
                    .unwrap();
            }
            span.finish();
        };
        let report = run(&recorder, |settings| settings.request_limit = limit, program);
        assert_eq!(report.to_string(), "6 delivered, 0 dropped, 0 pending");
        let requests = recorder.requests();
        let [Request::Events(_), Request::Ended(_), evaluations @ .., Request::Close] = &*requests else {
            panic!("{requests:?}");
        };
        let label = |json: &String| {
            let metric: Value = serde_json::from_str(json).unwrap();
            metric["label"].as_str().unwrap().to_owned()
        };
        let requests = evaluations.iter().map(|request| match request {
            Request::Evaluations(metrics) => {
                assert!(
                    metrics.len() == 1 || metrics.iter().map(|json| json.len() + 1).sum::<usize>() <= limit
                );
                metrics.iter().map(label).collect()
            }
            other => panic!("{other:?} after the spans"),
        });
        requests.collect::<Vec<Vec<String>>>()
    };
    let counts = |requests: &[Vec<String>]| requests.iter().map(Vec::len).collect::<Vec<_>>();
    let expected = ["label 0", "label 1", "label 2", "label 3", "label 4"];
    for (limit, sizes) in [(1 << 20, vec![5]), (700, vec![2, 2, 1]), (1, vec![1; 5])] {
        let requests = labels(limit);
        assert_eq!((requests.concat(), counts(&requests)), (expected.map(str::to_owned).to_vec(), sizes));
    }
}

#[test]
fn a_processor_edits_and_drops_spans() {
    let config = Config::new().processor(|mut span| {
        span.name.push('!');
        span.input = None;
        (span.name != "step 1!").then_some(span)
    });
    let recorder = Recorder::default();
    let client = start(&config, |_| (), recorder.transport(Some(Framing::Array)));
    client.context().enter(|| spans(3));
    let report = client.flush(TIMEOUT);
    assert_eq!(report.to_string(), "2 delivered, 1 dropped (processor: 1), 0 pending");
    let [body] = &*recorder.bodies() else { panic!("one request") };
    assert_eq!(names(body), ["step 0!", "step 2!"]);
    for event in events(body) {
        assert_eq!(event["meta"], json!({ "span": { "kind": "task" }, "metadata": { "kept": 1 } }));
    }
}

#[test]
fn evaluations_of_a_processor_are_sent_also_at_shutdown() {
    let config = Config::new().processor(|span| {
        crate::eval::Evaluation::score("seen", 1).for_span(span.reference()).submit().unwrap();
        crate::task("made by the processor").start().finish();
        Some(span)
    });
    let recorder = Recorder::default();
    let client = start(&config, |_| (), recorder.transport(None));
    let sender = sender(&client);
    client.context().enter(|| crate::task("t").start().finish());
    drop(client);
    sender.queue.wait_for_end(TIMEOUT);
    assert_eq!(sender.queue.report().to_string(), "2 delivered, 0 dropped, 0 pending");
    let requests = recorder.requests();
    let [Request::Spans(spans), Request::Ended(_), Request::Evaluations(metrics), Request::Close] =
        &*requests
    else {
        panic!("{requests:?}");
    };
    assert_eq!((&*spans[0].0, spans.len(), metrics.len()), ("t", 1, 1));
}

#[test]
fn a_flush_during_a_request_waits_for_the_next_request() {
    let recorder = Recorder::default();
    let client = start(&Config::new(), |_| (), recorder.transport(Some(Framing::Array)));
    let ((here, sending), (go, gate)) = (channel(), channel());
    recorder.held().gate = Some((here, gate));
    let step = |name: &'static str| client.context().enter(|| crate::task(name).start().finish());
    step("first");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| client.flush(TIMEOUT));
        sending.recv_timeout(TIMEOUT).unwrap();
        step("second");
        assert_eq!(client.flush(Duration::ZERO).to_string(), "0 delivered, 0 dropped, 2 pending");
        let second = scope.spawn(|| client.flush(TIMEOUT));
        go.send(()).unwrap();
        assert!(first.join().unwrap().delivered > 0);
        assert_eq!(second.join().unwrap().to_string(), "2 delivered, 0 dropped, 0 pending");
    });
    assert_eq!(recorder.bodies().iter().map(|body| names(body)).collect::<Vec<_>>(), [["first"], ["second"]]);
}

#[test]
fn memory_is_released_after_delivery_or_refusal() {
    let recorder = Recorder::default();
    let limit = |settings: &mut Settings| settings.queue_limit = 64 * 1024;
    let client = start(&Config::new(), limit, recorder.transport(Some(Framing::Array)));
    let reasoning = "x".repeat(10_000);
    // The total is many times the limit.
    for turn in 0..20_u64 {
        if turn % 2 == 1 {
            recorder.held().answers.push_back(Answer::Never);
        }
        client.context().enter(|| {
            spans(10);
            let evaluation = crate::eval::Evaluation::score("label", 1).for_tag("key", "value");
            evaluation.reasoning(reasoning.clone()).submit().unwrap();
        });
        let report = client.flush(TIMEOUT);
        assert_eq!(report.pending(), 0);
        assert_eq!(report.dropped.get(&DropReason::QueueFull), None, "turn {turn}: {report}");
    }
}

/// The memory of a span is reused for the next span of the thread.
#[test]
fn a_span_has_no_data_of_an_earlier_span() {
    let recorder = Recorder::default();
    let limit = |settings: &mut Settings| settings.queue_limit = 4096;
    let client = start(&Config::new(), limit, recorder.transport(Some(Framing::Array)));
    client.context().enter(|| {
        // Its content does not fit.
        let large = crate::agent("large").session_id("secret").start();
        large.annotate(|note| {
            note.input("secret".repeat(1000)).tag("secret", 1).tag("session_id", "secret");
        });
        large.enter(|| crate::task("inside").start().finish());
        large.finish();
    });
    let report = client.flush(TIMEOUT);
    assert_eq!(report.to_string(), "2 delivered, 0 dropped, 0 pending, 1 stripped");
    // The lack of room may have sent the first one early.
    let before = std::mem::take(&mut recorder.held().requests);
    client.context().enter(|| {
        let next = crate::workflow("next").start();
        next.enter(|| crate::llm("below").start().finish());
        next.finish();
    });
    client.flush(TIMEOUT);
    let bodies = |requests: Vec<Request>| {
        let body = |request| if let Request::Events(body) = request { Some(body) } else { None };
        requests.into_iter().filter_map(body).collect::<Vec<String>>()
    };
    let (before, after) = (bodies(before), bodies(recorder.requests()));
    let all_names = |bodies: &[String]| bodies.iter().flat_map(|body| names(body)).collect::<Vec<_>>();
    assert_eq!(
        (all_names(&before), all_names(&after)),
        (vec!["inside".to_owned(), "large".to_owned()], vec!["below".to_owned(), "next".to_owned()])
    );
    let (before, after) = (before.concat(), after.concat());
    assert!(before.contains("session_id:secret") && !before.contains("secretsecret"), "{before}");
    for word in ["secret", "session", "large", "agent_name"] {
        assert!(!after.contains(word), "{word} in {after}");
    }
}
