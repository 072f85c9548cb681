//! Spans of OpenTelemetry over gRPC, sent by an HTTP/2 client.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use flate2::Compression;
use flate2::write::GzEncoder;
use ureq::http::{HeaderMap, Request, Version};

use crate::served::{Served, TIMEOUT};

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// An HTTP/2 frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Headers as literals without index and without Huffman code.
fn headers(pairs: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).expect("short")][..], text.as_bytes()].concat();
    pairs.iter().flat_map(|(name, value)| [&[0][..], &text(name), &text(value)].concat()).collect()
}

/// The answer to a body.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Vec<u8>,
    /// The headers and the trailers.
    headers: HeaderMap,
}

impl Answer {
    /// The gRPC status and its reason.
    fn grpc(&self) -> (&str, String) {
        let text = |name: &str| self.headers.get(name).map_or("", |value| value.to_str().expect("text"));
        (text("grpc-status"), text("grpc-message").to_owned())
    }
}

/// Posts a body.
fn exchange(served: &Served, authority: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
    post(served, authority, path, more, body, true)
}

/// Posts a body, or the beginning of a body.
fn post(
    served: &Served,
    authority: &str,
    path: &str,
    more: &[(&str, &str)],
    body: &[u8],
    is_all: bool,
) -> Answer {
    let mut request = Request::post(format!("http://{authority}{path}"))
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let body = body.to_vec();
    let port = served.port;
    let exchange = async move {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        let (client, connection) = h2::client::handshake(stream).await.expect("an HTTP/2 connection");
        tokio::spawn(connection);
        let mut client = client.ready().await.expect("a connection that accepts requests");
        let (response, mut sender) = client.send_request(request.body(()).unwrap(), false).unwrap();
        sender.send_data(body.into(), is_all).unwrap();
        let (head, mut stream) = response.await.expect("an answer").into_parts();
        let mut answer = Answer { status: head.status.as_u16(), body: Vec::new(), headers: head.headers };
        while let Some(data) = stream.data().await {
            answer.body.extend_from_slice(&data.expect("data"));
        }
        answer.headers.extend(stream.trailers().await.expect("trailers").unwrap_or_default());
        answer
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(TIMEOUT, exchange).await }).expect("an answer in time")
}

/// A request with one step: field 1 of the request, field 2 of the resource spans, and field 2 of the scope spans, with ids, a name and an
/// attribute.
fn message() -> Vec<u8> {
    let bytes = |number: u8, value: &[u8]| {
        [&[number << 3 | 2, u8::try_from(value.len()).expect("short")][..], value].concat()
    };
    let attribute = [bytes(1, b"gen_ai.operation.name"), bytes(2, &bytes(1, b"plan"))].concat();
    let span =
        [bytes(1, &[7; 16]), bytes(2, &[0, 0, 0, 0, 0, 0, 0, 9]), bytes(5, b"n"), bytes(9, &attribute)]
            .concat();
    bytes(1, &bytes(2, &bytes(2, &span)))
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&[0][..], &u32::try_from(message.len()).expect("short").to_be_bytes(), message].concat()
}

#[test]
fn a_span_is_stored_and_the_status_is_last() {
    let served = Served::new();
    let own = format!("localhost:{}", served.port);
    let answer = exchange(&served, &own, TRACES, &[], &framed(&message()));
    assert_eq!(
        (answer.status, answer.body.as_slice(), answer.grpc()),
        (200, &[0; 5][..], ("0", String::new()))
    );
    assert!(served.event("07070707070707070707070707070707", "9").is_some());
    // A span without an id is reported, and the others are stored.
    let bad = [message(), vec![0x0a, 4, 0x12, 2, 0x12, 0]].concat();
    let answer = exchange(&served, &own, TRACES, &[], &framed(&bad));
    let text = String::from_utf8_lossy(&answer.body);
    assert!(text.contains("event 1: `trace_id` has 0 bytes: expected 16 (1 of 2 events rejected)"), "{text}");
    assert_eq!(answer.grpc().0, "0");
}

