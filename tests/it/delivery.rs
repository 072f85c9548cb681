//! The delivery of finished spans to a server on loopback or to a file, and the count of lost spans.

use std::fs;
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use llmobs::eval::{Evaluation, Feedback};
use llmobs::transport::{Transport, TransportError};
use llmobs::{Config, DropReason, Error, Exporter, Guard, Report, SpanRef};
use llmobs_test_support::CaptureServer;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);
const KEY: &str = "0123456789abcdef0123456789abcdef";

fn agentless(url: &str) -> Config {
    Config::from_env()
        .exporter(Exporter::Http)
        .agentless(true)
        .api_key(KEY)
        .override_origin(url)
        .ml_app("app")
}

fn spans(count: usize) {
    for _ in 0..count {
        llmobs::task("step").start().finish();
    }
}

fn dropped(report: &Report) -> Vec<(DropReason, u64)> {
    report.dropped.clone().into_iter().collect()
}

#[test]
fn busy_server_gets_the_same_body_until_it_accepts_it() {
    own_process!();
    let server = CaptureServer::start().statuses(&[500, 429, 503, 408, 425, 202]);
    let _llmobs = agentless(&server.url()).timeout(Duration::from_millis(500)).init().unwrap();
    spans(2);
    let report = llmobs::flush(PATIENCE);
    assert_eq!((report.delivered, dropped(&report), report.pending()), (2, vec![], 0));
    let bodies: Vec<Vec<u8>> = server.posts().into_iter().map(|post| post.body).collect();
    assert_eq!(bodies.len(), 6);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[test]
fn spans_wait_for_an_unreachable_server() {
    own_process!();
    let (listener, url) = silent_server();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let _llmobs = agentless(&url).timeout(Duration::from_millis(100)).init().unwrap();
    spans(2);
    assert_eq!(llmobs::flush(Duration::from_millis(300)).to_string(), "0 delivered, 0 dropped, 2 pending");
    let server = CaptureServer::start_at(address);
    spans(1);
    assert_eq!(llmobs::flush(PATIENCE).to_string(), "3 delivered, 0 dropped, 0 pending");
    assert_eq!(server.events().len(), 3);
}

/// Returns the given errors, then forwards what it gets.
struct ProgramTransport {
    errors: Vec<TransportError>,
    got: mpsc::Sender<Value>,
}

impl Transport for ProgramTransport {
    fn spans(&mut self, body: &str) -> Result<(), TransportError> {
        llmobs::task("of the transport").start().finish();
        match self.errors.pop() {
            Some(error) if error.to_string() == "panic" => panic!("in the transport"),
            Some(error) => Err(error),
            None => self.evaluations(body),
        }
    }

    fn evaluations(&mut self, body: &str) -> Result<(), TransportError> {
        self.got.send(serde_json::from_str(body).unwrap()).map_err(|_| TransportError::permanent("gone"))
    }
}

impl Drop for ProgramTransport {
    fn drop(&mut self) {
        self.got.send("dropped".into()).unwrap();
    }
}

#[test]
fn transport_of_the_program_replaces_the_built_in_ones() {
    own_process!();
    let (got, received) = mpsc::channel();
    let open = move || {
        let errors = ["later", "panic"].map(TransportError::temporary).into_iter();
        let errors = errors.chain([TransportError::permanent("never")]).collect();
        ProgramTransport { errors, got: got.clone() }
    };
    let config = Config::new().ml_app("app").timeout(Duration::from_millis(500)).transport(open);
    let llmobs = config.init().unwrap();
    // The first span is rejected, the second panics in the transport, and the third is retried.
    for (delivered, rejected) in [(0, 1), (0, 2), (1, 2)] {
        spans(1);
        let report = format!("{delivered} delivered, {rejected} dropped (rejected: {rejected}), 0 pending");
        assert_eq!(llmobs::flush(PATIENCE).to_string(), report);
    }
    evaluation("seen");
    drop(llmobs);
    // The transport is dropped before the drop of the guard returns.
    let received: Vec<Value> = received.try_iter().collect();
    assert_eq!(received.len(), 3);
    assert_eq!(received[2], "dropped");
    assert_eq!(received[0][0]["spans"][0]["name"], "step");
    assert_eq!(received[1]["data"]["attributes"]["metrics"][0]["label"], "seen");
}

#[test]
fn rejected_spans_are_not_retried() {
    own_process!();
    for (status, reason) in
        [(400, DropReason::Rejected), (410, DropReason::Rejected), (422, DropReason::Rejected)]
    {
        let server = CaptureServer::start().statuses(&[status]);
        let _llmobs = agentless(&server.url()).init().unwrap();
        spans(1);
        let report = llmobs::flush(PATIENCE);
        assert_eq!((report.delivered, dropped(&report)), (0, vec![(reason, 1)]), "{status}");
        assert_eq!(server.posts().len(), 1);
    }
}

/// A time in which a client makes its first attempt, even on a busy machine.
const FIRST_ATTEMPT: Duration = Duration::from_millis(500);

#[test]
fn spans_wait_if_the_server_rejects_all_requests() {
    own_process!();
    // The span is small, so that even 413 is not about its size.
    for status in [401, 403, 404, 413] {
        let server = CaptureServer::start().statuses(&[status]);
        let _llmobs = agentless(&server.url()).init().unwrap();
        spans(1);
        assert_eq!(llmobs::flush(FIRST_ATTEMPT).pending(), 1);
        // The next attempt is in a minute, unless a flush asks for one.
        assert_eq!(llmobs::flush(PATIENCE).to_string(), "1 delivered, 0 dropped, 0 pending");
        assert_eq!(server.posts().len(), 2);
    }
}

#[test]
fn redirects_are_not_followed_so_that_the_key_stays_secret() {
    own_process!();
    let other = CaptureServer::start();
    for status in [301, 302, 303, 307, 308] {
        let server = CaptureServer::start().statuses(&[status]).header("location", &other.url());
        let _llmobs = agentless(&server.url()).init().unwrap();
        spans(1);
        assert_eq!(llmobs::flush(FIRST_ATTEMPT).pending(), 1, "{status}");
        assert_eq!(server.posts().len(), 1);
    }
    assert_eq!(other.requests().len(), 0);
}

/// A server that never answers, whose connections only the kernel accepts.
fn silent_server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn flush_and_guard_do_not_wait_for_a_server_that_never_answers() {
    own_process!();
    let (_listener, url) = silent_server();
    let llmobs = agentless(&url).timeout(NEVER).init().unwrap();
    spans(3);
    let report = llmobs::flush(Duration::from_millis(1));
    assert_eq!((report.delivered, dropped(&report), report.pending()), (0, vec![], 3));
    // This would take a day if it waited for the end of the attempt.
    drop(llmobs);
    assert!(!llmobs::enabled());
}

#[test]
fn guard_leaves_time_for_another_attempt() {
    own_process!();
    let server = CaptureServer::start().statuses(&[500]);
    let llmobs = agentless(&server.url()).timeout(Duration::from_secs(1)).init().unwrap();
    spans(1);
    drop(llmobs);
    // Both the rejected attempt and the next one contained the span.
    assert_eq!(server.events().len(), 2);
}

#[test]
fn attempt_ends_at_its_timeout() {
    own_process!();
    let (listener, url) = silent_server();
    let _llmobs = agentless(&url).timeout(Duration::from_millis(50)).init().unwrap();
    spans(1);
    assert_eq!(llmobs::flush(Duration::from_millis(300)).to_string(), "0 delivered, 0 dropped, 1 pending");
    // The next attempt checks whether the server answers.
    let connections = [(); 2].map(|()| listener.accept().unwrap().0);
    assert_eq!(connections.len(), 2);
}

#[test]
fn spans_that_do_not_fit_in_the_queue_are_dropped_and_counted() {
    own_process!();
    let (listener, url) = silent_server();
    let _llmobs = agentless(&url).timeout(NEVER).max_queue_bytes(100_000).init().unwrap();
    let big = "x".repeat(10_000);
    for _ in 0..50 {
        llmobs::task("step").start().annotate(|note| {
            note.input(&big);
        });
    }
    let report = llmobs::flush(Duration::ZERO);
    assert_eq!(report.delivered, 0);
    // Further spans are queued without their input while there is room.
    assert!((20..50).contains(&report.pending()), "{report}");
    assert_eq!(dropped(&report), [(DropReason::QueueFull, 50 - report.pending())]);
    // The guard does not wait for the server.
    drop(listener);
}

#[test]
fn large_batch_is_sent_early_in_requests_of_at_most_five_mebibytes() {
    own_process!();
    let server = CaptureServer::start();
    let _llmobs = agentless(&server.url()).flush_interval(NEVER).init().unwrap();
    // Quotes in JSON in JSON: the events are twice as large as the queued records.
    let big = [format!("{}x", "\"".repeat(400_000))];
    for number in 0..12 {
        llmobs::task(format!("step {number}")).start().annotate(|note| {
            note.input(&big);
        });
    }
    // No flush: twelve megabytes do not wait for the flush interval.
    server.wait_for_posts(1);
    assert_eq!(llmobs::flush(PATIENCE).delivered, 12);
    let names: Vec<Value> = server.events().iter().map(|event| event["name"].clone()).collect();
    assert_eq!(names, (0..12).map(|number| Value::from(format!("step {number}"))).collect::<Vec<_>>());
    for post in server.posts() {
        assert!(post.body.len() < 5 * 1024 * 1024 + 1024, "{}", post.body.len());
    }
}

#[test]
fn agent_gets_the_spans_without_a_key() {
    own_process!();
    let server = CaptureServer::start();
    let config = Config::from_env()
        .exporter(Exporter::Http)
        .agentless(false)
        .agent_url(format!("{}/prefix/", server.url()));
    let _llmobs = config.init().unwrap();
    spans(1);
    assert_eq!(llmobs::flush(PATIENCE).delivered, 1);
    let [post] = server.requests().try_into().unwrap();
    assert_eq!(post.path, "/prefix/evp_proxy/v2/api/v2/llmobs");
    assert_eq!(post.headers.get("x-datadog-evp-subdomain").map(String::as_str), Some("llmobs-intake"));
    assert_eq!(post.headers.get("dd-api-key"), None);
}

#[test]
fn an_unusable_agent_url_is_ignored_if_there_is_a_key() {
    own_process!();
    for agent in ["unix:///nowhere/llmobs/apm.socket", "http://user:password@agent", "ftp://agent"] {
        let server = CaptureServer::start();
        let config = Config::from_env().exporter(Exporter::Http).api_key(KEY).agent_url(agent);
        let _llmobs = config.override_origin(server.url()).init().unwrap();
        spans(1);
        assert_eq!(llmobs::flush(PATIENCE).delivered, 1, "{agent}");
        let posts = server.posts();
        assert_eq!(posts[0].path, "/api/v2/llmobs");
        assert_eq!(posts[0].headers.get("dd-api-key").map(String::as_str), Some(KEY));
    }
}

#[test]
fn spans_wait_for_an_agent_that_starts_late() {
    own_process!();
    let (listener, url) = silent_server();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let config = Config::new().agent_url(url).timeout(Duration::from_millis(500));
    let _llmobs = config.init().unwrap();
    spans(3);
    let report = llmobs::flush(Duration::from_millis(1));
    assert_eq!((report.delivered, dropped(&report), report.pending()), (0, vec![], 3));
    let server = CaptureServer::start_at(address).agent_with(&["/evp_proxy/v2/"]);
    assert_eq!(llmobs::flush(PATIENCE).delivered, 3);
    let paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths.last().unwrap(), "/evp_proxy/v2/api/v2/llmobs");
    assert!(paths.iter().rev().skip(1).all(|path| path == "/info"), "{paths:?}");
}

