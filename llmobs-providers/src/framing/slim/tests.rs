use std::ops::Range;

use fastrand::Rng;
use serde_json::{Value, json};

use super::{Buffer, LEFT_OUT};
use crate::json::Json;

/// Returns what is kept of a text in pieces of this size, or `None` if it is replaced by a note.
fn kept(text: &str, limit: usize, size: usize) -> Option<String> {
    let mut buffer = Buffer::default();
    for piece in text.as_bytes().chunks(size) {
        buffer.push(piece, limit);
        // The beginning and end of a string, a note, and open brackets.
        let held = buffer.bytes.len() + buffer.slim.as_ref().map_or(0, |slim| slim.out.len());
        assert!(held <= limit + 8 * 1024, "{held} of {limit}");
    }
    let mut kept = None;
    buffer.take(false, |bytes| kept = Some(String::from_utf8(bytes.to_vec()).unwrap()));
    // The next event is unchanged.
    buffer.push(b"{}", limit);
    buffer.take(false, |bytes| assert_eq!(bytes, b"{}"));
    kept.filter(|kept| kept != LEFT_OUT)
}

/// Returns what is kept as JSON. Checks that the result is the same for each size of pieces.
fn slim(text: &str, limit: usize) -> Value {
    let whole = kept(text, limit, usize::MAX);
    for size in [1, 1000] {
        assert_eq!(kept(text, limit, size), whole, "pieces of {size}");
    }
    // A pair of surrogates can be split.
    let text = whole.unwrap();
    Json::read(&text).unwrap_or_else(|| panic!("{text}")).to_value()
}

fn base64(length: usize) -> String {
    "iVBORw0KGgo9Zm9vYmFy+/8A".chars().cycle().take(length).collect()
}

#[test]
fn a_text_within_the_limit_is_unchanged() {
    let text = json!({ "a": "x".repeat(5000), "b": vec![1; 1000] }).to_string();
    assert_eq!(kept(&text, text.len(), 7).as_deref(), Some(text.as_str()));
}

#[test]
fn long_strings_lose_their_middle() {
    let letters = |range: Range<usize>| -> String {
        range.map(|index| char::from(b'a' + u8::try_from(index % 26).unwrap())).collect()
    };
    let long = letters(0..200_000);
    let found = slim(&json!({ "before": 1, "text": long, "after": [true] }).to_string(), 160_000);
    let kept = format!("{}… [194880 bytes left out] …{}", letters(0..4096), letters(198_976..200_000));
    assert_eq!(found, json!({ "before": 1, "text": kept, "after": [true] }));
    // If beginning and end are the whole string, nothing is left out.
    for length in [4095, 4096, 4097, 5000, 5120] {
        let text = json!([letters(0..length), long]).to_string();
        assert_eq!(slim(&text, 160_000)[0], json!(letters(0..length)), "{length}");
    }
}

#[test]
fn escapes_and_characters_are_not_split() {
    for unit in ["é", "🦀", "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83e\\udd80", "\\/"] {
        for shift in 0..13 {
            let text = format!("{{\"t\":\"{}{}\"}}", "a".repeat(shift), unit.repeat(10_000));
            // Reading fails if an escape or a character is split.
            let found = slim(&text, 8000);
            let found = found["t"].as_str().unwrap();
            assert!(found.contains(" bytes left out] …"), "{unit} {shift}: {found}");
            let other = serde_json::from_str::<String>(&format!("\"{unit}\"")).unwrap();
            let (head, _) = found.split_once('…').unwrap();
            assert_eq!(
                head.trim_start_matches('a').replace(&other, "").replace('\u{fffd}', ""),
                "",
                "{unit} {shift}"
            );
        }
    }
}

#[test]
fn a_short_rest_of_a_string_is_kept() {
    let text = format!("[\"{}\\u00e9\\n\", \"{}\"]", "a".repeat(4096), "b".repeat(200_000));
    assert_eq!(slim(&text, 160_000)[0], json!(format!("{}é\n", "a".repeat(4096))));
}

