use serde_json::{Value, json};

use super::Json;

fn value(text: &str) -> Option<Value> {
    Json::read(text).map(|json| json.to_value())
}

#[test]
fn the_last_field_of_a_name_counts() {
    let read = Json::read(r#" {"a": 1, "b": ["x\ny", null, -0.50], "a": "z"} "#).unwrap();
    assert_eq!((read.str("a"), read.count("b"), read.has("c")), ("z", None, false));
    assert_eq!(read.to_value(), json!({ "a": "z", "b": ["x\ny", null, -0.5] }));
    assert_eq!(read.to_text(), r#"{"a":1,"b":["x\ny",null,-0.50],"a":"z"}"#);
}

#[test]
fn numbers_keep_their_digits() {
    let kept = [
        "0",
        "18446744073709551615",
        "-9223372036854775808",
        "1.5",
        "0.1",
        "1e3",
        "123456789012345.6",
        "5e-324",
        "0.00012345678901234567",
    ];
    for text in kept {
        assert_eq!(value(text).map(|value| value.is_number()), Some(true), "{text}");
        assert_eq!(value(text), serde_json::from_str(text).ok(), "{text}");
    }
    for text in [
        "18446744073709551616",
        "0.12345678901234567891",
        "1e400",
        "-100000000000000000001",
        "NaN",
        "-Infinity",
    ] {
        assert_eq!(value(text), Some(json!(text)));
    }
    assert_eq!(value("1e400"), Some(json!("1e400")));
    let counts = ["12", "12.0", "12.5", "-12", "1e3", "18446744073709551616"]
        .map(|text| Json::read(text).unwrap().as_count());
    assert_eq!(counts, [Some(12), Some(12), None, None, None, None]);
}

#[test]
fn labels_are_texts_numbers_and_booleans() {
    let json = Json::read(r#"{"a":"x","b":7,"c":true,"d":false,"e":null,"f":[1]}"#).unwrap();
    let labels = ["a", "b", "c", "d", "e", "f", "g"].map(|name| json.label(name).into_owned());
    assert_eq!(labels, ["x", "7", "true", "false", "", "", ""]);
}

#[test]
fn escapes_are_characters() {
    assert_eq!(value(r#""\"\\\/\b\f\n\r\t\u00e9\ud83e\udd80""#), Some(json!("\"\\/\u{8}\u{c}\n\r\té🦀")));
    // Single surrogates at the end and before another character, and a pair in the wrong order.
    assert_eq!(value(r#""a\ud83e""#), Some(json!("a\u{fffd}")));
    assert_eq!(value(r#""\ud83e\u0041""#), Some(json!("\u{fffd}A")));
    assert_eq!(value(r#""\udd80\ud83e""#), Some(json!("\u{fffd}\u{fffd}")));
}

#[test]
fn invalid_json_is_rejected() {
    for text in [
        "",
        " ",
        "{",
        "[1",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u+123\"",
        "\"\n\"",
        "01",
        "-",
        "1.",
        "1e",
        "tru",
        "nul",
        "[1 2]",
        "1 2",
        "{\"a\":1,}",
        "+1",
        ".5",
        "'a'",
    ] {
        assert_eq!(Json::read(text), None, "{text}");
    }
}

#[test]
fn deeply_nested_values_become_a_note() {
    let nested = |depth: usize, inside: &str| format!("{}{inside}{}", "[".repeat(depth), "]".repeat(depth));
    let whole = nested(128, "7");
    assert_eq!(Json::read(&whole).unwrap().to_text(), whole);
    for inside in ["[]", "[[],[{}]]", "{\"a\":[\"]\\\"}\",1.5]}", "[zwölf]"] {
        let text = nested(128, &format!("1, {inside}, 2"));
        let read = Json::read(&text).map(|read| read.to_text());
        assert_eq!(read.unwrap(), nested(128, "1,\"… [nested too deep]\",2"), "{inside}");
    }
    let deep = format!("{{\"a\":{},\"b\":1}}", nested(100_000, ""));
    assert_eq!(Json::read(&deep).unwrap().count("b"), Some(1));
    for broken in ["[", "[\"]", "[\"\\x\"]"] {
        assert_eq!(Json::read(&nested(128, broken)), None, "{broken}");
    }
}

/// Returns what is read of an incomplete text.
fn beginning(text: &str) -> Option<Value> {
    Json::read_beginning(text).map(|json| json.to_value())
}

#[test]
fn an_incomplete_text_is_read_up_to_its_end() {
    let deep = format!("{}{}", "[".repeat(128), "[[");
    for (text, expected) in [
        ("{\"a\":\"Hel", json!({ "a": "Hel" })),
        ("{\"a\":[{\"b\":[\"x\",\"He", json!({ "a": [{ "b": ["x", "He"] }] })),
        ("{\"a\":1,\"b\":\"x\\n\\", json!({ "a": 1, "b": "x\n" })),
        ("{\"a\":\"x\\u00e9\\u00", json!({ "a": "xé" })),
        ("{\"a\":\"x\\ud83e", json!({ "a": "x" })),
        ("{\"a\":\"x\\ud83e\\udd", json!({ "a": "x" })),
        // A name without a value.
        ("{\"a\":1,\"b", json!({ "a": 1 })),
        ("{\"a\":1,\"b\":", json!({ "a": 1 })),
        ("{\"a\":1,", json!({ "a": 1 })),
        ("{\"a\":[1, ", json!({ "a": [1] })),
        ("[", json!([])),
        // Numbers and words that are possibly incomplete.
        ("{\"a\":1,\"b\":12", json!({ "a": 1 })),
        ("{\"a\":1,\"b\":-", json!({ "a": 1 })),
        ("{\"a\":1,\"b\":1.5e", json!({ "a": 1 })),
        ("{\"a\":1,\"b\":tru", json!({ "a": 1 })),
        ("{\"a\":1,\"b\":-Inf", json!({ "a": 1 })),
        ("{\"a\":true,\"b\":true", json!({ "a": true, "b": true })),
        ("{\"a\":1,\"finish_reason\":\"sto", json!({ "a": 1 })),
        ("{\"a\":1,\"responseId\":\"r", json!({ "a": 1 })),
        ("{\"model\":\"m\"", json!({ "model": "m" })),
        // Objects without fields.
        ("{\"a\":[1,{\"b\":{\"c\":1", json!({ "a": [1] })),
        (
            &deep,
            Json::read(&format!("{}\"… [nested too deep]\"{}", "[".repeat(128), "]".repeat(128)))
                .unwrap()
                .to_value(),
        ),
    ] {
        assert_eq!(beginning(text), Some(expected), "{text}");
    }
    for text in ["", "{", "{\"a", "{\"a\":1", "1", "{\"a\":1]", "{\"a\":x", "[\"\\u00x", "[1 2"] {
        assert_eq!(beginning(text), None, "{text}");
    }
}

fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::String(part), Value::String(whole)) => whole.starts_with(part.as_str()),
        (Value::Array(part), Value::Array(whole)) => {
            part.len() <= whole.len() && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole))
        }
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| is_part(part, whole)))
        }
        _ => part == whole,
    }
}

/// A complete text is read completely. Values of each prefix are parts of those of the complete text.
#[test]
fn each_prefix_is_read_as_a_part_of_the_whole() {
    let whole = json!({ "a": [1234, -1.5e300, true, null, { "b": "zwölf \"🦀\" \n" }], "id": "abc", "c": { "d": {}, "e": [[]] } });
    let text = whole.to_string();
    assert_eq!(beginning(&text), Some(whole.clone()));
    for (end, _) in text.char_indices().skip(6) {
        let text = text.get(..end).unwrap();
        let read = beginning(text).unwrap_or_else(|| panic!("{text}"));
        assert!(is_part(&read, &whole), "{text} is {read}");
        assert!(read.get("id").is_none_or(|id| id == "abc"), "{read}");
    }
}

/// Random texts of relevant characters.
#[test]
fn valid_json_is_read_as_by_serde_json() {
    const PIECES: [&str; 24] = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "a", "\\n", "\\u0041", "é", "1", "0", "-", ".", "e",
        "true", "null", " ", "\n", "\"k\":", "\"v\"", "[]",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    let mut valid = 0;
    for _ in 0..200_000 {
        let text: String = (0..random.usize(1..9)).map(|_| PIECES[random.usize(..PIECES.len())]).collect();
        let expected = serde_json::from_str::<Value>(&text).ok();
        valid += u32::from(expected.is_some());
        assert_eq!(value(&text), expected, "{text}");
    }
    assert!(valid > 2_000, "{valid}");
}
