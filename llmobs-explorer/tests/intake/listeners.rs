//! The ports. Each accepts all protocols.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::served::{Served, TIMEOUT, exchange};

/// The port in the line with this beginning.
fn port(served: &mut Served, beginning: &str) -> u16 {
    served.line(beginning).rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

#[test]
fn each_port_accepts_all_protocols_under_its_own_name() {
    let mut served = Served::new();
    let ports = [
        served.port,
        port(&mut served, "llmobs: OpenTelemetry over HTTP at "),
        port(&mut served, "llmobs: OpenTelemetry over gRPC at "),
    ];
    let post = |port: u16, host: u16, path: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: 2\r\n\r\n{{}}"
        );
        exchange(port, head.as_bytes()).expect("an answer").status
    };
    for port in ports {
        assert_eq!((post(port, port, "/v1/traces"), post(port, port, "/api/v2/llmobs")), (200, 400));
        for other in ports.into_iter().filter(|other| *other != port) {
            assert_eq!(post(port, other, "/v1/traces"), 403);
        }
    }
}

#[test]
fn a_taken_port_is_reported_and_the_others_listen() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().port();
    let options = ["--otlp-http-port", &taken.to_string(), "--otlp-grpc-port", "off"];
    let served = Served::at(Path::new(":memory:"), &options);
    let expected = format!(
        "llmobs: port {taken} is taken by another program, perhaps a collector; OpenTelemetry over HTTP is only received at {}; \
         choose another port: --otlp-http-port {}\nllmobs: traces at {}",
        served.origin,
        taken + 1,
        served.origin
    );
    assert_eq!(served.output(), expected);
    assert_eq!(served.ask("POST", "/v1/traces", &[("Content-Type", "application/json")], b"{}").status, 200);
}

/// A client that sends only the beginning of the HTTP/2 preface does not keep its place.
#[test]
fn half_a_preface_times_out() {
    let served = Served::new();
    let started = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("a connection");
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.write_all(b"PRI * HT").unwrap();
    // Unread bytes make the end of the connection a reset.
    let end = stream.read(&mut [0; 1]).map_err(|error| error.kind());
    assert!(matches!(end, Ok(0) | Err(ErrorKind::ConnectionReset)), "{end:?}");
    assert!(started.elapsed() > Duration::from_secs(4), "{:?}", started.elapsed());
    // A request with a similar beginning is answered.
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("a connection");
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.write_all(b"P").unwrap();
    let rest =
        format!("UT /v1/traces HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", served.port);
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}