fn evaluation(label: &str) {
    Evaluation::score(label, 1)
        .for_span(SpanRef { trace_id: "t".into(), span_id: "s".into() })
        .submit()
        .unwrap();
}

#[test]
fn agent_gets_evaluations_after_the_spans() {
    own_process!();
    let server = CaptureServer::start();
    for (origin, proxy) in [("", "/evp_proxy/v2"), ("/base", "/base")] {
        let config = Config::from_env().exporter(Exporter::Http).agentless(false).flush_interval(NEVER);
        let _llmobs = config.override_origin(format!("{}{origin}", server.url())).init().unwrap();
        evaluation("l");
        spans(1);
        assert_eq!(llmobs::flush(PATIENCE).delivered, 2);
        let requests = server.posts().split_off(server.posts().len() - 2).into_iter().map(|post| {
            assert_eq!(post.headers.get("dd-api-key"), None);
            (post.path, post.headers["x-datadog-evp-subdomain"].clone())
        });
        let expected = [("api/v2/llmobs", "llmobs-intake"), ("api/intake/llm-obs/v2/eval-metric", "api")]
            .map(|(path, subdomain)| (format!("{proxy}/{path}"), subdomain.to_owned()));
        assert_eq!(requests.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn file_gets_one_wrapper_per_line_and_is_appended_to() {
    own_process!();
    let path = std::env::temp_dir().join(format!("llmobs-delivery-{}.jsonl", std::process::id()));
    for name in ["first", "second"] {
        let _llmobs = Config::from_env().exporter(Exporter::File(path.clone())).init().unwrap();
        llmobs::workflow(name).start().annotate(|note| {
            note.input("line\nbreak");
        });
    }
    let lines = fs::read_to_string(&path).unwrap();
    let wrappers: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(wrappers.len(), 2);
    for (wrapper, name) in wrappers.iter().zip(["first", "second"]) {
        assert_eq!(wrapper["event_type"], "span");
        assert_eq!(wrapper["_dd.stage"], "raw");
        assert_eq!(wrapper["_dd.tracer_version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(wrapper["spans"][0]["name"], name);
        assert_eq!(wrapper["spans"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn file_gets_one_line_per_evaluation() {
    own_process!();
    let path = std::env::temp_dir().join(format!("llmobs-evaluations-{}.jsonl", std::process::id()));
    let llmobs = Config::from_env().exporter(Exporter::File(path.clone())).init().unwrap();
    for label in ["first", "second"] {
        Evaluation::score(label, 1)
            .for_span(SpanRef { trace_id: "t".into(), span_id: "1".into() })
            .reasoning("line\nbreak")
            .submit()
            .unwrap();
    }
    drop(llmobs);
    let lines = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let bodies = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let labels: Vec<Value> =
        bodies.map(|body| body["data"]["attributes"]["metrics"][0]["label"].clone()).collect();
    assert_eq!(labels, ["first", "second"]);
}

/// Returns the text of the error, and checks that nothing is recorded.
fn failed(config: Config) -> String {
    let outcome: Result<Guard, Error> = config.init();
    assert!(!llmobs::enabled());
    outcome.unwrap_err().to_string()
}

#[test]
fn invalid_configurations_are_errors_with_a_hint() {
    own_process!();
    let base = || Config::from_env().exporter(Exporter::Http);
    let directory = Exporter::File(std::env::temp_dir());
    let intake = || base().agentless(true).api_key(KEY);
    let errors = [
        (failed(base().agentless(true).api_key("")), "DD_API_KEY"),
        (failed(intake().site("")), "DD_SITE"),
        (failed(intake().site("evil.example/path")), "DD_SITE"),
        (failed(intake().site("user@evil.example")), "DD_SITE"),
        (failed(intake().api_key("two\nlines")), "DD_API_KEY"),
        (failed(intake().override_origin("ftp://host")), "DD_LLMOBS_OVERRIDE_ORIGIN"),
        (failed(intake().override_origin("http://user:password@host")), "DD_LLMOBS_OVERRIDE_ORIGIN"),
        (failed(intake().override_origin("http://host/path?password=1")), "with a query or a fragment"),
        (failed(intake().override_origin("http://host#password")), "with a query or a fragment"),
        (failed(base().agentless(false).agent_url("ftp://agent")), "begin with http://"),
        (failed(base().agent_url("unix://apm.socket")), "the absolute path of a socket"),
        (failed(base().agent_url("ftp://agent").api_key(KEY).site("")), "DD_SITE"),
        (failed(base().exporter(directory)), "to write spans to it"),
    ];
    for (error, hint) in errors {
        assert!(error.contains(hint), "{error:?} does not mention {hint:?}");
        assert!(!error.contains("password") && !error.contains("evil"), "{error:?} repeats the value");
    }
}

#[test]
fn second_init_fails_and_the_first_client_continues() {
    own_process!();
    let server = CaptureServer::start();
    let llmobs = agentless(&server.url()).init().unwrap();
    assert!(matches!(agentless(&server.url()).init(), Err(Error::AlreadyInitialized)));
    spans(1);
    assert_eq!(llmobs::flush(PATIENCE).delivered, 1);
    drop(llmobs);
    let _again = agentless(&server.url()).init().unwrap();
    spans(1);
    assert_eq!(llmobs::flush(PATIENCE).delivered, 1);
    assert_eq!(server.events().len(), 2);
}

#[test]
fn spans_and_evaluations_after_shutdown_are_counted_as_dropped() {
    own_process!();
    let server = CaptureServer::start();
    let llmobs = agentless(&server.url()).init().unwrap();
    let span = llmobs::workflow("outlives").start();
    drop(llmobs);
    let (context, reference) = (span.context(), span.export());
    let report = context.enter(|| {
        span.finish();
        llmobs::task("child, which is not recorded").start().finish();
        evaluation("too late");
        Feedback::boolean("too late", true, "u").for_span(reference).submit().unwrap();
        llmobs::flush(PATIENCE)
    });
    assert_eq!(
        (report.delivered, dropped(&report), report.pending()),
        (0, vec![(DropReason::Shutdown, 3)], 0)
    );
    assert_eq!(server.events().len(), 0);
}

#[test]
fn s10_s56_s59_s60_nothing_is_sent_without_a_client_and_all_with_one() {
    own_process!();
    let nowhere = llmobs::workflow("nowhere").start();
    assert_eq!(nowhere.enter(|| 1 + 1), 2);
    nowhere.annotate(|_| {
        panic!("the annotation was built without a client");
    });
    assert_eq!((nowhere.export(), llmobs::export_span()), (None, None));
    nowhere.finish();

    let server = CaptureServer::start();
    let config = Config::from_env().exporter(Exporter::Http).agentless(true).api_key("0123456789abcdef");
    let guard = config.override_origin(server.url()).ml_app("app").init().unwrap();
    assert_eq!(llmobs::flush(PATIENCE).to_string(), "0 delivered, 0 dropped, 0 pending");

    let reasoning = "r".repeat(1600);
    for _ in 0..3300 {
        let evaluation = Evaluation::score("l", 1)
            .for_span(SpanRef { trace_id: "t".into(), span_id: "s".into() })
            .reasoning(&*reasoning);
        evaluation.submit().unwrap();
    }
    llmobs::task("t").start().finish();
    let report = llmobs::flush(PATIENCE);
    assert_eq!(report.to_string(), "3301 delivered, 0 dropped, 0 pending");
    drop(guard);
    assert_eq!(llmobs::flush(PATIENCE).to_string(), "0 delivered, 0 dropped, 0 pending");

    let posts = server.posts();
    let (evaluations, spans): (Vec<_>, Vec<_>) =
        posts.into_iter().partition(|post| post.path == "/api/intake/llm-obs/v2/eval-metric");
    assert_eq!(spans.len(), 1);
    let count = |body: &[u8]| {
        let body: Value = serde_json::from_slice(body).unwrap();
        body["data"]["attributes"]["metrics"].as_array().unwrap().len()
    };
    assert_eq!(evaluations.iter().map(|post| count(&post.body)).sum::<usize>(), 3300);
    for post in &evaluations {
        assert!(post.body.len() <= 5 * 1024 * 1024, "{} bytes", post.body.len());
        assert_eq!(post.headers["dd-api-key"], "0123456789abcdef");
    }
}
