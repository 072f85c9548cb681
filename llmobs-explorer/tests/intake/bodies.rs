//! The compression and the size limits of bodies.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::served::{Reply, Served, events_body, span};

/// Compresses a body.
type Encode = fn(&[u8]) -> Vec<u8>;

const PATH: &str = "/api/v2/llmobs";

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn bare_deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zstd(body: &[u8]) -> Vec<u8> {
    zstd::encode_all(body, 3).unwrap()
}

fn post(served: &Served, encoding: &str, body: &[u8]) -> Reply {
    served.ask("POST", PATH, &[("Content-Type", "application/json"), ("Content-Encoding", encoding)], body)
}

#[test]
fn all_encodings_of_the_intake_of_datadog_are_supported() {
    let served = Served::new();
    let identity: Encode = <[u8]>::to_vec;
    let encodings: [(&str, Encode); 9] = [
        ("identity", identity),
        ("", identity),
        ("gzip", gzip),
        ("GZIP", gzip),
        ("x-gzip", gzip),
        ("deflate", zlib),
        ("x-deflate", zlib),
        ("deflate", bare_deflate),
        ("zstd", zstd),
    ];
    for (number, (encoding, encode)) in encodings.into_iter().enumerate() {
        let event = span("T", &number.to_string());
        let reply = post(&served, encoding, &encode(&events_body([&event])));
        assert_eq!((reply.status, reply.text().as_str()), (202, "{}"), "{encoding}");
        assert_eq!(served.event("T", &number.to_string()), Some(event.to_string()), "{encoding}");
    }
}

#[test]
fn gzip_in_several_members_is_one_body() {
    let served = Served::new();
    let body = events_body([&span("T", "1")]);
    let (first, second) = body.split_at(body.len() / 2);
    assert_eq!(post(&served, "gzip", &[gzip(first), gzip(second)].concat()).status, 202);
    assert!(served.event("T", "1").is_some());
}

#[test]
fn bodies_that_cannot_be_decompressed_are_refused_and_listed() {
    let served = Served::new();
    let body = events_body([&span("T", "1")]);
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 9].to_vec();
    for (encoding, bytes, status, reason) in [
        ("br", body.clone(), 415, "`Content-Encoding` is \"br\": expected gzip, deflate, zstd or identity"),
        (
            "gzip, gzip",
            gzip(&gzip(&body)),
            415,
            "`Content-Encoding` is \"gzip, gzip\": expected gzip, deflate, zstd or identity",
        ),
        ("gzip", body.clone(), 400, "the body cannot be decompressed as gzip: "),
        ("gzip", cut(gzip(&body)), 400, "the body cannot be decompressed as gzip: "),
        ("deflate", b"\xff\xff\xff".to_vec(), 400, "the body cannot be decompressed as deflate: "),
        ("zstd", cut(zstd(&body)), 400, "the body cannot be decompressed as zstd: "),
        // Gzip within gzip is not JSON.
        ("gzip", gzip(&gzip(&body)), 400, "the body is not UTF-8: "),
    ] {
        let reply = post(&served, encoding, &bytes);
        assert_eq!(reply.status, status, "{encoding}: {}", reply.text());
        assert!(reply.reason().starts_with(reason), "{encoding}: {}", reply.reason());
        assert_eq!(reply.header("accept-encoding").is_some(), status == 415);
    }
    assert_eq!((served.rows("span"), served.rows("rejection")), (0, 7));
    let setup = served.get("/setup").text();
    assert!(setup.contains("the body cannot be decompressed as zstd"), "{setup}");
    assert!(setup.contains("expected gzip, deflate, zstd or identity"), "{setup}");
}

#[test]
fn two_encoding_headers_are_refused() {
    let served = Served::new();
    let headers = [
        ("Content-Type", "application/json"),
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "identity"),
    ];
    let reply = served.ask("POST", PATH, &headers, &gzip(&events_body([&span("T", "1")])));
    assert_eq!(reply.status, 415);
    assert_eq!(served.rows("span"), 0);
}

#[test]
fn the_largest_bodies_of_sdks_are_accepted_and_far_larger_ones_are_refused() {
    let served = Served::new();
    let mut event = span("T", "1");
    event["meta"]["input"] = serde_json::json!({ "value": "x".repeat(6 << 20) });
    assert_eq!(post(&served, "identity", &events_body([&event])).status, 202);
    assert_eq!(served.event("T", "1"), Some(event.to_string()));

    event["meta"]["input"]["value"] = "x".repeat(17 << 20).into();
    let reply = post(&served, "gzip", &gzip(&events_body([&event])));
    assert_eq!(
        (reply.status, reply.reason().as_str()),
        (413, "the body is larger than 16 MiB when decompressed: send several requests")
    );
    assert_eq!(served.rows("span"), 1);
}

#[test]
fn a_body_in_chunks_is_one_body() {
    let served = Served::new();
    let event = span("T", "1");
    let body = events_body([&event]);
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        served.port
    )
    .into_bytes();
    for chunk in body.chunks(7) {
        request.extend(format!("{:x}\r\n", chunk.len()).bytes());
        request.extend(chunk);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    assert_eq!(served.raw(&request).unwrap().status, 202);
    assert_eq!(served.event("T", "1"), Some(event.to_string()));
}
