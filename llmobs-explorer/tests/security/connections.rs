//! V4 and V7: connections that take too long, and too many connections.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::served::{Reply, Served, TIMEOUT, until};

/// Each of these waits for some seconds, so they run concurrently.
#[test]
fn slow_clients_do_not_block_others() {
    std::thread::scope(|scope| {
        scope.spawn(a_head_that_arrives_byte_by_byte_times_out);
        scope.spawn(a_body_that_never_ends_times_out);
        scope.spawn(idle_connections_are_closed_for_those_beyond_the_limit);
        scope.spawn(slow_bodies_do_not_block_others);
        scope.spawn(many_senders_with_separate_connections_lose_nothing);
        scope.spawn(a_client_that_never_reads_is_disconnected);
    });
}

/// The rest of an answer, and the time until the explorer closed the connection.
fn rest(stream: &mut TcpStream, since: Instant) -> (Option<Reply>, Duration) {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes));
    (Reply::parse(&bytes), since.elapsed())
}

/// The limit is ten seconds. A loaded machine may notice the timeout later.
const LIMIT: Duration = Duration::from_secs(20);

fn a_head_that_arrives_byte_by_byte_times_out() {
    let served = Served::new();
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let since = Instant::now();
    // Sends one byte per second: the read timeout is the pause.
    for byte in b"GET /info HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ".iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        match stream.read(&mut [0; 1000]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            _ => break,
        }
        assert!(since.elapsed() < LIMIT, "the explorer still reads");
    }
    assert!(since.elapsed() > Duration::from_secs(4), "the explorer did not wait");
}

fn a_body_that_never_ends_times_out() {
    let served = Served::new();
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    let since = Instant::now();
    let head = format!(
        "POST /api/v2/llmobs HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n",
        served.port
    );
    stream.write_all(head.as_bytes()).unwrap();
    let (reply, took) = rest(&mut stream, since);
    assert_eq!(reply.expect("an answer").status, 408);
    assert!(took < LIMIT, "{took:?}");
}

/// Opens a connection, asks for a page, and keeps the connection open.
fn ask_and_keep_open(served: &Served) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("a connection");
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    write!(stream, "GET /info HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", served.port).unwrap();
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning).expect("an answer");
    assert_eq!(&beginning, b"HTTP/1.1 200");
    stream
}

fn idle_connections_are_closed_for_those_beyond_the_limit() {
    let served = Served::new();
    // Each gets an answer, although all others stay open.
    let open: Vec<TcpStream> = (0..200).map(|_| ask_and_keep_open(&served)).collect();
    assert_eq!(served.get("/traces").status, 200);
    drop(open);
}

fn slow_bodies_do_not_block_others() {
    let served = Served::new();
    let head = format!(
        "POST /api/v2/llmobs HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 16000000\r\n\r\n[",
        served.port
    );
    let slow = |_| {
        let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let slow: Vec<TcpStream> = (0..63).map(slow).collect();
    let since = Instant::now();
    let body = crate::served::events_body([&crate::served::span("T", "1")]);
    assert_eq!(served.post("/api/v2/llmobs", &body).status, 202);
    // All others are still open, since a body may take eight seconds.
    assert!(since.elapsed() < Duration::from_secs(7), "{:?}", since.elapsed());
    drop(slow);
}

fn many_senders_with_separate_connections_lose_nothing() {
    let served = Served::new();
    std::thread::scope(|scope| {
        for sender in 0..150 {
            let served = &served;
            scope.spawn(move || {
                for number in 0..4 {
                    let event = crate::served::span("T", &format!("{sender}-{number}"));
                    let reply = served.post("/api/v2/llmobs", &crate::served::events_body([&event]));
                    assert_eq!(reply.status, 202, "{}", reply.text());
                }
            });
        }
    });
    assert_eq!(served.rows("span"), 600);
}

fn a_client_that_never_reads_is_disconnected() {
    let served = Served::new();
    let mut event = crate::served::span("T", "1");
    event["meta"]["input"] = serde_json::json!({ "value": "x".repeat(12 << 20) });
    assert_eq!(served.post("/api/v2/llmobs", &crate::served::events_body([&event])).status, 202);
    let ask = format!("GET /traces/T/spans/1/event.json HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", served.port);
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    stream.write_all(ask.as_bytes()).unwrap();
    // The event is larger than the buffers of both sides, so the explorer cannot send all of it.
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning).unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200");
    until(|| (!served.is_connected()).then_some(()));
}