#[test]
fn base64_is_noted_with_its_size() {
    for length in [5000, 100_000, 100_001, 100_002, 100_003] {
        let found = slim(&json!({ "data": base64(length) }).to_string(), 4200);
        assert_eq!(found, json!({ "data": format!("… [{length} bytes of base64]") }));
        let uri = format!("data:image/png;base64,{}", base64(length));
        let found = slim(&json!({ "url": uri }).to_string(), 4200);
        assert_eq!(found, json!({ "url": format!("data:image/png;base64,… [{length} bytes]") }));
    }
}

/// The note counts the bytes without padding.
#[test]
fn padding_of_base64_does_not_count() {
    for filling in ["=", "=="] {
        let text = json!([format!("{}{filling}", base64(10_000))]).to_string();
        assert_eq!(slim(&text, 4200), json!(["… [10000 bytes of base64]"]));
    }
}

#[test]
fn long_lists_of_numbers_keep_the_first_ones() {
    let numbers: Vec<f64> = (0..1000).map(|index| f64::from(index) / -8.0).collect();
    let mut expected: Vec<Value> = numbers[..16].iter().map(|number| json!(number)).collect();
    expected.push(json!("… [984 of 1000 items left out]"));
    for text in [json!(numbers).to_string(), serde_json::to_string_pretty(&numbers).unwrap()] {
        let text = format!("{{\"a\": [{text}, {text}], \"b\": -1.5e+3}}");
        assert_eq!(slim(&text, 1000), json!({ "a": [expected, expected], "b": -1500.0 }));
    }
    for length in [0, 1, 15, 16] {
        let text = json!([numbers[..length], numbers]).to_string();
        assert_eq!(slim(&text, 1000)[0], json!(numbers[..length]), "{length}");
    }
}

#[test]
fn mixed_lists_keep_their_first_items() {
    let numbers = (0..20).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
    let first: Vec<Value> = (0..16).map(Value::from).collect();
    let note = json!("… [24 of 41 items left out]");
    let long = "x".repeat(10_000);
    for (other, value) in [
        ("null", json!(null)),
        ("true", json!(true)),
        ("\"a\"", json!("a")),
        ("{\"a\":1}", json!({ "a": 1 })),
        ("[1]", json!([1])),
    ] {
        for space in ["", " ", "\n  "] {
            let text = format!("[[{numbers},{space}{other}{space}, {numbers}],\"{long}\"]");
            let expected = [first.clone(), vec![value.clone(), note.clone()]].concat();
            assert_eq!(slim(&text, 6000)[0], json!(expected), "{text}");
        }
    }
}

#[test]
fn numbers_of_python_are_numbers() {
    for word in ["NaN", "Infinity", "-Infinity"] {
        let text = format!("[{}]", vec![word; 1000].join(", "));
        let expected = format!("[{},\"… [984 of 1000 items left out]\"]", vec![word; 16].join(","));
        assert_eq!(kept(&text, 500, 5), Some(expected));
    }
}

/// Data after a part that is too large is kept.
#[test]
fn long_lists_and_objects_are_shortened_and_later_data_is_kept() {
    let behind = json!({ "usage": { "prompt_tokens": 7 }, "error": null });
    let listed = |item: Value| json!(vec![item; 10_000]).to_string();
    let note = |json: &Value, kept: usize, what: &str| {
        let note = format!("… [{} of 10000 {what} left out]", 10_000 - kept);
        assert_eq!(json, &json!(note), "{kept}");
    };
    for (item, size) in [
        (json!("text"), 7),
        (json!([1]), 4),
        (json!({ "token": " a", "logprob": -0.5, "bytes": null, "top": [] }), 53),
        (json!({ "token": " a", "top": [{ "token": " a", "p": 1 }, { "token": " b", "p": 2 }] }), 72),
    ] {
        let text = format!(
            "{{\"choices\":[{{\"id\":\"x\",\"all\":{}}}],\"behind\":{behind}}}",
            listed(item.clone())
        );
        let found = slim(&text, 30_000);
        assert_eq!((&found["choices"][0]["id"], &found["behind"]), (&json!("x"), &behind));
        let all = found["choices"][0]["all"].as_array().unwrap();
        let (last, kept) = all.split_last().unwrap();
        assert!(kept.len() * size > 5_000 && kept[0] == item, "{item} {}", kept.len());
        note(last, kept.len(), "items");
    }
    let fields =
        |value: &str| (0..10_000).map(|key| format!("\"k{key}\":{value}")).collect::<Vec<_>>().join(",");
    for value in ["1", "\"text\"", "{\"a\":1}", "[{\"a\":[1]}]"] {
        let text = format!("{{\"all\":{{{}}},\"behind\":{behind}}}", fields(value));
        let found = slim(&text, 30_000);
        assert_eq!(found["behind"], behind);
        let all = found["all"].as_object().unwrap();
        assert!(all.len() > 500, "{value} {}", all.len());
        note(&all["…"], all.len() - 1, "fields");
    }
}

