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
    // Halves of surrogate pairs, at the end, before another character, and in the wrong order.
    assert_eq!(value(r#""a\ud83e""#), Some(json!("a\u{fffd}")));
    assert_eq!(value(r#""\ud83e\u0041""#), Some(json!("\u{fffd}A")));
    assert_eq!(value(r#""\udd80\ud83e""#), Some(json!("\u{fffd}\u{fffd}")));
}

#[test]
fn what_is_no_json_is_refused() {
    let long = format!("{}{}", "[".repeat(129), "]".repeat(129));
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
        &long,
    ] {
        assert_eq!(Json::read(text), None, "{text}");
    }
    assert!(Json::read(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_some());
}

/// Random texts of the characters that matter.
#[test]
fn it_reads_what_serde_json_reads() {
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
