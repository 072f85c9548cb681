//! Failed requests, and panics in transports and processors.

use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::json;

use super::{
    Answer, Failure, Payload, Recorder, Request, Settings, TIMEOUT, Transport, events, names, run, sender,
    spans, start,
};
use crate::config::Config;
use crate::deliver::transport::Framing;

#[test]
fn retries_send_the_same_body() {
    use Answer::{Invalid, Never, TryAgain};
    for (answers, attempts, report) in [
        (&[TryAgain; 5][..], 6, "2 delivered, 0 dropped, 0 pending"),
        (&[TryAgain, Never], 2, "0 delivered, 2 dropped (rejected: 2), 0 pending"),
    ] {
        let recorder = Recorder::answering(answers);
        assert_eq!(run(&recorder, |_| (), || spans(2)).to_string(), report);
        let bodies = recorder.bodies();
        assert_eq!(bodies.len(), attempts);
        assert_eq!(names(&bodies[0]), ["step 0", "step 1"]);
        assert!(bodies.iter().all(|body| *body == bodies[0]));
    }
    for (answers, report) in [
        (&[TryAgain][..], "1 delivered, 1 dropped (unavailable: 1), 0 pending"),
        (&[Invalid], "1 delivered, 1 dropped (rejected: 1), 0 pending"),
    ] {
        let recorder = Recorder::answering(answers);
        let settings = |settings: &mut Settings| {
            (settings.max_age, settings.request_limit) = (Duration::ZERO, 1);
        };
        assert_eq!(run(&recorder, settings, || spans(2)).to_string(), report);
        assert_eq!(recorder.bodies().len(), 2);
    }
}

#[test]
fn a_single_span_that_is_too_large_loses_its_content() {
    use Answer::TooLarge;
    let large = |name: &'static str| {
        crate::task(name).start().annotate(|note| {
            note.input("x".repeat(20_000)).metadata("kept", "y".repeat(20_000));
        });
    };
    for (answers, report) in [
        (&[TooLarge][..], "1 delivered, 0 dropped, 0 pending, 1 stripped"),
        (&[TooLarge, TooLarge], "0 delivered, 1 dropped (too large: 1), 0 pending, 1 stripped"),
    ] {
        let recorder = Recorder::answering(answers);
        assert_eq!(run(&recorder, |_| (), || large("large")).to_string(), report);
        assert_eq!(recorder.bodies().len(), 2);
    }
    // If a receiver refuses even a small event, the spans stay pending.
    let recorder = Recorder::default();
    recorder.held().most_bytes = Some(0);
    let client = start(
        &Config::new(),
        |settings| settings.timeout = Duration::from_secs(600),
        recorder.transport(Some(Framing::Array)),
    );
    client.context().enter(|| spans(200));
    let report = client.flush(Duration::from_millis(200));
    assert_eq!((report.pending(), report.dropped_total(), report.stripped), (200, 0, 0));
    assert!(recorder.bodies().len() < 10, "{}", recorder.bodies().len());
}

/// A request without an answer is sent once more when the receiver answers again. It can arrive twice.
#[test]
fn an_unanswered_request_is_sent_once_more() {
    use Answer::{Accept, Denied, TryAgain, Unanswered};
    for (answers, expected, report) in [
        (&[Unanswered, Accept][..], "EPE", "2 delivered, 0 dropped, 0 pending"),
        (
            &[Unanswered, Unanswered, TryAgain, Unanswered, Accept],
            "EPPPPE",
            "2 delivered, 0 dropped, 0 pending",
        ),
        (&[Unanswered, Denied], "EPE", "2 delivered, 0 dropped, 0 pending"),
        (&[Unanswered, Accept, Unanswered], "EPE", "0 delivered, 0 dropped, 0 pending, 2 unknown"),
    ] {
        let recorder = Recorder::answering(answers);
        assert_eq!(run(&recorder, |_| (), || spans(2)).to_string(), report);
        let letters = recorder.requests().into_iter().filter_map(|request| match request {
            Request::Events(body) => Some(if body == "[]" { 'P' } else { 'E' }),
            _ => None,
        });
        assert_eq!(letters.collect::<String>(), expected);
    }
    let recorder = Recorder::answering(&[Unanswered; 2]);
    let report = run(&recorder, |settings| settings.max_age = Duration::ZERO, || spans(2));
    assert_eq!(report.to_string(), "0 delivered, 0 dropped, 0 pending, 2 unknown");
}