#[test]
fn deeply_nested_values_become_a_note() {
    let nested = |depth: usize, inside: &str| format!("{}{inside}{}", "[".repeat(depth), "]".repeat(depth));
    let expected = Json::read(&nested(127, "\"… [nested too deep]\"")).unwrap().to_value();
    for inside in ["", "1", "\"]\\\"]\"", "{\"a\":[]}"] {
        let text = format!("[{},7]", nested(100_000, inside));
        assert_eq!(slim(&text, 5000), json!([expected, 7]), "{inside}");
    }
}

#[test]
fn events_that_are_not_json_are_dropped() {
    let long = "x".repeat(10_000);
    for text in
        [&long, &format!("{{{long}}}"), &"[".repeat(10_000), &format!("\"{long}"), &"1".repeat(10_000)]
    {
        assert_eq!(kept(text, 5000, 7), None);
    }
}

/// The content of an event that the end of the stream cuts off is kept.
#[test]
fn an_incomplete_event_is_kept_at_the_end() {
    for (text, expected) in [
        (
            format!("{{\"a\":1,\"b\":\"{}", "x".repeat(10_000)),
            json!({ "a": 1, "b": format!("{}… [9680 bytes left out] …{}", "x".repeat(256), "x".repeat(64)) }),
        ),
        (format!("[\"{}", base64(10_000)), json!(["… [10000 bytes of base64]"])),
        (
            format!("{{\"a\":1,\"b\":{}", "[".repeat(10_000)),
            Json::read(&format!("{{\"a\":1,\"b\":{}{}}}", "[".repeat(127), "]".repeat(127)))
                .unwrap()
                .to_value(),
        ),
    ] {
        let mut buffer = Buffer::default();
        buffer.push(text.as_bytes(), 5000);
        buffer.take(true, |bytes| {
            let text = std::str::from_utf8(bytes).unwrap();
            assert_eq!(Json::read_beginning(text).unwrap().to_value(), expected);
        });
    }
}

/// Random JSON that is too large is shortened to valid JSON with the same fields.
#[test]
fn shortened_random_json_is_valid_json() {
    fn value(random: &mut Rng, depth: u32) -> Value {
        match random.u32(..if depth > 3 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => json!(random.i64(..)),
            2 => json!(random.f64() * 1e9),
            3 => json!((0..random.usize(..6000)).map(|_| random.char(..)).collect::<String>()),
            4 => json!(base64(random.usize(..9000))),
            5 => json!((0..random.usize(..60)).map(|_| random.i32(..)).collect::<Vec<_>>()),
            6 => json!((0..random.usize(..5)).map(|_| value(random, depth + 1)).collect::<Vec<_>>()),
            _ => (0..random.usize(..5)).map(|key| (format!("k{key}"), value(random, depth + 1))).collect(),
        }
    }
    let mut random = Rng::with_seed(12);
    let mut slimmed = 0;
    for _ in 0..200 {
        let whole =
            json!({ "a": value(&mut random, 0), "b": "x".repeat(10_000), "c": value(&mut random, 0) });
        let text = whole.to_string();
        let limit = random.usize(5000..text.len());
        assert_eq!(slim(&text, limit).as_object().unwrap().len(), 3);
        slimmed += 1;
    }
    assert!(slimmed > 50, "{slimmed}");
}
