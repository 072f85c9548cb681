//! Requests to faulty servers.

use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};

use llmobs_test_support::CaptureServer;
use ureq::Proxy;

use super::*;
use crate::base::secret::Secret;
use crate::deliver::transport::loopback::{Connection, Server};

const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}";
const KEY: &str = "0123456789abcdef0123456789abcdef";
/// More bytes than the system buffers before the peer reads.
const LARGE: usize = 32 * 1024 * 1024;

fn settings(url: &str) -> Settings {
    Settings {
        api_key: Some(Secret::new(KEY)),
        override_origin: Some(url.to_owned()),
        timeout: Duration::from_secs(60),
        ..Settings::default()
    }
}

fn client(url: &str) -> Client {
    let settings = settings(url);
    Client::new(Endpoint::intake(&settings).unwrap(), &settings, Names::default())
}

fn post(client: &mut Client, bytes: usize) -> Result<(), Refusal> {
    let mut body = "x".repeat(bytes);
    let sent = client.post(Intake::Spans, &mut body);
    assert_eq!(body.len(), bytes);
    sent
}

/// Returns the outcome of a failed request, with `URL` in place of the address.
fn outcome(client: &mut Client, bytes: usize) -> (FailureKind, bool, String) {
    let url = client.endpoint.shown(Intake::Spans);
    let Err(Refusal { failure, is_wrong_endpoint }) = post(client, bytes) else {
        panic!("the request was accepted");
    };
    assert!(!failure.message.contains(KEY) && !failure.message.contains("xxx"), "{}", failure.message);
    (failure.kind, is_wrong_endpoint, failure.message.replace(&url, "URL"))
}

fn kind(client: &mut Client, bytes: usize) -> FailureKind {
    outcome(client, bytes).0
}

/// Returns a URL without a listener.
fn unused_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn the_status_decides_how_a_failure_is_handled() {
    use FailureKind::{Denied, Invalid, Permanent, TooLarge, Unavailable};
    let check_key = "; check DD_API_KEY, and that DD_SITE is the site of that key";
    let not_followed =
        "; redirects are not followed, because they would receive the API key: check the address";
    for (status, kind, text) in [
        (307, Denied, format!("307 Temporary Redirect{not_followed}")),
        (400, Invalid, "400 Bad Request".to_owned()),
        (401, Denied, format!("401 Unauthorized{check_key}")),
        (402, Permanent(DropReason::Rejected), "402 Payment Required".to_owned()),
        (403, Denied, format!("403 Forbidden{check_key}")),
        (404, Denied, "404 Not Found; check DD_SITE and DD_LLMOBS_OVERRIDE_ORIGIN".to_owned()),
        (408, Unavailable, "408 Request Timeout".to_owned()),
        (413, TooLarge, "413 Payload Too Large".to_owned()),
        (415, Invalid, "415 Unsupported Media Type".to_owned()),
        (422, Invalid, "422 Unprocessable Entity".to_owned()),
        (425, Unavailable, "425 Too Early".to_owned()),
        (429, Unavailable, "429 Too Many Requests".to_owned()),
        (500, Unavailable, "500 Internal Server Error".to_owned()),
        (503, Unavailable, "503 Service Unavailable".to_owned()),
        (599, Unavailable, "599 <unknown status code>".to_owned()),
    ] {
        let server = CaptureServer::start().statuses(&[status]).header("retry-after", "7");
        let mut client = client(&server.url());
        let Err(Refusal { failure, is_wrong_endpoint }) = post(&mut client, 10) else {
            panic!("{status} was accepted");
        };
        let message = format!("{}/api/v2/llmobs answers {text}", server.url());
        let wait = (kind == Unavailable).then_some(Duration::from_secs(7));
        assert_eq!(is_wrong_endpoint, kind == Denied, "{status}");
        assert_eq!((failure.kind, failure.wait, failure.message), (kind, wait, message));
    }
}

