use fastrand::Rng;

use super::slim::LEFT_OUT;
use super::{Framing, RawEvent};

const LIMIT: usize = 1024;

/// The name of an event, its data, and whether it is an exception.
type Seen = (String, String, bool);

fn split(pieces: &[&[u8]], limit: usize) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut framing = Framing::Unknown;
    let mut each = |event: RawEvent<'_>| {
        let data = String::from_utf8_lossy(event.data).into_owned();
        seen.push((event.name.to_owned(), data, event.is_exception));
    };
    for piece in pieces {
        framing.push(piece, limit, &mut each);
    }
    framing.finish(&mut each);
    seen
}

/// Splits bytes into events. Checks that the result is the same byte by byte, and in two parts with any split.
fn events_of(bytes: &[u8]) -> Vec<Seen> {
    let whole = split(&[bytes], LIMIT);
    let single: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(split(&single, LIMIT), whole, "byte by byte");
    for at in 0..bytes.len() {
        let (before, after) = bytes.split_at(at);
        assert_eq!(split(&[before, after], LIMIT), whole, "split at {at}");
    }
    whole
}

fn named(text: &str) -> Vec<(String, String)> {
    events_of(text.as_bytes()).into_iter().map(|(name, data, _)| (name, data)).collect()
}

fn data(text: &str) -> Vec<String> {
    named(text).into_iter().map(|(_, data)| data).collect()
}

/// Returns a frame of AWS's event stream with text headers.
fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(u8::try_from(name.len()).unwrap());
        encoded.extend_from_slice(name.as_bytes());
        encoded.push(7);
        encoded.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    frame_of(&encoded, payload)
}