#[test]
fn bisection_finds_the_invalid_span() {
    let recorder = Recorder::default();
    recorder.held().invalid_text = Some("step 701".to_owned());
    let report = run(&recorder, |_| (), || (0..1000).for_each(|number| step(&number.to_string())));
    assert_eq!(report.to_string(), "999 delivered, 1 dropped (rejected: 1), 0 pending");
    let bodies = recorder.bodies();
    assert_eq!(bodies.len(), 21);
    // If all spans are invalid, the search ends early.
    let recorder = Recorder::default();
    recorder.held().invalid_text = Some("step".to_owned());
    let report = run(&recorder, |_| (), || (0..1000).for_each(|number| step(&number.to_string())));
    assert_eq!(report.to_string(), "0 delivered, 1000 dropped (rejected: 1000), 0 pending");
    assert_eq!(recorder.bodies().len(), 23);
}

#[test]
fn requests_that_are_too_large_are_split_and_later_ones_are_smaller() {
    let recorder = Recorder::default();
    recorder.held().most_bytes = Some(20_000);
    let client = start(&Config::new(), |_| (), recorder.transport(Some(Framing::Array)));
    let mut attempts = Vec::new();
    for delivered in [50, 100, 150] {
        client.context().enter(|| spans(50));
        assert_eq!(client.flush(TIMEOUT).to_string(), format!("{delivered} delivered, 0 dropped, 0 pending"));
        let sizes: Vec<usize> = std::mem::take(&mut recorder.held().requests)
            .into_iter()
            .map(|request| if let Request::Events(body) = request { body.len() } else { 0 })
            .collect();
        attempts.push(sizes.iter().filter(|size| **size > 20_000).count());
    }
    assert!(attempts[0] > 0 && attempts[1..] == [0, 0], "{attempts:?}");
}

#[test]
fn denied_requests_are_retried_until_shutdown() {
    let recorder = Recorder::answering(&[Answer::Denied; 3]);
    let report = run(&recorder, |settings| settings.max_age = Duration::ZERO, || spans(2));
    assert_eq!(report.to_string(), "2 delivered, 0 dropped, 0 pending");
    let recorder = Recorder::answering(&[Answer::Denied]);
    let long_timeout = |settings: &mut Settings| settings.timeout = Duration::from_secs(600);
    let client = start(&Config::new(), long_timeout, recorder.transport(Some(Framing::Array)));
    client.context().enter(|| spans(2));
    let sender = sender(&client);
    client.flush(Duration::from_millis(50));
    drop(client);
    sender.queue.wait_for_end(TIMEOUT);
    assert_eq!(sender.queue.report().to_string(), "0 delivered, 2 dropped (denied: 2), 0 pending");
}

#[test]
fn permanently_refused_requests_are_not_retried() {
    let recorder = Recorder::answering(&[Answer::Never]);
    let report = run(&recorder, |settings| settings.request_limit = 1, || spans(3));
    assert_eq!(report.to_string(), "2 delivered, 1 dropped (rejected: 1), 0 pending");
    let sent: Vec<_> = recorder.bodies().iter().map(|body| names(body)).collect();
    assert_eq!(sent, [["step 0"], ["step 1"], ["step 2"]]);
}

fn step(number: &str) {
    crate::task(format!("step {number}")).start().finish();
}