#[test]
fn one_connection_serves_all_requests() {
    let server = Server::start(|_, connection| {
        let large = "x".repeat(60_000);
        for answer in [
            ACCEPTED.to_owned(),
            "HTTP/1.1 500 Oh\r\ncontent-length: 5\r\n\r\nsorry".to_owned(),
            "HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nx: y\r\n\r\n"
                .to_owned(),
            "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            format!("HTTP/1.1 429 No\r\ncontent-length: 60000\r\n\r\n{large}"),
            ACCEPTED.to_owned(),
        ] {
            connection.request();
            connection.send(&answer);
        }
        connection.request();
    });
    let mut client = client(&server.url());
    let accepted: Vec<bool> = (0..6).map(|_| post(&mut client, 100).is_ok()).collect();
    assert_eq!((accepted, server.connections()), (vec![true, false, true, true, false, true], 1));
}

#[test]
fn an_endless_answer_is_accepted() {
    let server = Server::start(|number, connection| {
        connection.request();
        if number == 0 {
            // At some point the client stops reading.
            connection.send("HTTP/1.1 202 Accepted\r\n\r\n");
            while connection.send(&"x".repeat(1024)) {}
        } else {
            connection.send("HTTP/1.1 202 Accepted\r\ncontent-length: 100000\r\n\r\n");
            // Waits until the client closes the connection.
            connection.request();
        }
    });
    let mut client = client(&server.url());
    assert!(post(&mut client, 100).is_ok());
    assert!(post(&mut client, 100).is_ok());
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_request_without_a_listener_was_not_accepted() {
    let (kind, is_wrong_endpoint, message) = outcome(&mut client(&unused_url()), 100);
    assert_eq!((kind, is_wrong_endpoint), (FailureKind::Unavailable, true));
    assert!(message.starts_with("URL does not answer: ") && message.contains("refused"), "{message}");
    assert!(message.ends_with("; check that it is running and can be reached from here"), "{message}");
    let (kind, is_wrong_endpoint, message) = outcome(&mut client("http://host.invalid"), 100);
    assert_eq!((kind, is_wrong_endpoint), (FailureKind::Unavailable, true), "{message}");
}

#[test]
fn a_request_without_an_answer_may_have_been_accepted() {
    for answer in ["", "HTTP/1.1 202 Acc", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let server = Server::start(move |_, connection| {
            connection.request();
            connection.send(answer);
        });
        let (kind, is_wrong_endpoint, message) = outcome(&mut client(&server.url()), 100);
        assert_eq!((kind, is_wrong_endpoint), (FailureKind::Unanswered, false), "{answer}");
        assert!(message.starts_with("URL received a request and did not answer: "), "{message}");
        assert_eq!(server.connections(), 1, "{answer}");
    }
}

#[test]
fn a_server_without_http_has_accepted_nothing() {
    for answer in
        ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 -5 secret\r\n\r\n", "\u{3}\0\0", "HTTP/9.9 202\r\n\r\n"]
    {
        let server = Server::start(move |_, connection| {
            connection.request();
            connection.send(answer);
            connection.request();
        });
        let message = "URL did not answer with HTTP: check that the address is right".to_owned();
        let outcome = outcome(&mut client(&server.url()), 100);
        assert_eq!(outcome, (FailureKind::Unavailable, true, message), "{answer}");
    }
}

#[test]
fn a_status_counts_even_if_the_rest_is_invalid() {
    for rest in
        ["content-length: -1\r\n\r\n", "content-length: 1\r\n", "transfer-encoding: chunked\r\n\r\nx\r\n"]
    {
        for (status, accepted) in [(202, true), (500, false)] {
            let server = Server::start(move |_, connection| {
                connection.request();
                connection.send(&format!("HTTP/1.1 {status} X\r\n{rest}"));
            });
            let sent = post(&mut client(&server.url()), 100);
            assert_eq!(sent.is_ok(), accepted, "{status} {rest}");
            if let Err(Refusal { failure, .. }) = sent {
                assert_eq!(failure.kind, FailureKind::Unavailable);
                assert!(
                    failure.message.ends_with(" answers 500 Internal Server Error"),
                    "{}",
                    failure.message
                );
            }
        }
    }
}

/// Starts a server that reads a part of each request, then answers or closes the connection.
fn answering_early(answer: &'static str) -> Server {
    Server::start(move |_, connection| {
        connection.head();
        connection.skip(4096);
        connection.send(answer);
    })
}

#[test]
fn two_resets_during_large_requests_mean_too_large() {
    let server = answering_early("");
    let mut client = client(&server.url());
    for _ in 0..2 {
        assert_eq!(kind(&mut client, LARGE), FailureKind::Unavailable);
        let (kind, _, message) = outcome(&mut client, LARGE);
        assert_eq!(kind, FailureKind::TooLarge);
        assert_eq!(message, format!("URL closed the connection during a request of {LARGE} bytes"));
    }
    assert_eq!(server.connections(), 4);
}

#[test]
fn an_answer_before_the_end_of_a_request_is_read() {
    let server = answering_early("HTTP/1.1 413 Payload Too Large\r\ncontent-length: 0\r\n\r\n");
    let mut client = client(&server.url());
    for _ in 0..5 {
        let (kind, _, message) = outcome(&mut client, LARGE);
        assert_eq!((kind, &*message), (FailureKind::TooLarge, "URL answers 413 Payload Too Large"));
    }
}

#[test]
fn a_request_on_a_closed_connection_is_sent_again_at_once() {
    let server = Server::start(|_, connection| {
        connection.request();
        connection.send(ACCEPTED);
        // The next request arrives at a closed connection.
        connection.skip(1);
    });
    let mut client = client(&server.url());
    for _ in 0..10 {
        assert!(post(&mut client, 100).is_ok());
    }
    assert_eq!(server.connections(), 10);
}

#[test]
fn a_request_on_a_new_connection_is_sent_once() {
    let server = Server::start(|number, connection| {
        connection.request();
        if number == 0 {
            connection.send(ACCEPTED);
            connection.request();
        }
    });
    let mut client = client(&server.url());
    assert!(post(&mut client, 100).is_ok());
    // The request is sent on the old connection and on a new one.
    assert_eq!(kind(&mut client, 100), FailureKind::Unanswered);
    assert_eq!(server.connections(), 2);
    assert_eq!(kind(&mut client, 100), FailureKind::Unanswered);
    assert_eq!(server.connections(), 3);
}

#[test]
fn large_requests_have_a_longer_timeout() {
    let (go, gate) = channel();
    let gate = Mutex::new(gate);
    let both = Arc::new(Barrier::new(2));
    let arrived = Arc::clone(&both);
    let server = Server::start(move |_, connection: &mut Connection<TcpStream>| {
        if connection.request().is_some_and(|request| request.body.len() > 1000) {
            arrived.wait();
            gate.lock().unwrap().recv().unwrap();
            connection.send(ACCEPTED);
        } else {
            connection.request();
        }
    });
    let short_timeout = Settings { timeout: Duration::from_millis(500), ..settings(&server.url()) };
    let client = || Client::new(Endpoint::intake(&short_timeout).unwrap(), &short_timeout, Names::default());
    std::thread::scope(|scope| {
        // Its timeout is two minutes.
        let large = scope.spawn(|| post(&mut client(), 30_000_000).is_ok());
        both.wait();
        assert_eq!(kind(&mut client(), 100), FailureKind::Unanswered);
        go.send(()).unwrap();
        assert!(large.join().unwrap());
    });
}

#[cfg(feature = "gzip")]
#[test]
fn large_requests_with_spans_are_compressed_until_a_refusal() {
    use std::sync::atomic::{AtomicBool, Ordering};

    use flate2::read::GzDecoder;

    let accepts = Arc::new(AtomicBool::new(true));
    let server = Server::answering(None, {
        let accepts = Arc::clone(&accepts);
        move |request| {
            let is_packed = request.headers.iter().any(|header| header == "content-encoding: gzip");
            let refused = is_packed && !accepts.load(Ordering::SeqCst);
            if refused { "HTTP/1.1 415 No\r\ncontent-length: 0\r\n\r\n" } else { ACCEPTED }.to_owned()
        }
    });
    let mut client = client(&server.url());
    assert!(!client.compresses);
    client.compresses = true;
    assert!(post(&mut client, MIN_COMPRESSED).is_ok());
    assert!(post(&mut client, MIN_COMPRESSED - 1).is_ok());
    assert!(client.post(Intake::Evaluations, &mut "x".repeat(MIN_COMPRESSED)).is_ok());
    accepts.store(false, Ordering::SeqCst);
    for _ in 0..2 {
        assert!(post(&mut client, MIN_COMPRESSED).is_ok());
    }
    let requests = server.requests();
    let bodies = requests.iter().map(|request| {
        let is_packed = request.headers.contains(&"content-encoding: gzip".to_owned());
        let mut body = String::new();
        let mut sent: Box<dyn std::io::Read> = Box::new(&*request.body);
        if is_packed {
            sent = Box::new(GzDecoder::new(sent));
        }
        sent.read_to_string(&mut body).unwrap();
        assert!(body.bytes().all(|byte| byte == b'x'));
        (is_packed, body.len())
    });
    let (large, small) = (MIN_COMPRESSED, MIN_COMPRESSED - 1);
    // The fourth request is refused and sent again. Later ones are not compressed.
    let expected =
        [(true, large), (false, small), (false, large), (true, large), (false, large), (false, large)];
    assert_eq!(bodies.collect::<Vec<_>>(), expected);
}

#[cfg(feature = "tls")]
#[test]
fn only_requests_to_datadog_are_compressed() {
    let key = || Some(Secret::new(KEY));
    let origin = crate::deliver::transport::endpoint::Origin::new("http://agent:8126", "").unwrap();
    let compresses = |settings: Settings, agent: bool| {
        let endpoint = if agent { Endpoint::agent(&origin, &settings) } else { Endpoint::intake(&settings) };
        Client::new(endpoint.unwrap(), &settings, Names::default()).compresses
    };
    let settings = || Settings { api_key: key(), ..Settings::default() };
    assert_eq!(compresses(settings(), false), cfg!(feature = "gzip"));
    assert!(!compresses(settings(), true));
    assert!(!compresses(Settings { public_api: true, ..settings() }, false));
    assert!(!compresses(Settings { override_origin: Some("https://other".to_owned()), ..settings() }, false));
}

#[test]
fn an_unsupported_proxy_is_not_bypassed() {
    let server = Server::start(|_, _| ());
    let settings = settings(&server.url());
    for proxy in ["socks4://127.0.0.1:1", "socks5://127.0.0.1:1"] {
        let config = Agent::config_builder().proxy(Proxy::new(proxy).ok()).build();
        let endpoint = Endpoint::intake(&settings).unwrap();
        let mut client = Client::with_config(endpoint, &settings, Names::default(), config);
        let (kind, _, message) = outcome(&mut client, 100);
        assert_eq!(kind, FailureKind::Unavailable);
        assert!(message.contains("only http proxies are supported"), "{message}");
    }
    assert_eq!(server.connections(), 0);
}

#[cfg(feature = "tls")]
#[test]
fn a_server_with_an_invalid_certificate_receives_nothing() {
    let server = CaptureServer::start_tls();
    let (kind, is_wrong_endpoint, message) = outcome(&mut client(&server.url()), 100);
    assert_eq!((kind, is_wrong_endpoint), (FailureKind::Denied, true), "{message}");
    assert!(
        message.starts_with("URL: its certificate was refused, and nothing was sent: check"),
        "{message}"
    );
    assert_eq!(server.requests().len(), 0);
    // A server without TLS.
    let received = Arc::new(Mutex::new(Vec::new()));
    let plain = Server::start({
        let received = Arc::clone(&received);
        move |_, connection| {
            connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
            received.lock().unwrap().push(connection.head());
        }
    });
    let url = plain.url().replace("http", "https");
    let (kind, _, message) = outcome(&mut client(&url), 100);
    assert_eq!(kind, FailureKind::Unavailable, "{message}");
    drop(plain);
    assert_eq!(*received.lock().unwrap(), [None]);
}
