//! V4 and V7: connections that take too long, or are too many.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::served::{PATIENCE, Reply, Served, until};

/// Each of these waits for some seconds, so they wait together.
#[test]
fn nobody_is_waited_for_long() {
    std::thread::scope(|scope| {
        scope.spawn(a_head_that_comes_byte_by_byte_is_waited_for_some_seconds);
        scope.spawn(a_body_that_never_ends_is_waited_for_some_seconds);
        scope.spawn(connections_beyond_the_limit_wait_and_idle_ones_are_closed_for_them);
        scope.spawn(bodies_that_do_not_arrive_hold_up_nobody_else);
        scope.spawn(many_senders_with_connections_of_their_own_lose_nothing);
        scope.spawn(who_never_reads_the_answer_loses_the_seat);
    });
}

/// All that comes until the other side closes, and after how long it did.
fn rest(stream: &mut TcpStream, since: Instant) -> (Option<Reply>, Duration) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes));
    (Reply::parse(&bytes), since.elapsed())
}

/// The limit is ten seconds. A loaded machine may look at its clock later.
const LIMIT: Duration = Duration::from_secs(20);

fn a_head_that_comes_byte_by_byte_is_waited_for_some_seconds() {
    let served = Served::new();
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let since = Instant::now();
    // One byte a second: the pause is that of the reading.
    for byte in b"GET /info HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ".iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        match stream.read(&mut [0; 1000]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            _ => break,
        }
        assert!(since.elapsed() < LIMIT, "it is still listened to");
    }
    assert!(since.elapsed() > Duration::from_secs(4), "it was not waited for");
}

fn a_body_that_never_ends_is_waited_for_some_seconds() {
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

/// Opens a connection that stays open, and asks for a page.
fn ask_and_stay(served: &Served) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("it is accepted");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /info HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", served.port).unwrap();
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning).expect("it is answered");
    assert_eq!(&beginning, b"HTTP/1.1 200");
    stream
}

fn connections_beyond_the_limit_wait_and_idle_ones_are_closed_for_them() {
    let served = Served::new();
    // Each is answered, although all others stay open.
    let open: Vec<TcpStream> = (0..200).map(|_| ask_and_stay(&served)).collect();
    assert_eq!(served.get("/traces").status, 200);
    drop(open);
}

fn bodies_that_do_not_arrive_hold_up_nobody_else() {
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
    // All of the others are still open, since a body has eight seconds.
    assert!(since.elapsed() < Duration::from_secs(7), "{:?}", since.elapsed());
    drop(slow);
}

fn many_senders_with_connections_of_their_own_lose_nothing() {
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

fn who_never_reads_the_answer_loses_the_seat() {
    let served = Served::new();
    let mut event = crate::served::span("T", "1");
    event["meta"]["input"] = serde_json::json!({ "value": "x".repeat(12 << 20) });
    assert_eq!(served.post("/api/v2/llmobs", &crate::served::events_body([&event])).status, 202);
    let ask = format!("GET /traces/T/spans/1/event.json HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", served.port);
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    stream.write_all(ask.as_bytes()).unwrap();
    // What does not fit into the buffers of both sides cannot be sent; reading that late, not all of it is there.
    let mut beginning = [0; 12];
    stream.read_exact(&mut beginning).unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200");
    until(|| (!served.is_connected()).then_some(()));
}
