//! V4: bodies that are too large, or become too large when they are decompressed or parsed. Memory stays within limits.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::served::{Reply, Served, TIMEOUT, events_body, span};

/// The limit of peak memory, in MiB.
const PEAK: u64 = 128;

/// Compressed spaces: a thousandth of their size.
fn bomb(inflated_mib: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..inflated_mib {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

/// Ten gigabytes in ten megabytes: the same gzip member, repeated.
fn large_bomb() -> Vec<u8> {
    bomb(64).repeat(160)
}

fn send(served: &Served, encoding: &str, body: &[u8]) -> Option<Reply> {
    let head = format!(
        "POST /api/v2/llmobs HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
        served.port,
        body.len()
    );
    served.raw(&[head.as_bytes(), body].concat())
}

#[test]
fn compressed_bombs_are_refused_at_the_limit() {
    let served = Served::new();
    let bomb = large_bomb();
    assert!(bomb.len() < 64 << 20, "{}", bomb.len());
    let bomb = &bomb[..bomb.len().min(15 << 20)];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(send(&served, "gzip", bomb).expect("an answer").status, 413));
        }
    });
    let nested = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bomb).unwrap();
        encoder.finish().unwrap()
    };
    // The content is not text.
    let status = send(&served, "gzip", &nested).expect("an answer").status;
    assert!([400, 413].contains(&status), "{status}");
    assert_eq!(send(&served, "gzip, gzip", &nested).expect("an answer").status, 415);
    let zstd = zstd::encode_all(&vec![b' '; 64 << 20][..], 19).unwrap();
    assert_eq!(send(&served, "zstd", &zstd).expect("an answer").status, 413);
    assert_eq!(served.rows("span"), 0);
    assert!(served.peak_mib() <= PEAK, "{} MiB", served.peak_mib());
}

#[test]
fn a_hundred_megabytes_are_refused_with_and_without_their_length() {
    let served = Served::new();
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let head = format!(
        "POST /api/v2/llmobs HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: application/json\r\n",
        served.port
    );
    stream.write_all(format!("{head}Content-Length: 104857600\r\n\r\n[").as_bytes()).unwrap();
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes));
    assert_eq!(Reply::parse(&bytes).expect("an answer").status, 413);

    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    stream.set_write_timeout(Some(TIMEOUT)).unwrap();
    stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let chunk = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
    // The explorer closes the connection before all of these hundred chunks are sent.
    let taken = (0..100).take_while(|_| stream.write_all(&chunk).is_ok()).count();
    assert!(taken < 100, "the explorer read everything");
    assert!(served.peak_mib() <= PEAK, "{} MiB", served.peak_mib());
    assert_eq!(served.get("/info").status, 200);
}

#[test]
fn many_concurrent_large_bodies_wait_for_memory() {
    let served = Served::new();
    std::thread::scope(|scope| {
        for number in 10..26 {
            let served = &served;
            scope.spawn(move || {
                let mut event = span("T", &number.to_string());
                event["meta"]["input"] = serde_json::json!({ "value": number.to_string().repeat(1 << 20) });
                let reply = send(served, "identity", &events_body([&event])).expect("an answer");
                assert_eq!(reply.status, 202, "{}", reply.text());
            });
        }
    });
    assert_eq!(served.rows("span"), 16);
    assert!(served.peak_mib() <= PEAK, "{} MiB", served.peak_mib());
}

#[test]
fn bodies_that_become_large_when_parsed_stay_within_limits() {
    let served = Served::new();
    let mut event = span("T", "1");
    event["meta"]["metadata"] = serde_json::json!({ "list": vec![1; 1 << 20] });
    let reply = send(&served, "identity", &events_body([&event])).expect("an answer");
    assert_eq!(reply.status, 202, "{}", reply.text());
    // Two bytes of JSON become a value of 32 bytes.
    assert!(served.peak_mib() <= PEAK, "{} MiB", served.peak_mib());
    let shared: Vec<String> = (0..200).map(|number| format!("key{number}:{}", "v".repeat(200))).collect();
    let spans: Vec<_> = (0..50_000)
        .map(|id| serde_json::json!({ "trace_id": "many", "span_id": id, "start_ns": 1, "duration": 1 }))
        .collect();
    let body = serde_json::json!([{ "event_type": "span", "tags": shared, "spans": spans }]).to_string();
    let reply = send(&served, "identity", body.as_bytes());
    // The tags of all spans are not copied fifty thousand times.
    let status = reply.map_or(0, |reply| reply.status);
    assert!([400, 408].contains(&status), "{status}");
    assert!(served.peak_mib() <= 4 * PEAK, "{} MiB", served.peak_mib());
}

/// Events with very many parts are stored in full. Search and pages have limits, and the pages name them.
#[test]
fn events_with_very_many_parts_are_kept_whole_and_their_pages_stay_small() {
    let served = Served::new();
    let many = 300_000;
    let fields = (0..many).map(|at| format!("\"field_{at}\":{at}")).collect::<Vec<_>>().join(",");
    let items = |item: &str| vec![item; many].join(",");
    let tags = (0..many).map(|at| format!("\"tag:{at}\"")).collect::<Vec<_>>().join(",");
    let events = [
        (format!("\"meta\":{{\"metadata\":{{{fields}}}}}"), "299\u{202f}500 more fields", true),
        (format!("\"metrics\":{{{fields}}}"), "299\u{202f}500 more fields", true),
        (format!("\"tags\":[{tags}]"), "299\u{202f}500 more tags", true),
        (
            format!("\"meta\":{{\"input\":{{\"messages\":[{}]}}}}", items("{}")),
            "299\u{202f}000 messages before",
            false,
        ),
        (
            format!("\"meta\":{{\"output\":{{\"messages\":[{{\"tool_calls\":[{}]}}]}}}}", items("{}")),
            "299\u{202f}500 more tool calls",
            false,
        ),
        (
            format!("\"meta\":{{\"input\":{{\"value\":{{{fields}}}}}}}"),
            "6\u{202f}577\u{202f}782 characters after these",
            false,
        ),
        (
            format!("\"meta\":{{\"output\":{{\"documents\":[{}]}}}}", items("\"x\"")),
            "299\u{202f}500 more documents",
            false,
        ),
    ];
    let id = |at: usize| (at + 1).to_string();
    for (at, (part, note, is_limited)) in events.iter().enumerate() {
        let id = id(at);
        let event =
            format!("{{\"trace_id\":\"{id}\",\"span_id\":\"{id}\",\"start_ns\":1,\"duration\":1,{part}}}");
        assert_eq!(
            served.post("/api/v2/llmobs", format!("[{{\"spans\":[{event}]}}]").as_bytes()).status,
            202
        );
        assert!(served.event(&id, &id).as_ref() == Some(&event), "{note}");
        let page = served.get(&format!("/traces/{id}")).text();
        assert!(page.contains(note), "{note}");
        assert!(page.contains("more bytes in the event as JSON."), "{note}");
        assert_eq!(page.contains("<code>llmobs_attributes_left_out</code>"), *is_limited, "{note}");
        assert!(page.len() < 3 << 20, "{note}: {}", page.len());
    }
    let found = served.get("/traces?q=%40collection_errors%3Allmobs_attributes_left_out").text();
    let found: Vec<bool> =
        (0..events.len()).map(|at| found.contains(&format!("\"/traces/{}\"", id(at)))).collect();
    assert_eq!(found, events.map(|(_, _, is_limited)| is_limited));
}