#[test]
fn evaluations_are_retried_and_counted_like_spans() {
    let recorder = Recorder::answering(&[Answer::TryAgain, Answer::Never]);
    let submit = || {
        for label in ["a", "b"] {
            crate::eval::Evaluation::score(label, 1).for_tag("key", "value").submit().unwrap();
        }
    };
    let report = run(&recorder, |_| (), submit);
    assert_eq!(report.to_string(), "0 delivered, 2 dropped (rejected: 2), 0 pending");
    let requests = recorder.requests();
    let [Request::Evaluations(first), Request::Evaluations(again), Request::Close] = &*requests else {
        panic!("{requests:?}");
    };
    assert_eq!((first.len(), first), (2, again));
}

#[test]
fn a_panic_in_a_request_drops_only_its_spans() {
    let recorder = Recorder::answering(&[Answer::Panic]);
    let report = run(&recorder, |settings| settings.request_limit = 1, || spans(3));
    assert_eq!(report.to_string(), "2 delivered, 1 dropped (internal: 1), 0 pending");
    let sent: Vec<_> = recorder.bodies().iter().map(|body| names(body)).collect();
    assert_eq!(sent, [["step 0"], ["step 1"], ["step 2"]]);
}

#[test]
fn a_panic_at_the_end_of_a_trace_does_not_drop_evaluations() {
    let recorder = Recorder::default();
    recorder.held().panics_at_ended = true;
    let program = || {
        let span = crate::task("t").start();
        crate::eval::Evaluation::score("l", 1).for_span(span.export()).submit().unwrap();
    };
    assert_eq!(run(&recorder, |_| (), program).to_string(), "2 delivered, 0 dropped, 0 pending");
    let requests = recorder.requests();
    assert!(
        matches!(
            &*requests,
            [Request::Events(_), Request::Ended(_), Request::Evaluations(_), Request::Close]
        ),
        "{requests:?}"
    );
}

#[test]
fn a_span_whose_processor_panics_is_sent_without_content() {
    let config = Config::new().processor(|span| {
        assert!(span.name != "bad", "the processor panicked, as the test expects");
        Some(span)
    });
    let recorder = Recorder::default();
    let client = start(&config, |_| (), recorder.transport(Some(Framing::Array)));
    client.context().enter(|| {
        for name in ["good", "bad"] {
            let span = crate::tool(name).start();
            span.annotate(|note| {
                note.input("secret").output("secret").metadata("secret", "secret").intent("secret");
                note.metric("tokens", 7).tag("tier", "free").failure("timeout", "secret");
            });
        }
    });
    let report = client.flush(TIMEOUT);
    assert_eq!(report.to_string(), "2 delivered, 0 dropped, 0 pending, 1 stripped");
    let [body] = &*recorder.bodies() else { panic!("one request") };
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
fn shutdown_ends_a_wait_without_another_attempt() {
    let recorder = Recorder::answering(&[Answer::TryAgain]);
    let ((here, sending), (go, gate)) = (channel(), channel());
    recorder.held().gate = Some((here, gate));
    // Waits are random, up to five seconds.
    let long_timeout = |settings: &mut Settings| settings.timeout = Duration::from_secs(600);
    let client = start(&Config::new(), long_timeout, recorder.transport(Some(Framing::Array)));
    let sender = sender(&client);
    let step = |name: &'static str| client.context().enter(|| crate::task(name).start().finish());
    step("first");
    client.flush(Duration::ZERO);
    sending.recv_timeout(TIMEOUT).unwrap();
    step("second");
    drop(client);
    go.send(()).unwrap();
    sender.queue.wait_for_end(TIMEOUT);
    assert_eq!(sender.queue.report().to_string(), "0 delivered, 2 dropped (shutdown: 2), 0 pending");
    assert_eq!(recorder.bodies().iter().map(|body| names(body)).collect::<Vec<_>>(), [["first"]]);
}

#[test]
fn spans_created_by_a_transport_are_not_recorded() {
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
        assert_eq!(client.flush(TIMEOUT).to_string(), "1 delivered, 0 dropped, 0 pending");
    }
}