#[test]
fn a_message_may_be_compressed() {
    let served = Served::new();
    let own = format!("localhost:{}", served.port);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&message()).unwrap();
    let mut body = framed(&encoder.finish().unwrap());
    body[0] = 1;
    let answer = exchange(&served, &own, TRACES, &[("grpc-encoding", "gzip")], &body);
    assert_eq!(answer.grpc().0, "0");
    assert!(served.event("07070707070707070707070707070707", "9").is_some());
}

#[test]
fn other_requests_are_refused_as_over_http() {
    let served = Served::new();
    let own = format!("127.0.0.1:{}", served.port);
    let body = framed(&message());
    let evil = format!("evil.com:{}", served.port);
    for (authority, more) in [(&evil, &[][..]), (&own, &[("origin", "http://evil.com")])] {
        assert_eq!(exchange(&served, authority, TRACES, more, &body).status, 403);
    }
    for (path, more, body, status, reason) in [
        (TRACES, &[][..], &body[1..], "3", "the body is not a single gRPC message"),
        (TRACES, &[("grpc-encoding", "zstd")], &body, "12", "`grpc-encoding` is unknown"),
        ("/other.Service/Call", &[], &body, "12", "there is nothing at /other.Service/Call"),
        (TRACES, &[], &vec![0; 17 << 20], "8", "the body is larger than 16 MiB"),
    ] {
        let answer = exchange(&served, &own, path, more, body);
        let (found, text) = answer.grpc();
        assert!((answer.status, found) == (200, status) && text.starts_with(reason), "{answer:?}");
        assert!(served.get("/setup").text().contains(reason), "{reason}");
    }
    assert_eq!(served.rows("span"), 0);
}

#[test]
fn a_passed_deadline_is_reported() {
    let served = Served::new();
    let own = format!("127.0.0.1:{}", served.port);
    // The rest of the body never arrives.
    let body = framed(&message());
    let answer = post(&served, &own, TRACES, &[("grpc-timeout", "50m")], &body[..9], false);
    assert_eq!(answer.grpc(), ("4", "the deadline of the request has passed".to_owned()));
}

/// Requests beyond the limit of a connection wait for others.
#[test]
fn many_requests_on_one_connection_are_all_answered() {
    let served = Served::new();
    let port = served.port;
    let requests = async move {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        let (mut client, connection) = h2::client::handshake(stream).await.expect("an HTTP/2 connection");
        tokio::spawn(connection);
        let mut statuses = Vec::new();
        // The client knows the limit after the first answer.
        for requests in [1, 99] {
            let mut answers = Vec::new();
            for _ in 0..requests {
                client = client.ready().await.expect("a connection that accepts requests");
                let request = Request::post(format!("http://localhost:{port}{TRACES}"))
                    .version(Version::HTTP_2)
                    .header("content-type", "application/grpc");
                let (answer, mut sender) = client.send_request(request.body(()).unwrap(), false).unwrap();
                sender.send_data(framed(&message()).into(), true).unwrap();
                answers.push(tokio::spawn(answer));
            }
            for answer in answers {
                statuses.push(answer.await.unwrap().expect("an answer").status().as_u16());
            }
        }
        statuses
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let statuses = runtime.block_on(async { tokio::time::timeout(TIMEOUT, requests).await });
    assert_eq!(statuses.expect("answers in time"), [200; 100]);
    assert_eq!(served.rows("span"), 1);
}

/// Invalid HTTP/2 bytes end their connection, but not the explorer.
#[test]
fn damaged_frames_end_their_connection() {
    let served = Served::new();
    let own = format!("127.0.0.1:{}", served.port);
    let good = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(4, 0, 0, &[]),
        frame(
            1,
            4,
            1,
            &headers(&[(":method", "POST"), (":scheme", "http"), (":path", TRACES), (":authority", &own)]),
        ),
        frame(0, 1, 1, &framed(&message())),
    ]
    .concat();
    for at in (0..good.len()).step_by(5) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("a connection");
        // The explorer may close the connection before everything is written.
        drop(stream.write_all(&bytes));
        drop(stream.shutdown(std::net::Shutdown::Write));
        drop(stream.read_to_end(&mut Vec::new()));
    }
    assert_eq!(exchange(&served, &own, TRACES, &[], &framed(&message())).grpc().0, "0");
}
