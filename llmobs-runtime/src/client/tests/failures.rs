//! Requests that fail, and code of others that panics.

use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::json;

use super::{
    Answer, Asked, Failure, Notes, PATIENCE, Payload, Settings, Transport, events, names, run, sender, spans,
    start,
};
use crate::config::Config;
use crate::deliver::transport::Framing;

#[test]
fn further_attempts_send_the_same_body() {
    for (answers, attempts, report) in [
        (&[Answer::TryAgain][..], 2, "2 delivered, 0 dropped, 0 pending"),
        (&[Answer::TryAgain; 2], 3, "2 delivered, 0 dropped, 0 pending"),
        (&[Answer::TryAgain; 3], 3, "0 delivered, 2 dropped (unavailable: 2), 0 pending"),
        (&[Answer::TryAgain, Answer::Never], 2, "0 delivered, 2 dropped (rejected: 2), 0 pending"),
    ] {
        let notes = Notes::answering(answers);
        assert_eq!(run(&notes, |_| (), || spans(2)).to_string(), report);
        let bodies = notes.bodies();
        assert_eq!(bodies.len(), attempts);
        assert_eq!(names(&bodies[0]), ["step 0", "step 1"]);
        assert!(bodies.iter().all(|body| *body == bodies[0]));
    }
}

#[test]
fn a_request_that_is_refused_for_good_is_not_sent_again() {
    let notes = Notes::answering(&[Answer::Never]);
    let report = run(&notes, |settings| settings.request_limit = 1, || spans(3));
    assert_eq!(report.to_string(), "2 delivered, 1 dropped (rejected: 1), 0 pending");
    let sent: Vec<_> = notes.bodies().iter().map(|body| names(body)).collect();
    assert_eq!(sent, [["step 0"], ["step 1"], ["step 2"]]);
}

#[test]
fn evaluations_are_sent_again_and_counted_as_spans_are() {
    let notes = Notes::answering(&[Answer::TryAgain, Answer::Never]);
    let submit = || {
        for label in ["a", "b"] {
            crate::eval::Evaluation::score(label, 1).for_tag("key", "value").submit().unwrap();
        }
    };
    let report = run(&notes, |_| (), submit);
    assert_eq!(report.to_string(), "0 delivered, 2 dropped (rejected: 2), 0 pending");
    let asked = notes.asked();
    let [Asked::Evaluations(first), Asked::Evaluations(again), Asked::Close] = &*asked else {
        panic!("{asked:?}");
    };
    assert_eq!((first.len(), first), (2, again));
}

#[test]
fn spans_of_a_request_that_panics_are_counted_and_others_are_sent() {
    let notes = Notes::answering(&[Answer::Panic]);
    let report = run(&notes, |settings| settings.request_limit = 1, || spans(3));
    assert_eq!(report.to_string(), "2 delivered, 1 dropped (internal: 1), 0 pending");
    let sent: Vec<_> = notes.bodies().iter().map(|body| names(body)).collect();
    assert_eq!(sent, [["step 0"], ["step 1"], ["step 2"]]);
}

#[test]
fn a_transport_that_panics_over_the_end_of_a_trace_gets_the_evaluations() {
    let notes = Notes::default();
    notes.held().panics_at_ended = true;
    let program = || {
        let span = crate::task("t").start();
        crate::eval::Evaluation::score("l", 1).for_span(span.export()).submit().unwrap();
    };
    assert_eq!(run(&notes, |_| (), program).to_string(), "2 delivered, 0 dropped, 0 pending");
    let asked = notes.asked();
    assert!(
        matches!(&*asked, [Asked::Events(_), Asked::Ended(_), Asked::Evaluations(_), Asked::Close]),
        "{asked:?}"
    );
}

#[test]
fn a_span_whose_processor_panics_goes_out_without_what_it_says() {
    let config = Config::new().processor(|span| {
        assert!(span.name != "bad", "the processor panicked, as this test wants it to");
        Some(span)
    });
    let notes = Notes::default();
    let client = start(&config, |_| (), notes.taker(Some(Framing::Array)));
    client.context().enter(|| {
        for name in ["good", "bad"] {
            let span = crate::tool(name).start();
            span.annotate(|note| {
                note.input("secret").output("secret").metadata("secret", "secret").intent("secret");
                note.metric("tokens", 7).tag("tier", "free").failure("timeout", "secret");
            });
        }
    });
    let report = client.flush(PATIENCE);
    assert_eq!(report.to_string(), "2 delivered, 0 dropped, 0 pending, 1 stripped");
    let [body] = &*notes.bodies() else { panic!("one request") };
    let [good, bad] = &*events(body) else { panic!("two events in {body}") };
    assert_eq!(good["meta"]["intent"], "secret");
    assert!(!bad.to_string().contains("secret"), "{bad}");
    let error = json!({ "type": "timeout", "message": "", "stack": "" });
    assert_eq!(bad["meta"], json!({ "span": { "kind": "tool" }, "metadata": {}, "error": error }));
    for field in ["metrics", "tags", "status", "parent_id"] {
        assert_eq!(good[field], bad[field]);
    }
    assert_eq!(bad["metrics"], json!({ "tokens": 7 }));
}

#[test]
fn shutting_down_ends_a_wait_and_makes_no_further_attempt() {
    let notes = Notes::answering(&[Answer::TryAgain]);
    let ((here, sending), (go, gate)) = (channel(), channel());
    notes.held().gate = Some((here, gate));
    // The waits are random parts of five seconds.
    let patient = |settings: &mut Settings| settings.timeout = Duration::from_secs(600);
    let client = start(&Config::new(), patient, notes.taker(Some(Framing::Array)));
    let sender = sender(&client);
    let step = |name: &'static str| client.context().enter(|| crate::task(name).start().finish());
    step("first");
    client.flush(Duration::ZERO);
    sending.recv_timeout(PATIENCE).unwrap();
    step("second");
    drop(client);
    go.send(()).unwrap();
    sender.queue.wait_for_end(PATIENCE);
    assert_eq!(sender.queue.report().to_string(), "0 delivered, 2 dropped (shutdown: 2), 0 pending");
    assert_eq!(notes.bodies().iter().map(|body| names(body)).collect::<Vec<_>>(), [["first"]]);
}

#[test]
fn spans_that_are_made_while_spans_are_sent_are_not_recorded() {
    struct Traced;

    impl Transport for Traced {
        fn framing(&self) -> Option<Framing> {
            Some(Framing::Lines)
        }

        fn send(&mut self, _: Payload<'_>) -> Result<(), Failure> {
            crate::task("made by the transport").start().finish();
            Ok(())
        }
    }

    let client = start(&Config::new(), |_| (), Box::new(Traced));
    client.context().enter(|| crate::task("t").start().finish());
    for _ in 0..3 {
        assert_eq!(client.flush(PATIENCE).to_string(), "1 delivered, 0 dropped, 0 pending");
    }
}
