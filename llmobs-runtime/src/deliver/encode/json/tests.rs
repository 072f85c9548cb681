use serde_json::{Value, json};

use super::*;

fn written(push: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    push(&mut out);
    out
}

#[test]
fn strings_are_escaped_as_by_serde_json() {
    let every = ('\0'..'\u{100}').chain(['\u{2028}', '\u{2029}', '\u{fffd}', '\u{10ffff}', '🦀']);
    for char in every {
        // At each position of a block of eight bytes, and in shorter texts.
        for before in 0..20 {
            for after in [0, 1, 7, 8, 9] {
                for filling in ["a", " ", "\u{1f}", "\"", "é"] {
                    let text = format!("{}{char}{}", filling.repeat(before), filling.repeat(after));
                    let expected = serde_json::to_string(&text).unwrap();
                    assert_eq!(written(|out| push_string(&text, out)), expected);
                }
            }
        }
    }
}

#[test]
fn ids_have_32_hexadecimal_digits() {
    for id in
        [0, 1, 9, 10, 15, 16, u128::from(u32::MAX), u128::MAX, 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210]
    {
        assert_eq!(written(|out| push_hex(id, out)), format!("{id:032x}"));
    }
}

#[test]
fn numbers_are_written_as_by_serde_json() {
    let floats = [0.0, -0.0, 0.1, 1.0, -2.5, 1e15, 1e16, 1e21, 1e-7, f64::MAX, f64::MIN_POSITIVE, 5e-324];
    let floats = floats.into_iter().filter_map(Number::from_f64);
    let whole = [Number::from(0), Number::from(u64::MAX), Number::from(i64::MIN), Number::from(-1)];
    for number in floats.chain(whole) {
        assert_eq!(written(|out| push_number(&number, out)), number.to_string());
    }
}

#[test]
fn captured_json_is_copied_unless_it_is_too_deep() {
    for (captured, expected) in [
        ("", "\"\""),
        ("null", "null"),
        ("1e999", "1e999"),
        // Order, duplicates and digits are kept.
        (r#"{"b":1,"a":[1.50,2],"a":[]}"#, r#"{"b":1,"a":[1.50,2],"a":[]}"#),
        (r#"["[[[[\"[[[",["]]\\"],{}]"#, r#"["[[[[\"[[[",["]]\\"],{}]"#),
        ("[[],[]]", "[[],[]]"),
        (r#"[[],{"b":[1,"[\""],"a":{}}]"#, r#"[[],{"a":"{}","b":"[1,\"[\\\"\"]"}]"#),
        // Invalid JSON.
        ("[[[", r#""[[[""#),
    ] {
        assert_eq!(written(|out| push_captured(captured, 2, out)), expected, "{captured}");
    }
}

#[test]
fn captured_strings_are_copied_and_other_values_become_text() {
    for (captured, expected) in [
        ("", r#""""#),
        ("\"", r#""\"""#),
        (r#""""#, r#""""#),
        (r#""a\u000ab""#, r#""a\u000ab""#),
        (r#"{"a":"\n"}"#, r#""{\"a\":\"\\n\"}""#),
        ("-1.5", r#""-1.5""#),
    ] {
        assert_eq!(written(|out| push_captured_text(captured, out)), expected, "{captured}");
    }
}

#[test]
fn values_below_the_deepest_level_become_text() {
    let value = json!({ "a": [[1, { "b": [] }], null, true, "x\"y"], "c": { "d": {} } });
    let levels =
        |levels| -> Value { serde_json::from_str(&written(|out| push_value(&value, levels, out))).unwrap() };
    assert_eq!(levels(0), json!(value.to_string()));
    assert_eq!(levels(1), json!({ "a": r#"[[1,{"b":[]}],null,true,"x\"y"]"#, "c": r#"{"d":{}}"# }));
    assert_eq!(levels(2), json!({ "a": [r#"[1,{"b":[]}]"#, null, true, "x\"y"], "c": { "d": "{}" } }));
    assert_eq!(levels(4), json!({ "a": [[1, { "b": "[]" }], null, true, "x\"y"], "c": { "d": {} } }));
    assert_eq!(levels(5), value);
}