/// Returns a frame with these encoded headers.
fn frame_of(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&u32::try_from(16 + headers.len() + payload.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(headers.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(headers);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

fn event_frame(name: &str, payload: &str) -> Vec<u8> {
    frame(&[(":message-type", "event"), (":event-type", name)], payload.as_bytes())
}

fn seen(name: &str, data: &str, is_exception: bool) -> Seen {
    (name.to_owned(), data.to_owned(), is_exception)
}

#[test]
fn lines_can_end_in_three_ways() {
    for end in ["\n", "\r", "\r\n"] {
        let text = ["data: 1", "", "event: b", "data: 2", "", ""].join(end);
        let expected = [("", "1"), ("b", "2")].map(|(name, data)| (name.to_owned(), data.to_owned()));
        assert_eq!(named(&text), expected, "{end:?}");
    }
    assert_eq!(data("data: 1\r\n\rdata: 2\n\r\ndata: 3\r\r"), ["1", "2", "3"]);
}

#[test]
fn one_space_after_the_colon_is_skipped() {
    assert_eq!(data("data:1\n\ndata: 2\n\ndata:  3\n\ndata:\t4\n\n"), ["1", "2", " 3", "\t4"]);
}

#[test]
fn consecutive_data_lines_are_one_event() {
    assert_eq!(data("data: {\ndata:\ndata: \"a\": 1\ndata:}\n\n"), ["{\n\n\"a\": 1\n}"]);
    assert_eq!(data("data:\n\ndata: \n\n"), ["", ""]);
}

#[test]
fn other_lines_are_ignored() {
    let text = ": comment\n\nid: 7\nretry: 10\ndat: x\ndataset: x\n data: x\ndata: 1\nid\n:\n\n: ping\n\n\n\n\
                datum\ndata: 2\n\n";
    assert_eq!(data(text), ["1", "2"]);
}

#[test]
fn a_name_applies_to_one_event() {
    let text = "event: a\nevent:b\ndata: 1\n\ndata: 2\nevent:  c  \n\nevent: d\n\ndata: 3\n\n";
    let expected = [("b", "1"), ("c", "2"), ("", "3")];
    assert_eq!(named(text), expected.map(|(name, data)| (name.to_owned(), data.to_owned())));
    // A line that is too long is cut.
    let long = format!("event: {}\ndata: 1\n\ndata: 2\n\n", "n".repeat(10_000));
    let names: Vec<_> = named(&long).into_iter().map(|(name, _)| name.len()).collect();
    assert!(names[0] < 256 && names[1] == 0, "{names:?}");
}

#[test]
fn the_last_event_needs_no_blank_line() {
    for end in ["", "\n", "\r\n", "\n\n"] {
        assert_eq!(data(&format!("data: 1\n\ndata: 2{end}")), ["1", "2"], "{end:?}");
    }
    // A name alone is not an event.
    assert_eq!(data("data: 1\n\nevent: b\n"), ["1"]);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(data("\u{feff}data: 1\n\n"), ["1"]);
    assert_eq!(data("\u{feff}{\"a\":1}"), ["{\"a\":1}"]);
    assert_eq!(data(" \r\n data: 1\n\n"), ["1"]);
}

#[test]
fn json_texts_end_with_the_closing_bracket() {
    assert_eq!(data("{\"a\":1}\n{\"a\":2}\n"), ["{\"a\":1}", "{\"a\":2}"]);
    assert_eq!(data("{\"a\":1}{\"a\":[2,{}]}"), ["{\"a\":1}", "{\"a\":[2,{}]}"]);
    // The last text can be incomplete.
    assert_eq!(data("{\"a\":1}\r\n{\"a\":"), ["{\"a\":1}", "{\"a\":"]);
    assert_eq!(data("[{\"a\":1}, {\"a\":\"}"), ["{\"a\":1}", "{\"a\":\"}"]);
    assert_eq!(data("{\"a\":1} ["), ["{\"a\":1}"]);
    let pretty = "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}";
    assert_eq!(data(&format!("\n {pretty}\n")), [pretty]);
}

#[test]
fn the_items_of_an_array_are_events() {
    assert_eq!(data("[{\"a\":1}\n,\r\n{\"a\":[2]}\n]\n"), ["{\"a\":1}", "{\"a\":[2]}"]);
    assert_eq!(data("[[1,2],[3]]"), ["[1,2]", "[3]"]);
    assert_eq!(data("[]"), [""; 0]);
    assert_eq!(data("[1, \"{\", {\"a\":1}]"), ["{\"a\":1}"]);
}

#[test]
fn brackets_in_strings_are_text() {
    for text in [
        r#"{"a":"}]{["}"#,
        r#"{"a":"\"}"}"#,
        r#"{"a":"\\"}"#,
        r#"{"a":"\\\"}","b\"{":"\u007b"}"#,
        r#"{"zwölf 🦀 }":"é"}"#,
    ] {
        assert_eq!(data(text), [text]);
        assert_eq!(data(&format!("[{text},{text}]")), [text, text]);
    }
    // Unmatched closing brackets.
    assert_eq!(data("{}}]{\"a\":1}"), ["{}", "{\"a\":1}"]);
}

#[test]
fn frames_have_names_and_payloads() {
    let mut bytes = event_frame("messageStart", "{\"role\":\"assistant\"}");
    bytes.extend(event_frame("messageStop", ""));
    bytes.extend(frame(
        &[(":exception-type", "throttlingException"), (":message-type", "exception")],
        b"{\"message\":\"slow\"}",
    ));
    bytes.extend(frame(
        &[(":message-type", "error"), (":error-code", "500"), (":error-message", "Broken.")],
        b"",
    ));
    bytes.extend(frame(&[], b"{}"));
    let expected = [
        seen("messageStart", "{\"role\":\"assistant\"}", false),
        seen("messageStop", "", false),
        seen("throttlingException", "{\"message\":\"slow\"}", true),
        seen("500", "Broken.", true),
        seen("", "{}", false),
    ];
    assert_eq!(events_of(&bytes), expected);
    // The last frame is incomplete.
    assert_eq!(split(&[&bytes[..bytes.len() - 1]], LIMIT), expected[..4]);
}

#[test]
fn headers_of_each_type_are_skipped() {
    let mut headers = Vec::new();
    for (kind, length) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16)] {
        headers.extend_from_slice(&[1, b'h', kind]);
        // With a wrong length, the next byte would be a header of an unknown type.
        headers.extend(vec![10; length]);
    }
    headers.extend_from_slice(&[1, b'h', 6, 0, 2, 1, 2]);
    let mut name = vec![11];
    name.extend_from_slice(b":event-type\x07\x00\x01x");
    let known = [headers.clone(), name.clone()].concat();
    assert_eq!(events_of(&frame_of(&known, b"{}")), [seen("x", "{}", false)]);
    // Headers after one of an unknown type cannot be read.
    let unknown = [vec![1, b'h', 10], name].concat();
    assert_eq!(events_of(&frame_of(&unknown, b"{}")), [seen("", "{}", false)]);
    // A header that is longer than all headers.
    assert_eq!(events_of(&frame_of(&[200, b'h', 7], b"{}")), [seen("", "{}", false)]);
}

#[test]
fn frames_with_invalid_lengths_are_ignored() {
    let good = event_frame("a", "{}");
    for length in [0_u32, 1, 11, 12, 15, 16 * 1024 * 1024 + 1025, u32::MAX >> 8] {
        let mut bad = good.clone();
        bad[..4].copy_from_slice(&length.to_be_bytes());
        let bytes = [good.clone(), bad, good.clone()].concat();
        // The end of the frame is unknown, so that later frames are lost.
        let mut expected = vec![seen("a", "{}", false)];
        expected.extend((length == u32::MAX >> 8).then(|| seen("", LEFT_OUT, false)));
        assert_eq!(events_of(&bytes), expected, "{length}");
    }
    // Zeros are not a prelude.
    assert_eq!(events_of(&[vec![0; 12], good.clone()].concat()), []);
    // Headers that are longer than the frame.
    for length in [u32::try_from(good.len()).unwrap(), u32::MAX] {
        let mut bad = good.clone();
        bad[4..8].copy_from_slice(&length.to_be_bytes());
        assert_eq!(events_of(&[bad, good.clone()].concat()), [seen("a", "{}", false)], "{length}");
    }
}

#[test]
fn a_frame_that_is_too_large_is_replaced_by_a_note() {
    let large = event_frame("large", &"x".repeat(2 * LIMIT));
    let small = event_frame("small", "{}");
    let bytes = [small.clone(), large, small].concat();
    let small = || seen("small", "{}", false);
    assert_eq!(events_of(&bytes), [small(), seen("", LEFT_OUT, false), small()]);
}

/// Splits streams of each framing at many random positions.
#[test]
fn random_splits_do_not_change_the_events() {
    let mut random = Rng::with_seed(11);
    let text = r#"{"a":"é \" } 🦀 \\","b":[1,2,{"c":null}]}"#;
    let events = format!("event: x\r\ndata: {text}\r\n\r\n: c\n\ndata:{{\ndata: }}\r\r");
    let lines = format!("{text}\n\n{text} [{text}]");
    let frames = [event_frame("a", text), event_frame("b", "{}")].concat();
    for bytes in [events.as_bytes(), lines.as_bytes(), &frames] {
        let bytes = bytes.repeat(5);
        let whole = split(&[&bytes], LIMIT);
        assert!(whole.len() >= 10, "{whole:?}");
        for _ in 0..500 {
            let mut cuts = [0; 8].map(|_: usize| random.usize(..=bytes.len()));
            cuts.sort_unstable();
            let starts = std::iter::once(0).chain(cuts);
            let pieces: Vec<_> = starts
                .zip(cuts.into_iter().chain([bytes.len()]))
                .map(|(start, end)| &bytes[start..end])
                .collect();
            assert_eq!(split(&pieces, LIMIT), whole, "{cuts:?}");
        }
    }
}
