use rusqlite::{Connection, named_params};

use super::super::block::BlockReader;
use super::*;

fn store() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE block (id INTEGER PRIMARY KEY, data BLOB)").unwrap();
    connection
}

/// Encodes spans with these events and stores their blocks. Returns the events as read back, and the number of stored bytes.
fn store_events(
    encoder: &Encoder,
    connection: &Connection,
    events: &[&str],
) -> (Vec<String>, usize, Encoded) {
    let spans: Vec<Span> = events
        .iter()
        .map(|event| Span {
            event: (*event).to_owned(),
            input_preview: "in".to_owned(),
            output_preview: "a\nb".to_owned(),
            ..Span::default()
        })
        .collect();
    let batch = encoder.encode(&spans).unwrap();
    let mut bytes = 0;
    for (id, data) in &batch.blocks {
        bytes += data.len();
        connection
            .execute(
                "INSERT INTO block (id, data) VALUES (:id, :data)",
                named_params! { ":id": id, ":data": data },
            )
            .unwrap();
    }
    let mut reader = BlockReader::new(connection).unwrap();
    let read = batch
        .spans
        .iter()
        .map(|span| {
            let previews = event_text::previews(&mut reader, span.event).unwrap();
            assert_eq!(previews, ("in".to_owned(), "a b".to_owned()));
            event_text::join(&mut reader, span.event).unwrap()
        })
        .collect();
    (read, bytes, batch)
}

fn encoder() -> Encoder {
    Encoder::new(Next::new(1, 1, 1))
}

/// A text that cannot be compressed.
fn noise(seed: u8) -> String {
    (0..40).map(|number| blake3::hash(&[seed, number]).to_hex().to_string()).collect()
}

#[test]
fn events_are_read_byte_for_byte() {
    let long = "ä\\\"\\\\ \\u00e9 ".repeat(200);
    let other = "x".repeat(event_text::LONG);
    let many = format!("[{}]", vec![format!("\"{other}\""); 5_000].join(","));
    let events = [
        "",
        "{}",
        &format!(r#"{{"a":"{long}"}}"#),
        &format!("{{\"a\":\"{long}\",\n \"b\":[\"{long}\", \"short\", \"{other}\"],\"{other}\":1}}"),
        &many,
        // This is not JSON, but is kept too.
        &format!(r#"["{long}"#),
        r#""\"#,
    ];
    let (read, ..) = store_events(&encoder(), &store(), &events);
    assert_eq!(read, events);
}

#[test]
fn a_string_is_stored_once_in_a_segment() {
    let (encoder, connection, text) = (encoder(), store(), noise(1));
    let [first, second] = ["one", "two"].map(|name| format!(r#"{{"name":"{name}","text":"{text}"}}"#));
    let (_, bytes, batch) = store_events(&encoder, &connection, &[&first, &second]);
    assert!((text.len() / 2..text.len()).contains(&bytes), "{bytes}");
    let refers = |bytes: usize| bytes < 200;
    // Other batches do not refer to a batch before it is stored.
    assert!(!refers(store_events(&encoder, &connection, &[&second]).1));
    encoder.is_stored(batch);
    let (read, bytes, batch) = store_events(&encoder, &connection, &[&second]);
    assert!(read == [second.clone()] && refers(bytes) && encoder.is_current(&batch), "{bytes}");
    encoder.forget();
    assert!(!encoder.is_current(&batch));
    encoder.is_stored(batch);
    assert!(!refers(store_events(&encoder, &connection, &[&second]).1));
}

#[test]
fn texts_for_the_search_and_sets_of_attributes_are_stored_once() {
    let encoder = encoder();
    let attribute = |path: &str| Attribute { path: path.to_owned(), text: "v".to_owned(), number: None };
    let span = |texts: &[&str], short: &str, paths: &[&str]| Span {
        long_texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        short_texts: short.to_owned(),
        attributes: paths.iter().map(|path| attribute(path)).collect(),
        ..Span::default()
    };
    let spans = [
        span(&["a", "b"], "s", &["tag.x", "y"]),
        span(&["b", "c"], "", &["y", "tag.x"]),
        span(&[], "s", &["tag.x", "tag.y"]),
    ];
    let encode = || {
        let batch = encoder.encode(&spans).unwrap();
        let of_spans: Vec<_> =
            batch.spans.iter().map(|span| (span.pieces.clone(), span.tags, span.fields)).collect();
        let new = (batch.pieces.clone(), batch.sets.clone());
        encoder.is_stored(batch);
        (of_spans, new)
    };
    let (of_spans, new) = encode();
    assert_eq!(of_spans, [(vec![1, 2, 3], 1, 2), (vec![2, 4], 1, 2), (vec![5], 3, 0)]);
    let pieces = vec![(1, 0, Some(0)), (2, 0, Some(1)), (3, 0, None), (4, 1, Some(1)), (5, 2, None)];
    assert_eq!(new, (pieces, vec![(1, 0, true), (2, 0, false), (3, 2, true)]));
    // Short texts belong to one span.
    let (of_spans, new) = encode();
    assert_eq!(of_spans, [(vec![1, 2, 6], 1, 2), (vec![2, 4], 1, 2), (vec![7], 3, 0)]);
    assert_eq!(new, (vec![(6, 0, None), (7, 2, None)], Vec::new()));
}
